import { describe, expect, it } from 'vitest';
import type { CapturedAnswer } from '../../migration-plans/compare/answer.ts';
import { compareAnswers } from '../../migration-plans/compare/compare.ts';
import {
  GeneratedMemory,
  GeneratedValues,
  isStateDiverged,
} from '../../migration-plans/compare/generated.ts';

function created(
  body: unknown,
  headers: string[] = [],
  date = 'Sun, 01 Mar 2026 12:00:00 GMT',
): CapturedAnswer {
  const bytes = Buffer.from(JSON.stringify(body));
  return {
    status: 201,
    rawHeaders: ['Date', date, 'Content-Type', 'application/json', ...headers],
    body: bytes,
    bodyHash: undefined,
    bodyBytes: bytes.length,
    headMs: 1,
    totalMs: 1,
  };
}

function differences(
  left: CapturedAnswer,
  right: CapturedAnswer,
  { memory = new GeneratedMemory(), request = '/reviews\n{"stars":5,"productId":41}' } = {},
): string[] {
  const generated = new GeneratedValues(memory, { route: 'POST /reviews', request });
  return compareAnswers(left, right, { method: 'POST', generated }).differences.map(
    ({ kind, path, shape }) => `${kind} ${path} ${shape}`,
  );
}

describe('what a sandbox makes up itself', () => {
  it('is no difference: serial numbers of ids, opaque ids, times of its own clock, addresses with the same id', () => {
    const token = (digit: string) => `tok_${digit.repeat(12)}aB9xZ3k`;
    expect(
      differences(
        created(
          {
            id: 812,
            uuid: '0b9ff0a1-4b4c-4a3e-8f5e-0a1b2c3d4e5f',
            token: token('1'),
            createdAt: '2026-03-01T12:00:00.120Z',
            self: '/reviews/812/history?of=812',
          },
          ['Location', '/reviews/812'],
        ),
        created(
          {
            id: 17,
            uuid: '7d1c6d1e-93a5-4a55-9a6e-ffffffffffff',
            token: token('2'),
            createdAt: '2026-03-01T12:00:09.950Z',
            self: '/reviews/17/history?of=17',
          },
          ['Location', '/reviews/17'],
          'Sun, 01 Mar 2026 12:00:10 GMT',
        ),
      ),
    ).toEqual([]);
  });

  it.each([
    ['a number that is no id', { count: 812 }, { count: 17 }, 'value $.count integer→integer'],
    ['an id the client named', { productId: 41 }, { productId: 42 }, 'value $.productId integer→integer'],
    ['another form', { id: 812 }, { id: '17' }, 'type $.id number→string'],
    ['no value', { id: 'a1b2c3d4e5f6a7b8' }, { id: 'undefined' }, 'format $.id hex16→nonsense'],
    [
      'a time an hour away',
      { at: '2026-03-01T12:00:00Z' },
      { at: '2026-03-01T13:00:00Z' },
      'value $.at iso-time Z→iso-time Z',
    ],
    [
      'an address of something else',
      { self: '/reviews/812' },
      { self: '/orders/17' },
      'value $.self path→path',
    ],
    ['a negative id', { id: 812 }, { id: -17 }, 'value $.id integer→integer'],
    ['a missing id', { id: 812 }, {}, 'missing $.id number→absent'],
  ])('hides not %s', (_, left, right, found) => {
    expect(differences(created(left), created(right))).toEqual([found]);
  });

  it('stands for one thing in an answer: an id that is another one in the link is found', () => {
    const left = created({ id: 812, self: '/reviews/812' });
    expect(differences(left, created({ id: 17, self: '/reviews/17' }))).toEqual([]);
    expect(differences(left, created({ id: 17, self: '/reviews/18' }))).toEqual(['value $.self path→path']);
    expect(differences(created({ id: 812, parentId: 813 }), created({ id: 17, parentId: 17 }))).toEqual([
      'value $.parentId integer→integer',
    ]);
  });

  it('changes where the monolith’s does: one that never does is found', () => {
    const memory = new GeneratedMemory();
    const found = Array.from({ length: 6 }, (_, i) =>
      differences(created({ id: 812 + i }), created({ id: 1 }), { memory }),
    );
    expect(found.slice(0, 3)).toEqual([[], [], []]);
    expect(found.slice(3)).toEqual(Array(3).fill(['relation $.id constant']));
  });

  it('is new in the monolith too: a known one, such as the author’s, must be the same', () => {
    const memory = new GeneratedMemory();
    const at = (authorId: number) => created({ authorId });
    expect(differences(at(7), at(8), { memory })).toEqual([]);
    expect(differences(at(7), at(8), { memory })).toEqual(['value $.authorId integer→integer']);
  });

  it('is nothing of the kind when reads are compared', () => {
    const compared = compareAnswers(created({ id: 812 }), created({ id: 17 }), { method: 'GET' });
    expect(compared.equal).toBe(false);
  });
});

it('tells a sandbox with other data from a service that answers otherwise', () => {
  for (const [left, right] of [
    [200, 404],
    [201, 409],
    [302, 401],
    [409, 201],
  ] as const)
    expect(isStateDiverged(left, right)).toBe(true);
  for (const [left, right] of [
    [201, 400],
    [201, 422],
    [201, 500],
    [400, 201],
    [404, 404],
    [404, 409],
    [201, 200],
  ] as const)
    expect(isStateDiverged(left, right)).toBe(false);
});
