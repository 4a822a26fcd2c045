import { stripVTControlCharacters } from 'node:util';

export interface Column {
  title: string;
  align?: 'left' | 'right';
}

/** Rows as aligned text, columns two spaces apart, no trailing blanks. Colour codes in cells take no width. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const titles = columns.map((column) => column.title);
  const widths = titles.map((title, at) =>
    Math.max(width(title), ...rows.map((row) => width(row[at] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, at) => pad(cells[at] ?? '', widths[at] ?? 0, column.align ?? 'left'))
      .join('  ')
      .trimEnd();
  return [line(titles), ...rows.map(line)];
}

function pad(text: string, target: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, target - width(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
