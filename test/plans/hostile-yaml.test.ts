import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadPlans, parsePlan } from '../../migration-plans/plan/load.ts';
import { YAML_LIMITS } from '../../migration-plans/yaml/source.ts';
import { minimal, REVIEWS } from './texts.ts';

const codes = (text: string): string[] => parsePlan(text, 'x.yaml').findings.map(({ code }) => code);
const valid = minimal('a', ['GET /a']);

describe('hostile YAML', () => {
  it.each([
    ['an anchor and its alias', `${valid}description: &d x\nservice: { name: *d }\n`, 'PLAN_ALIAS'],
    ['a merge key', `${valid}service: { <<: { name: b } }\n`, 'PLAN_UNKNOWN_KEY'],
    ['a tag', `${valid}description: !!js/function 'x'\n`, 'PLAN_TAG'],
    ['binary', `${valid}description: !!binary aGk=\n`, 'PLAN_TAG'],
    ['a set', `${valid}service: !!set { name }\n`, 'PLAN_TAG'],
    ['a key given twice', `${valid}capability: b\n`, 'PLAN_DUPLICATE_KEY'],
    ['a key that is no text', `${valid}? [a]\n: b\n`, 'PLAN_KEY'],
    ['two documents', `${valid}---\n${valid}`, 'PLAN_YAML'],
    ['no number', `${valid}gates: { canary: { minCompared: .inf } }\n`, 'PLAN_NUMBER'],
    ['control characters', `${valid}description: "a\u0000b"\n`, 'PLAN_NOT_TEXT'],
    ['bytes that are not UTF-8', `${valid}description: "\ufffd"\n`, 'PLAN_NOT_TEXT'],
    ['a syntax error', `${valid}service: { name: a\n`, 'PLAN_YAML'],
    ['nothing', '', 'PLAN_VALUE'],
    ['a list', '- a\n', 'PLAN_VALUE'],
    ['a text', 'hello', 'PLAN_VALUE'],
  ])('%s is a finding', (_, text, code) => expect(codes(text)).toContain(code));

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    '%s is an unknown key like any other',
    (key) => {
      for (const text of [
        `${valid}${key}: { polluted: true }\n`,
        `${valid}service: { name: a, ${key}: { polluted: true } }\n`,
      ])
        expect(codes(text)).toEqual(['PLAN_UNKNOWN_KEY']);
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    },
  );

  it('a header change named __proto__ stays a header name', () => {
    const { loaded } = parsePlan(`${valid}shadow: { headers: { service: { __proto__: x } } }\n`, 'x.yaml');
    expect(Object.getPrototypeOf(loaded!.plan.shadow.headers.service)).toBe(Object.prototype);
    expect(Object.keys(loaded!.plan.shadow.headers.service)).toEqual(['__proto__']);
  });

  const size = YAML_LIMITS.bytes - 100;
  it.each([
    ['brackets', '['.repeat(size)],
    ['braces', '{a: '.repeat(size / 4)],
    ['dashes', '- '.repeat(size / 2)],
    ['indentation', Array.from({ length: 700 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['quotes', '"'.repeat(size / 3)],
    ['keys', Array.from({ length: 12_000 }, (_, key) => `k${key}: 1`).join('\n')],
    ['wrong routes', `routes:\n${'  - 1\n'.repeat(15_000)}`],
    ['wrong maps', `routes:\n${'  - { a: 1 }\n'.repeat(6000)}`],
    [
      'rules for routes that do not exist',
      minimal(
        'a',
        Array.from({ length: 900 }, (_, n) => `GET /some/rather/long/path/${n}`),
        `compare:\n  rules:\n    - { at: { json: $.a }, do: { kind: ignore }, reason: r, owner: o, routes: [${'GET /some/rather/long/path/x,'.repeat(1500)}] }\n`,
      ),
    ],
    ['aliases', `a: &a [x,x]\n${Array.from({ length: 4000 }, (_, n) => `b${n}: [*a,*a,*a]`).join('\n')}`],
    ['explicit keys', '? '.repeat(size / 2)],
    ['an endless line', 'x'.repeat(YAML_LIMITS.bytes + 1)],
  ])('a file full of %s is refused without much work and without many words', (_, text) => {
    const begin = process.cpuUsage();
    const findings = parsePlan(text, 'x.yaml').findings;
    const { user, system } = process.cpuUsage(begin);
    expect(findings.length).toBeGreaterThan(0);
    expect(findings.length).toBeLessThanOrEqual(YAML_LIMITS.findings + 1);
    for (const { message } of findings) expect(message.length).toBeLessThan(400);
    // Milliseconds of processor; the quadratic checks that this guards against take tens of seconds.
    expect((user + system) / 1000).toBeLessThan(8000);
  });

  it('any change to a good plan gives a plan or findings, never an exception', () => {
    const change = fc.record({
      at: fc.nat(REVIEWS.length),
      cut: fc.nat(20),
      put: fc.string({ maxLength: 6, unit: fc.constantFrom(...'{}[]:,-&*!|>%@`"\'#\n\t ax1\u0001é') }),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const text = changes.reduce(
          (now, { at, cut, put }) => now.slice(0, at) + put + now.slice(at + cut),
          REVIEWS,
        );
        const { loaded, findings } = parsePlan(text, 'x.yaml');
        expect(loaded === undefined).toBe(findings.some(({ severity }) => severity === 'error'));
        for (const { place } of findings)
          expect(place).toMatchObject({
            file: 'x.yaml',
            line: expect.any(Number),
            column: expect.any(Number),
          });
      }),
      { numRuns: 300 },
    );
  });

  it('a file far beyond the limit is not even read to its end', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'strangler-test-huge-'));
    try {
      await writeFile(join(dir, 'huge.yaml'), Buffer.alloc(30_000_000, 'a'));
      await writeFile(join(dir, 'bytes.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]));
      expect((await loadPlans(dir)).findings.map(({ code }) => code)).toEqual([
        'PLAN_NOT_TEXT',
        'PLAN_TOO_LARGE',
      ]);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
