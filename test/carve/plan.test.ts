import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CarvePlan, dryRunCarve } from '../../cli/carve/carve.ts';

const fixture = (name: string): string => join(import.meta.dirname, '../fixtures', name);
const names = (list: readonly { file: string; name: string }[]): string[] =>
  list.map((item) => `${item.file} ${item.name.split(' ')[0]}`);

describe('reviews of a CommonJS shop', () => {
  let plan: CarvePlan;
  beforeAll(async () => {
    plan = await dryRunCarve({
      dir: fixture('express-cjs'),
      capability: 'reviews',
      capabilities: ['reviews=services/reviews.js,routes/reviews.js,Review'],
    });
  });
  it('takes along what works on its table, even where only others call it', () => {
    expect(names(plan.moved)).toEqual(
      expect.arrayContaining([
        'services/reviews.js add',
        'services/reviews.js listForBook',
        'services/reviews.js latest',
        'routes/reviews.js module.exports',
      ]),
    );
  });
  it('copies the client and the middleware, with a digest for the drift check', () => {
    expect(plan.copied.map((item) => `${item.file} ${item.as}`)).toEqual(
      expect.arrayContaining(['db.js client', 'middleware/auth.js middleware']),
    );
    expect(plan.copied.every((item) => /^[0-9a-f]{64}$/.test(item.digest))).toBe(true);
  });
  it('turns calls over the border into ports, in both directions', () => {
    expect(
      plan.remote.map(
        (port) => `${port.direction} ${port.name} ${port.models.map((model) => model.name).join()}`,
      ),
    ).toEqual(['monolith-to-service latest Review', 'service-to-monolith exists Book']);
  });
  it('leaves the rest where it is, and accounts for every symbol once', () => {
    const all = [...plan.moved, ...plan.copied, ...plan.stays].map((item) => `${item.file}:${item.line}`);
    expect(new Set(all).size).toBe(all.length);
    expect(names(plan.stays)).toContain('services/orders.js reserve');
  });
  it('tells which keys are cut and what becomes an id', () => {
    expect(plan.tables).toMatchObject([
      {
        model: 'Review',
        table: 'Review',
        becomesId: [
          { field: 'book', target: 'Book' },
          { field: 'user', target: 'User' },
        ],
      },
    ]);
  });
  it('refuses what nobody has decided, with place, reason and choices', () => {
    expect(plan.refusals.map((refusal) => `${refusal.kind} ${refusal.file}:${refusal.line}`)).toEqual([
      'identity middleware/auth.js:3',
      'cascade prisma/schema.prisma:22',
      'joined-query services/books.js:6',
      'joined-query services/reviews.js:6',
      'joined-query services/reviews.js:10',
    ]);
    for (const refusal of plan.refusals)
      expect(refusal.decision).toBe(`${refusal.key}: ${refusal.options.join(' | ')}`);
  });
  it('needs exactly the packages that its code uses', () => {
    expect(plan.dependencies).toEqual(['@prisma/client', 'express', 'express-async-handler']);
  });
});

describe('articles of a layered TypeScript magazine', () => {
  it('splits a transaction only by decision, and calls the people it needs', async () => {
    const plan = await dryRunCarve({ dir: fixture('express-ts-layers'), capability: 'articles' });
    expect(plan.refusals.find((refusal) => refusal.kind === 'split-transaction')).toMatchObject({
      file: 'src/people/people.service.ts',
      line: 13,
      options: ['keep-in-monolith', 'saga'],
    });
    expect(plan.remote).toMatchObject([
      { direction: 'service-to-monolith', name: 'PeopleService.mustBeEditor', batch: false },
    ]);
    expect(names(plan.stays)).toContain('src/people/people.service.ts PeopleService');
  });
});

describe('decisions', () => {
  const dir = mkdtempSync(join(tmpdir(), 'decisions-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const decide = (text: string): Promise<CarvePlan> => {
    const file = join(dir, 'reviews.decisions.yaml');
    writeFileSync(file, text);
    return dryRunCarve({
      dir: fixture('express-cjs'),
      capability: 'reviews',
      capabilities: ['reviews=services/reviews.js,routes/reviews.js,Review'],
      decisions: file,
    });
  };
  it('resolve refusals, and stale ones are told', async () => {
    const plan = await decide(
      'decisions:\n  identity:middleware/auth.js:requireUser: { choose: ask-monolith, because: sessions stay }\n  identity:gone: { choose: x, because: was there once }\n',
    );
    expect(plan.resolved).toMatchObject([
      { kind: 'identity', chosen: 'ask-monolith', because: 'sessions stay' },
    ]);
    expect(plan.refusals.map((refusal) => refusal.kind)).not.toContain('identity');
    expect(plan.staleDecisions).toEqual(['identity:gone']);
  });
  it('must be one of the choices, and give a reason', async () => {
    await expect(
      decide('decisions:\n  identity:middleware/auth.js:requireUser: { choose: hope, because: x }\n'),
    ).rejects.toMatchObject({ code: 'CARVE_UNKNOWN_OPTION' });
    await expect(decide('decisions:\n  a: { choose: b }\n  c: d\n')).rejects.toMatchObject({
      code: 'CARVE_BAD_DECISIONS',
      findings: [{}, {}],
    });
    await expect(decide('decisions: [')).rejects.toMatchObject({ code: 'CARVE_BAD_DECISIONS' });
  });
});

describe('an unknown capability', () => {
  it('is refused with the ones that are known', async () => {
    await expect(dryRunCarve({ dir: fixture('express-cjs'), capability: 'revievs' })).rejects.toMatchObject({
      code: 'CARVE_UNKNOWN_CAPABILITY',
      remedy: expect.stringContaining('reviews'),
    });
  });
});
