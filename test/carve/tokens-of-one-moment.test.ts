import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { contractFiles } from '../../cli/carve/gates/contract.ts';
import { judgeTrial } from '../../cli/carve/gates/judge.ts';
import { createRedactor } from '../../migration-plans/redact/redactor.ts';

const NOW = 1_795_945_193;
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
function token(claims: object, secret = 'one'): string {
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}
const answer = (value: string) => ({
  status: 200,
  rawHeaders: ['content-type', 'application/json'],
  body: Buffer.from(JSON.stringify({ token: value })),
  bodyHash: undefined,
  bodyBytes: 0,
  headMs: 1,
  totalMs: 1,
});
const differences = (monolith: string, service: string) =>
  judgeTrial({
    request: { name: 'x', method: 'POST', url: '/login', headers: {}, body: '{}' },
    monolith: answer(monolith),
    again: answer(monolith),
    service: answer(service),
    asked: { from: NOW * 1000, to: NOW * 1000 + 900 },
  }).differences.map(({ path }) => path);

const claims = (sub: number, at: number) => ({ sub, iat: at, exp: at + 1800, type: 'ACCESS' });

it('a token that was made a second later says the same', () => {
  expect(differences(token(claims(6, NOW)), token(claims(6, NOW + 1)))).toEqual([]);
});

it('a token of somebody else, of other rights, or that lives longer, does not', () => {
  expect(differences(token(claims(6, NOW)), token(claims(7, NOW + 1)))).toEqual(['$.token']);
  expect(differences(token(claims(6, NOW)), token({ ...claims(6, NOW + 1), type: 'REFRESH' }))).toEqual([
    '$.token',
  ]);
  expect(differences(token(claims(6, NOW)), token({ ...claims(6, NOW), exp: NOW + 86_400 }))).toEqual([
    '$.token',
  ]);
});

it('what is signed with another secret at the same second is a difference', () => {
  expect(differences(token(claims(6, NOW)), token(claims(6, NOW), 'two'))).toEqual(['$.token']);
});

it('a token is recorded as what varies, also where two of one second were the same', () => {
  const recorded = (at: number) => {
    const both = answer(token(claims(6, at)));
    const trial = judgeTrial({
      request: { name: 'x', method: 'POST', url: '/login', headers: {}, body: '{}' },
      monolith: both,
      again: both,
      service: both,
    });
    const day = new Date(NOW * 1000);
    return contractFiles('t/', [trial], () => 'POST /login', '', createRedactor([]), day).find(({ path }) =>
      path.endsWith('post-login.json'),
    )?.text;
  };
  expect(recorded(NOW)).toBe(recorded(NOW + 3));
  expect(JSON.parse(recorded(NOW) ?? '{}').exchanges[0].varies).toEqual(['$.token']);
});

it('an expiry is told by the moment from which it was reckoned; what lies before the exchanges is not', () => {
  const at = (ms: number): string => new Date(NOW * 1000 + ms).toISOString();
  expect(differences(at(1_800_000), at(1_800_015))).toEqual([]);
  expect(differences(at(1_800_000), at(1_860_000))).toEqual(['$.token']);
  expect(differences(at(-60_000), at(-59_985))).toEqual(['$.token']);
});
