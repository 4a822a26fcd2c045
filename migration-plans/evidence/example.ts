import type { Difference, ShadowAnswer } from '../compare/answer.ts';
import { redactAnswerBody } from '../redact/exchange.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { DifferenceExample } from './evidence.ts';

export interface ExampleSource {
  method: string;
  /** As received: path and query. */
  url: string;
  /** ISO 8601 in UTC. */
  time: string;
  traceId: string | undefined;
  left: ShadowAnswer;
  right: ShadowAnswer;
}

/** Characters kept of each body, around the place where they differ. */
const EXCERPT = 3_000;
const MAX_URL = 500;

/**
 * Builds the stored examples of one comparison. Everything in them is redacted; nothing is done until an example is asked for, and
 * bodies are redacted once for all differences of the comparison.
 */
export function createExampler(
  source: ExampleSource,
  redactor: Redactor,
): (difference: Difference) => DifferenceExample {
  let bodies: { left: string | undefined; right: string | undefined } | undefined;
  return (difference) => {
    bodies ??= { left: bodyOf(source.left, redactor), right: bodyOf(source.right, redactor) };
    const excerpts = excerpt(bodies.left, bodies.right);
    const example = {
      at: redactor.text(difference.at),
      time: source.time,
      method: source.method.slice(0, 40),
      url: redactor.url(source.url).slice(0, MAX_URL),
      traceId: source.traceId?.slice(0, 64),
      left: difference.left === undefined ? undefined : redactor.valueAt(difference.at, difference.left),
      right: difference.right === undefined ? undefined : redactor.valueAt(difference.at, difference.right),
      leftBody: excerpts.left,
      rightBody: excerpts.right,
    };
    return { ...example, bytes: Buffer.byteLength(JSON.stringify(example)) };
  };
}

function bodyOf(answer: ShadowAnswer, redactor: Redactor): string | undefined {
  return 'failure' in answer ? undefined : redactAnswerBody(answer, redactor);
}

/** Both bodies whole if they are small, else what surrounds the first place where they differ. */
function excerpt(
  left: string | undefined,
  right: string | undefined,
): { left: string | undefined; right: string | undefined } {
  if ((left?.length ?? 0) <= EXCERPT && (right?.length ?? 0) <= EXCERPT) return { left, right };
  let common = 0;
  if (left !== undefined && right !== undefined) {
    while (common < left.length && left.charCodeAt(common) === right.charCodeAt(common)) common++;
  }
  const from = Math.max(0, common - EXCERPT / 2);
  const cut = (text: string | undefined) =>
    text === undefined
      ? undefined
      : `${from > 0 ? '…' : ''}${text.slice(from, from + EXCERPT)}${from + EXCERPT < text.length ? '…' : ''}`;
  return { left: cut(left), right: cut(right) };
}
