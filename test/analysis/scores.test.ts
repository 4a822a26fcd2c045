import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  interfaceNumber,
  interPartitionCalls,
  structuralModularity,
  transactionPurity,
} from '../../cli/analysis/suggest/scores.ts';
import { costInWords } from '../../cli/analysis/suggest/suggest.ts';
import { distinctiveSegment, type UnitEdge } from '../../cli/analysis/suggest/units.ts';
import { singular, wordsOf } from '../../cli/analysis/suggest/words.ts';

const edge = (from: string, to: string, kind: UnitEdge['kind'], weight = 1): UnitEdge => ({
  from,
  to,
  kind,
  weight,
  inLoop: false,
  transaction: undefined,
  evidence: [],
  fromLabel: from,
  toLabel: to,
});
const inside = new Set(['a', 'b', 'model:A']);

describe('scores, calculated by hand', () => {
  const edges = [
    edge('a', 'b', 'calls', 3),
    edge('a', 'x', 'calls', 1),
    edge('x', 'b', 'calls', 1),
    edge('x', 'y', 'calls', 9),
    edge('a', 'model:A', 'writes', 2),
    edge('x', 'model:A', 'reads', 2),
  ];
  it('ICP counts what crosses among what touches the capability', () => {
    expect(interPartitionCalls(edges, inside)).toBeCloseTo(4 / 9);
  });
  it('IFN averages the units called from outside over both sides', () => {
    expect(interfaceNumber(edges, inside)).toBe(1);
  });
  it('purity is 1 minus the entropy of who uses a table', () => {
    expect(transactionPurity(edges, inside)).toBeCloseTo(0);
    expect(transactionPurity([edge('a', 'model:A', 'reads')], inside)).toBe(1);
  });
  it('SM rewards links inside and charges links across', () => {
    const units = {
      units: new Map(
        ['a', 'b', 'model:A', 'x', 'y'].map((id) => [id, { id, kind: 'file' as const, label: id, file: id }]),
      ),
      edges,
      unitOf: new Map(),
      routeUnits: new Map(),
    };
    expect(structuralModularity(units, inside)).toBeCloseTo((2 / 9 + 1 / 4) / 2 - 3 / 12);
  });
});

describe('scores of any graph', () => {
  it('stay within their bounds', () => {
    const id = fc.constantFrom('a', 'b', 'x', 'y', 'model:A', 'model:X');
    const any = fc.array(
      fc.record({
        from: id,
        to: id,
        kind: fc.constantFrom('calls', 'reads', 'writes') as fc.Arbitrary<UnitEdge['kind']>,
        weight: fc.integer({ min: 1, max: 50 }),
      }),
    );
    fc.assert(
      fc.property(any, (list) => {
        const edges = list.map((item) => edge(item.from, item.to, item.kind, item.weight));
        for (const score of [interPartitionCalls(edges, inside), transactionPurity(edges, inside)]) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe('words', () => {
  it('bring spellings of one thing together', () => {
    expect(['orderItems', 'order-item', 'OrderItem'].map((name) => wordsOf(name).join(' '))).toEqual(
      Array(3).fill('order item'),
    );
    expect(['reviews', 'categories', 'boxes', 'status', 'address', 'people'].map(singular)).toEqual([
      'review',
      'category',
      'box',
      'status',
      'address',
      'person',
    ]);
  });
  it('find what a path is about behind a shared prefix', () => {
    const paths = ['/api/v1/users', '/api/v1/users/:id', '/api/v1/orders/:id', '/health'];
    expect(paths.map(distinctiveSegment(paths))).toEqual(['users', 'users', 'orders', 'health']);
  });
  it('tell the cost', () => {
    expect(costInWords([{ inLoop: true }, { inLoop: false }, { inLoop: false }], 2)).toBe(
      '3 calls become remote, 1 in a loop; 2 foreign keys are cut',
    );
    expect(costInWords([], 1)).toBe('no call becomes remote; 1 foreign key is cut');
  });
});
