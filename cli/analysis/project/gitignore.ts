/** What git would ignore: files that nobody wrote, or that are not meant to be shared. */

interface Rule {
  /** Folder of the `.gitignore`, with forward slashes and without one at its end. */
  base: string;
  pattern: RegExp;
  negated: boolean;
  foldersOnly: boolean;
}

/** Reads the rules of one `.gitignore` (gitignore(5)); later rules win over earlier ones. */
export function ignoreRules(base: string, text: string): Rule[] {
  return text.split(/\r?\n/).flatMap((raw): Rule[] => {
    let line = raw.replace(/(?<!\\)\s+$/, '');
    if (line === '' || line.startsWith('#')) return [];
    const negated = line.startsWith('!');
    if (negated) line = line.slice(1);
    const foldersOnly = line.endsWith('/');
    if (foldersOnly) line = line.slice(0, -1);
    // A slash anywhere but at the end ties the pattern to the folder of the file it stands in.
    const anchored = line.includes('/');
    if (line.startsWith('/')) line = line.slice(1);
    if (line === '') return [];
    return [
      { base, pattern: new RegExp(`^${anchored ? '' : '(?:.*/)?'}${source(line)}$`), negated, foldersOnly },
    ];
  });
}

export type { Rule as IgnoreRule };

/** Whether the rules ignore a path; whoever asks has asked for the folders above it before. */
export function ignored(rules: readonly Rule[], path: string, folder: boolean): boolean {
  let verdict = false;
  for (const rule of rules) {
    if (rule.negated === !verdict || (rule.foldersOnly && !folder)) continue;
    const inside =
      rule.base === ''
        ? path
        : path.startsWith(`${rule.base}/`)
          ? path.slice(rule.base.length + 1)
          : undefined;
    if (inside !== undefined && rule.pattern.test(inside)) verdict = !rule.negated;
  }
  return verdict;
}

function source(pattern: string): string {
  let out = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if (pattern.startsWith('**/', at)) {
      out += '(?:.*/)?';
      at += 2;
    } else if (pattern.startsWith('/**', at) && at + 3 === pattern.length) {
      out += '/.*';
      at += 2;
    } else if (char === '*') {
      out += '[^/]*';
      while (pattern.charAt(at + 1) === '*') at += 1;
    } else if (char === '?') out += '[^/]';
    else if (char === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end === -1) out += '\\[';
      else {
        out += `[${pattern
          .slice(at + 1, end)
          .replace(/^!/, '^')
          .replaceAll('\\', '\\\\')}]`;
        at = end;
      }
    } else if (char === '\\' && at + 1 < pattern.length) {
      out += quoted(pattern.charAt(at + 1));
      at += 1;
    } else out += quoted(char);
  }
  return out;
}

function quoted(char: string): string {
  return char.replace(/[.+^${}()|[\]\\/*?-]/, '\\$&');
}
