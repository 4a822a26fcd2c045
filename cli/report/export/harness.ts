/** The exported file around its cases. It imports vitest and nothing else, so that it can be kept where the service is kept. */
export const CONTRACT_HARNESS = `/**
 * Contract of CAPABILITY, from differences that shadow traffic has found. Each case asks both sides the same:
 *
 *     MONOLITH_URL=http://localhost:3000 SERVICE_URL=http://localhost:3101 npx vitest run
 *
 * Only requests with safe methods; parts of examples that were redacted cannot be sent and are skipped.
 */
import { describe, expect, it } from 'vitest';

type Check =
  | { on: 'status' }
  | { on: 'header'; name: string; look: string }
  | { on: 'json'; path: (string | null)[]; look: string }
  | { on: 'text'; wanted: string };

interface Case {
  name: string;
  method: string;
  url: string;
  check: Check | null;
  skip: string | null;
}

interface Answer {
  status: number;
  headers: Headers;
  body: string;
}

const cases: Case[] = CASES;

const monolith = process.env.MONOLITH_URL;
const service = process.env.SERVICE_URL;

async function ask(origin: string, { method, url }: Case): Promise<Answer> {
  const answer = await fetch(origin.replace(/\\/$/, '') + url, { method, redirect: 'manual' });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

/** Every value at a path; null stands for each element or member. */
function valuesAt(value: unknown, path: (string | null)[]): unknown[] {
  const [segment, ...rest] = path;
  if (segment === undefined) return [value];
  if (typeof value !== 'object' || value === null) return [];
  if (segment === null) return Object.values(value).flatMap((each) => valuesAt(each, rest));
  return Object.hasOwn(value, segment) ? valuesAt((value as Record<string, unknown>)[segment], rest) : [];
}

function typeName(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

/** What a text looks like, whatever it says: 2026-01-31 is 9-9-9. */
function form(value: unknown): string {
  return typeof value === 'string' ? value.replace(/[0-9]+/g, '9').replace(/\\p{L}+/gu, 'a') : typeName(value);
}

function seen(answer: Answer, check: Check): unknown {
  if (check.on === 'status') return answer.status;
  if (check.on === 'text') return answer.body.includes(check.wanted);
  if (check.on === 'header') {
    const value = answer.headers.get(check.name);
    return check.look === 'presence' ? value !== null : check.look === 'form' ? form(value) : value;
  }
  const values = valuesAt(JSON.parse(answer.body), check.path);
  switch (check.look) {
    case 'presence':
      return values.length;
    case 'type':
      return values.map(typeName);
    case 'form':
      return [...new Set(values.map(form))].sort();
    case 'length':
      return values.map((value) => (Array.isArray(value) ? value.length : typeName(value)));
    default:
      return values;
  }
}

describe.skipIf(monolith === undefined || service === undefined)(CAPABILITY, () => {
  for (const each of cases) {
    const title = each.method + ' ' + each.url + ' ' + each.name;
    const { check } = each;
    if (each.skip !== null || check === null) {
      it.skip(title + ' (' + each.skip + ')', () => undefined);
      continue;
    }
    it(title, async (context) => {
      const [left, right] = await Promise.all([ask(monolith ?? '', each), ask(service ?? '', each)]);
      // Without the user's credentials, or after the data has changed, the example may no longer show anything.
      const expected = seen(left, check);
      if (check.on === 'text' && expected === false) context.skip('the monolith no longer says this');
      expect(right.status, 'status').toBe(left.status);
      expect(seen(right, check)).toEqual(expected);
    });
  }
});
`;
