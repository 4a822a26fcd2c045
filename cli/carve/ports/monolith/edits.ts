/** Changes of a text by offset, in the line breaks that it has. */

export interface Insertion {
  at: number;
  text: string;
}

export function insert(text: string, insertions: readonly Insertion[]): string {
  const eol = eolOf(text);
  let result = '';
  let done = 0;
  // Stable: what is inserted at the same place stays in the order given.
  for (const { at, text: added } of [...insertions].sort((a, b) => a.at - b.at)) {
    result += text.slice(done, at) + added.replace(/\n/g, eol);
    done = at;
  }
  return result + text.slice(done);
}

export function eolOf(text: string): '\r\n' | '\n' {
  const first = text.indexOf('\n');
  return first > 0 && text[first - 1] === '\r' ? '\r\n' : '\n';
}

/** A line of its own below the line on which the node ends, or directly behind the node where more code follows on it. */
export function lineBelow(text: string, end: number, line: string): Insertion {
  const rest = /^[^\r\n]*/.exec(text.slice(end))?.[0] ?? '';
  const quiet = /^\s*(\/\/.*|\/\*(?:(?!\*\/).)*\*\/\s*)?$/.test(rest);
  return { at: quiet ? end + rest.length : end, text: `\n${line}` };
}

/** The white space with which the line of this offset begins. */
export function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? '';
}
