/** The modules in `runtime/`, as they are written. They are part of the toolkit, read once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const texts = new Map<string, string>();

export function runtimeText(name: string): string {
  let text = texts.get(name);
  if (text === undefined) {
    text = readFileSync(join(import.meta.dirname, 'runtime', `${name}.ts`), 'utf8');
    texts.set(name, text);
  }
  return text;
}
