/**
 * Values that are good once: whoever renews a token has the new one afterwards, and each side gave its own. A later request carries what
 * its own side gave last.
 */
import type { ShadowAnswer } from '../../../migration-plans/compare/answer.ts';
import type { TrialRequest } from './requests.ts';
import type { Identity } from './sign-in/identity.ts';
import { textsOf } from './sign-in/tokens.ts';

/** Shorter values may stand in a body by chance. */
const SHORTEST = 16;

type Known = Pick<Identity, 'name' | 'known'>;

export class RunningValues {
  /** By who it belongs to: the value as requests were made with it, and as it is now. */
  readonly #now = new Map<string, Map<string, { path: string; value: string }>>();

  constructor(identities: readonly Known[]) {
    for (const { name, known } of identities) {
      const values = Object.entries(known).filter(([, value]) => value.length >= SHORTEST);
      this.#now.set(name, new Map(values.map(([path, value]) => [value, { path, value }])));
    }
  }

  /** The request with the values of now in its body. */
  current(request: TrialRequest): TrialRequest {
    let { body } = request;
    if (body === null) return request;
    for (const [made, { value }] of this.#of(request))
      if (value !== made) body = body.replaceAll(made, value);
    return body === request.body ? request : { ...request, body };
  }

  /** @param request as it was made, not as it was sent */
  hear(request: TrialRequest, answer: ShadowAnswer): void {
    const spent = [...this.#of(request)].filter(([made]) => request.body?.includes(made));
    if (spent.length === 0 || !('status' in answer) || answer.status >= 400 || answer.body === undefined)
      return;
    const texts = textsOf(parsed(answer.body));
    for (const [, state] of spent) {
      const renewed = texts.find(({ path, value }) => value !== state.value && endsAlike(path, state.path));
      if (renewed !== undefined) state.value = renewed.value;
    }
  }

  #of({ as }: TrialRequest): Map<string, { path: string; value: string }> {
    return this.#now.get(as ?? '') ?? new Map();
  }
}

/** `refresh.token` is `tokens.refresh.token`, of another answer. */
function endsAlike(a: string, b: string): boolean {
  return a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`);
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}
