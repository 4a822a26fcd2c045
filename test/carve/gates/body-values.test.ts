import { describe, expect, it } from 'vitest';
import { bodyOf } from '../../../cli/carve/gates/bodies/body-values.ts';
import type { FieldHint } from '../../../cli/carve/gates/bodies/schema-hints.ts';
import { credentialsOf } from '../../../cli/carve/gates/sign-in/credentials.ts';

const body = (
  fields: Record<string, FieldHint>,
  row: Record<string, unknown> = {},
): Record<string, unknown> =>
  bodyOf(new Map(Object.entries(fields)), (name) => row[name], credentialsOf('customer'));
const one = (name: string, hint: FieldHint, known?: unknown): unknown =>
  body({ [name]: hint }, { [name]: known })[name];

describe('a value for a field', () => {
  it.each<[string, FieldHint, unknown]>([
    ['kind', { type: 'string', oneOf: ['b', 'a'] }, 'b'],
    ['email', {}, 'carve.customer@example.com'],
    ['contact', { type: 'string', format: 'email' }, 'carve.customer@example.com'],
    ['ref', { type: 'string', format: 'uuid' }, '00000000-0000-4000-8000-000000000009'],
    ['day', { type: 'string', format: 'date' }, '2024-01-09'],
    ['n', { type: 'integer', min: 18 }, 18],
    ['n', { type: 'number', max: 0.5 }, 0.5],
    ['ok', { type: 'boolean' }, true],
    ['code', { type: 'string', min: 20 }, 'Sample code 9 sample'],
    ['code', { type: 'string', max: 3 }, 'Sam'],
    ['quantity', {}, 1],
    ['isActive', {}, true],
    ['tags', { type: 'array', items: { type: 'string' } }, ['Sample tag 9']],
    ['list', { type: 'array' }, []],
    ['meta', { type: 'object' }, {}],
    ['who', { type: 'object', fields: new Map([['age', { type: 'integer' }]]) }, { age: 1 }],
  ])('%s %o: %o', (name, hint, expected) => {
    expect(one(name, hint)).toEqual(expected);
  });
  it('is of a row where that fits', () => {
    expect(one('title', { type: 'string' }, 'of a row')).toBe('of a row');
    expect(one('roomId', { type: 'integer' }, 41)).toBe(41);
    expect(one('n', { type: 'integer', max: 5 }, 41)).toBe(1);
    expect(one('n', { type: 'integer' }, 'text')).toBe(1);
  });
  it('of a row is sent in the format that is asked for only', () => {
    const uuid = '6f1d3a52-1111-4222-8333-444455556666';
    expect(one('roomId', { type: 'string', format: 'uuid' }, uuid)).toBe(uuid);
    expect(one('day', { type: 'string', format: 'date' }, 'Sample day 9')).toBe('2024-01-09');
    expect(one('at', { type: 'string', format: 'date-time' }, '2024-01-01 12:00:00')).toBe(
      '2024-01-09T12:00:00.000Z',
    );
  });
  it('bounds what a hostile schema asks for', () => {
    expect(String(one('code', { type: 'string', min: 1e9 })).length).toBeLessThanOrEqual(5_000);
  });
});
