import { describe, expect, it } from 'vitest';
import { confirm, KnownNoise } from '../../edge-proxy/shadow/confirmation.ts';
import type { CapturedAnswer } from '../../migration-plans/compare/answer.ts';
import { compareAnswers } from '../../migration-plans/compare/compare.ts';

function answer(value: unknown): CapturedAnswer {
  const body = new TextEncoder().encode(JSON.stringify(value));
  const rawHeaders = ['content-type', 'application/json'];
  return {
    status: 200,
    rawHeaders,
    body,
    bodyHash: undefined,
    bodyBytes: body.length,
    headMs: 1,
    totalMs: 1,
  };
}

const compared = (left: unknown, right: unknown) =>
  compareAnswers(answer(left), answer(right), { method: 'GET' });

/** What is left when the monolith said `before` to the user, the service said `service`, and the monolith says `now` when asked again. */
function judged(before: unknown, service: unknown, now: unknown): string[] | 'inconclusive' {
  const result = confirm(
    compared(before, service),
    compared(now, service),
    compared(before, now),
    () => false,
  );
  return 'inconclusive' in result
    ? 'inconclusive'
    : result.comparison.differences.map(({ kind, path }) => `${kind} ${path}`);
}

describe('confirming a difference', () => {
  it('takes a change between two reads for no difference', () => {
    expect(judged({ stock: 5 }, { stock: 4 }, { stock: 4 })).toEqual([]);
    expect(judged({ stock: 5 }, { stock: 4, sold: true }, { stock: 4, sold: true })).toEqual([]);
  });

  it('keeps what a stable monolith contradicts', () => {
    expect(judged({ stock: 5 }, { stock: '5' }, { stock: 5 })).toEqual(['type $.stock']);
    expect(judged({ stock: 5 }, { stock: 4 }, { stock: 5 })).toEqual(['value $.stock']);
  });

  it('says nothing of content that changed in the monolith itself, unless that is known noise', () => {
    expect(judged({ stock: 5 }, { stock: 6 }, { stock: 4 })).toBe('inconclusive');
    const { comparison } = confirm(
      compared({ id: 'a1' }, { id: 'b2' }),
      compared({ id: 'c3' }, { id: 'b2' }),
      compared({ id: 'a1' }, { id: 'c3' }),
      () => true,
    ) as { comparison: { differences: unknown[] } };
    expect(comparison.differences).toHaveLength(1);
  });

  it('finds the broken form of a value that always changes', () => {
    expect(judged({ id: 'a1', at: 1 }, { id: null, at: 2 }, { id: 'c3', at: 3 })).toEqual(['type $.id']);
  });

  it('keeps an answer that is older than both of the monolith’s', () => {
    expect(judged({ stock: 5 }, { stock: 6 }, { stock: 5 })).toEqual(['value $.stock']);
  });

  it('keeps the defect beside a change', () => {
    expect(judged({ stock: 5, price: 1.5 }, { stock: 4, price: '1.5' }, { stock: 4, price: 1.5 })).toEqual([
      'type $.price',
    ]);
  });

  it('says nothing of a difference in form where the monolith’s own form changed', () => {
    expect(judged({ note: 'a' }, { note: 7 }, { note: null })).toBe('inconclusive');
    expect(judged({ note: 'a' }, { note: 7 }, {})).toBe('inconclusive');
  });

  it('is not misled by a difference that merely changed its form', () => {
    expect(judged({ stock: 5 }, { stock: 4 }, { stock: 3 })).not.toEqual([]);
    expect(judged({ a: [1, 2] }, { a: [1] }, { a: [1, 2, 3] })).not.toEqual([]);
  });
});

describe('known noise', () => {
  it('spares the second look for content that probes have shown, never for form', () => {
    const noise = new KnownNoise();
    const content = compared({ id: 'r1' }, { id: 'r2' });
    expect(noise.needsConfirmation('GET /a', content)).toBe(true);
    noise.learn('GET /a', content);
    expect(noise.needsConfirmation('GET /a', content)).toBe(false);
    expect(noise.needsConfirmation('GET /b', content)).toBe(true);
    const form = compared({ id: 'r1' }, { id: 7 });
    noise.learn('GET /a', form);
    expect(noise.needsConfirmation('GET /a', form)).toBe(true);
  });
});
