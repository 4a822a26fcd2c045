import { describe, expect, it } from 'vitest';
import { HOLE, tablesOf } from '../../cli/analysis/schema/sql.ts';

const read = (sql: string): string[] => tablesOf(sql).tables.map((table) => `${table.access} ${table.name}`);

describe('tables of a raw statement', () => {
  it('reads joins, quoted and schema-qualified names', () => {
    expect(
      read('SELECT * FROM "public"."Order" o LEFT JOIN items AS i ON i.order_id = o.id, users u'),
    ).toEqual(['read Order', 'read items', 'read users']);
  });
  it('tells writes from reads', () => {
    expect(read('INSERT INTO votes (a) SELECT b FROM reviews')).toEqual(['write votes', 'read reviews']);
    expect(read('UPDATE books SET stock = 1 FROM orders WHERE true')).toEqual(['write books', 'read orders']);
    expect(read('DELETE FROM ONLY logs WHERE id = 1')).toEqual(['write logs']);
    expect(read('TRUNCATE TABLE a')).toEqual(['write a']);
  });
  it('leaves out names bound by WITH, functions, and FROM inside functions', () => {
    expect(
      read(
        'WITH best AS (SELECT id FROM books) SELECT extract(epoch FROM created) FROM best, generate_series(1, 3)',
      ),
    ).toEqual(['read books']);
  });
  it('is not fooled by strings and comments', () => {
    expect(
      read(
        `SELECT 'FROM secret' AS x -- FROM other\n FROM /* FROM third */ notes WHERE t = $$ FROM dollars $$`,
      ),
    ).toEqual(['read notes']);
  });
  it('does not take a lock or an upsert for a write of another table', () => {
    expect(read('SELECT * FROM jobs WHERE id = 1 FOR UPDATE SKIP LOCKED')).toEqual(['read jobs']);
    expect(read('INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2')).toEqual(['write t']);
  });
  it('says when a table’s name is computed', () => {
    expect(tablesOf(`SELECT * FROM ${HOLE}`)).toEqual({ tables: [], computed: true });
  });
});
