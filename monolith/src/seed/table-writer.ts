import type { ClientBase } from 'pg';

const batch = 5000;

type Cell = string | number | boolean | null;

/** Collects the rows of a table and writes them in a few large statements, one array a column. */
export class TableWriter {
  private readonly rows: Cell[][] = [];
  private readonly table: string;
  private readonly columns: Record<string, string>;

  /** `columns`: the names of the columns with their PostgreSQL types. */
  constructor(table: string, columns: Record<string, string>) {
    this.table = table;
    this.columns = columns;
  }

  add(...cells: Cell[]): void {
    this.rows.push(cells);
  }

  async write(client: ClientBase): Promise<number> {
    const names = Object.keys(this.columns);
    const types = Object.values(this.columns);
    const into = names.map((name) => `"${name}"`).join(', ');
    const arrays = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ');
    const sql = `INSERT INTO "${this.table}" (${into}) SELECT * FROM unnest(${arrays})`;
    for (let start = 0; start < this.rows.length; start += batch) {
      const part = this.rows.slice(start, start + batch);
      await client.query(
        sql,
        names.map((_, column) => part.map((row) => row[column])),
      );
    }
    return this.rows.length;
  }
}
