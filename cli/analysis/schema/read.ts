import { readFileSync } from 'node:fs';
import { dirname, relative, sep } from 'node:path';
import { type Block, getSchema } from '@mrleebo/prisma-ast';
import type { Model, Unresolved } from '../model.ts';
import { toModel } from './fields.ts';
import { linkRelations } from './relations.ts';

/** The data model of a project, merged from all its Prisma schemas. */
export interface DataModel {
  models: Map<string, Model>;
  enums: Map<string, string[]>;
  /** Folders into which clients are generated, absolute; imports of them mean the Prisma client. */
  outputs: { dir: string; output: string }[];
  /** The schemas that were read, absolute. */
  files: string[];
}

interface Parsed {
  path: string;
  file: string;
  text: string;
  blocks: Block[];
  provider: string | undefined;
}

/**
 * Reads Prisma schemas in one or several files. Where several complete schemas describe the same models for different
 * databases, the one for PostgreSQL counts and the rest is reported.
 */
export function readDataModel(root: string, paths: readonly string[], unresolved: Unresolved[]): DataModel {
  const parsed: Parsed[] = [];
  for (const path of paths) {
    const file = relative(root, path).split(sep).join('/');
    const text = readFileSync(path, 'utf8');
    try {
      const blocks = getSchema(withoutTrailingBlanks(text)).list;
      parsed.push({ path, file, text, blocks, provider: providerOf(blocks) });
    } catch (error) {
      const reason = `Prisma schema: ${(error as Error).message.split('\n')[0] ?? 'cannot be read'}`;
      unresolved.push({ kind: 'syntax-error', file, line: lineOfMistake(error), reason });
    }
  }
  const data: DataModel = {
    models: new Map(),
    enums: new Map(),
    outputs: [],
    files: parsed.map(({ path }) => path),
  };
  for (const { blocks, path } of parsed) {
    for (const block of blocks) {
      if (block.type !== 'generator') continue;
      const output = block.assignments.find((item) => item.type === 'assignment' && item.key === 'output');
      if (output?.type === 'assignment' && typeof output.value === 'string') {
        data.outputs.push({ dir: dirname(path), output: unquote(output.value) });
      }
    }
  }
  parsed.sort((a, b) => rank(a) - rank(b) || (a.file < b.file ? -1 : 1));
  const views = new Set<string>();
  for (const source of parsed) {
    let repeated = 0;
    for (const block of source.blocks) {
      if (block.type === 'enum') {
        const values = block.enumerators.flatMap((item) => (item.type === 'enumerator' ? [item.name] : []));
        if (!data.enums.has(block.name)) data.enums.set(block.name, values);
      } else if (block.type === 'model' || block.type === 'view') {
        if (data.models.has(block.name)) {
          repeated += 1;
          continue;
        }
        if (block.type === 'view') views.add(block.name);
        data.models.set(block.name, toModel(block, source.file, lineOf(source.text, block.type, block.name)));
      }
    }
    if (repeated > 0) {
      const reason = `a variant (${source.provider ?? 'unknown provider'}) of models that another schema also declares; ${repeated} of its models were not read`;
      unresolved.push({ kind: 'schema-variant', file: source.file, line: 1, reason });
    }
  }
  linkRelations(data);
  return data;
}

/** Blanks at the end of a line and Windows line ends mean nothing to Prisma, but the parser stumbles over them. */
function withoutTrailingBlanks(text: string): string {
  return text.replace(/^\uFEFF/, '').replace(/[ \t\r]+$/gm, '');
}

/** Name of the client's property for a model: its first letter in lower case. */
export function delegateName(model: string): string {
  return model.charAt(0).toLowerCase() + model.slice(1);
}

export function unquote(text: string): string {
  return text.replace(/^"(.*)"$/s, '$1');
}

function providerOf(blocks: Block[]): string | undefined {
  for (const block of blocks) {
    if (block.type !== 'datasource') continue;
    for (const item of block.assignments) {
      if (item.type === 'assignment' && item.key === 'provider' && typeof item.value === 'string') {
        return unquote(item.value);
      }
    }
  }
  return undefined;
}

function rank({ provider, blocks }: Parsed): number {
  if (provider === undefined) return 1;
  return provider.startsWith('postgres') ? (blocks.some((block) => block.type === 'model') ? 0 : 1) : 2;
}

function lineOf(text: string, kind: string, name: string): number {
  const at = text.search(new RegExp(`^[ \\t]*${kind}[ \\t]+${name}\\b`, 'm'));
  return at === -1 ? 1 : text.slice(0, at).split('\n').length;
}

function lineOfMistake(error: unknown): number {
  const line = (error as { token?: { startLine?: unknown } }).token?.startLine;
  return typeof line === 'number' && Number.isFinite(line) ? line : 1;
}
