import type { Style } from '../terminal/style.ts';
import type { Example } from './command.ts';

/** Examples as the first part of a help text. */
export function renderExamples(examples: readonly Example[], style: Style): string {
  const width = Math.max(...examples.map((example) => example.command.length));
  const lines = examples.map(({ command, does }) =>
    width > 60
      ? `  ${style.cyan(command)}\n      ${style.dim(does)}`
      : `  ${style.cyan(command.padEnd(width))}   ${style.dim(does)}`,
  );
  return [style.bold('Examples:'), ...lines, ''].join('\n');
}
