import type { CommandSpec } from './command.ts';

/**
 * `report reviews accept 3fa4` as `report accept reviews 3fa4`: what is done may be said behind what it is done to. Only where a command
 * takes an argument and has commands below it; whatever is ambiguous stays as it was typed.
 */
export function inOrder(specs: readonly CommandSpec[], argv: readonly string[]): string[] {
  const words = [...argv];
  for (const [at, word] of words.entries()) {
    if (word === '--') break;
    const below = specs
      .filter(({ name }) => name.startsWith(`${word} `))
      .map(({ name }) => name.split(' ')[1]);
    const spec = specs.find(({ name }) => name === word);
    if (spec?.arguments?.[0] === undefined || below.length === 0) continue;
    const [subject, action] = [words[at + 1], words[at + 2]];
    if (subject === undefined || subject.startsWith('-') || below.includes(subject)) return words;
    if (action !== undefined && below.includes(action)) words.splice(at + 1, 2, action, subject);
    return words;
  }
  return words;
}
