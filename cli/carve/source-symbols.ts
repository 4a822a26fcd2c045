import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { View } from '../analysis/project/load.ts';
import type { CarvePlan, SymbolPlan } from './model.ts';
import { digestOf } from './write/digest.ts';
import type { SourceSymbol } from './write/manifest.ts';

/**
 * Symbols of the monolith with digests of their source, which `--check` compares later. `used`: what the service is made from and what
 * it calls; `all`: also what stays.
 */
export function sourceSymbols(
  root: string,
  plan: CarvePlan,
  which: 'used' | 'all',
  view: View = (_, text) => text,
): SourceSymbol[] {
  const files = new Map<string, string[]>();
  const symbol = ({ file, name, line, endLine }: SymbolPlan, as: SourceSymbol['as']): SourceSymbol => {
    let lines = files.get(file);
    if (lines === undefined) {
      const path = join(root, file);
      lines = (view(path, readFileSync(path, 'utf8')) ?? '').split(/\r?\n/);
      files.set(file, lines);
    }
    return { file, name, as, digest: digestOf(lines.slice(line - 1, endLine).join('\n')) };
  };
  const called = new Set(
    plan.remote
      .filter(({ direction }) => direction === 'service-to-monolith')
      .map(({ file, line }) => `${file}:${line}`),
  );
  return [
    ...plan.moved.map((item) => symbol(item, 'moved')),
    ...plan.copied.map((item) => symbol(item, item.as === 'shared-code' ? 'copied' : item.as)),
    ...plan.stays
      .filter((item) => which === 'all' || called.has(`${item.file}:${item.line}`))
      .map((item) => symbol(item, 'remote')),
  ];
}
