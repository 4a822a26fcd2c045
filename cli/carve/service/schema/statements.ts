/** SQL scripts cut into statements. */

export interface SqlStatement {
  /** As written, without the semicolon. */
  text: string;
  /** The same with comments blanked. */
  code: string;
  line: number;
}

const TOKEN = /--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|'(?:[^']|'')*'|"(?:[^"]|"")*"|;/g;

/** Splits at semicolons outside of texts, quoted names, comments and dollar-quoted bodies. */
export function splitSql(script: string): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let from = 0;
  const take = (to: number): void => {
    const raw = script.slice(from, to);
    // Comments above belong to the statement; empty lines do not.
    const text = raw.trim();
    const code = blankComments(text);
    if (code.trim() !== '') {
      const before = script.slice(0, from + raw.indexOf(text) + (code.length - code.trimStart().length));
      statements.push({ text, code: code.trim(), line: before.split('\n').length });
    }
    from = to + 1;
  };
  for (const match of script.matchAll(TOKEN)) if (match[0] === ';') take(match.index);
  take(script.length);
  return statements;
}

function blankComments(text: string): string {
  return text.replace(/'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g, (found) =>
    found.startsWith("'") ? found : found.replace(/[^\n]/g, ' '),
  );
}
