/**
 * The schema of the service: its authors' text with what is not there taken out. Models stay or go whole; of those that
 * stay, only fields whose model went are removed, and the scalars of their foreign keys say what they refer to.
 */
import type { TextFile } from '../project.ts';
import { type Block, blockText, type Part, type Statement, splitSchema, withoutComment } from './blocks.ts';

export interface Slice {
  files: TextFile[];
  provider: string;
  /** Environment variable of the database's URL, where the schema names one. */
  urlVariable: string | undefined;
  generators: Generator[];
  /** Generators that were left out, as `name (provider)`. */
  droppedGenerators: string[];
  /** Relation fields that were removed: `Review.author → User`, and the scalars that stay for them. */
  removed: { model: string; field: string; target: string; scalars: string[] }[];
  enums: string[];
  /** Models of `SliceOptions.typesOnly` that are there. */
  typesOnly: string[];
}

export interface Generator {
  name: string;
  provider: string;
  output: string | undefined;
  /** The file that declares it: `output` is relative to its folder. */
  file: string;
}

export interface SliceOptions {
  models: ReadonlySet<string>;
  /** Of these, the ones that nothing queries: their tables stay the monolith's alone. */
  typesOnly?: ReadonlySet<string>;
  /** Whether a generator that makes no client is needed. */
  keepsGenerator?: (generator: Generator) => boolean;
  /** Enums that no model uses, but the code does. */
  keepsEnum?: (name: string) => boolean;
}

const TYPES_ONLY =
  "// The code only names its types: the table is the monolith's, and nothing here queries it.";

/** Slices a schema in one file or several; files of which nothing is left are left out. */
export function sliceSchema(files: readonly TextFile[], options: SliceOptions): Slice {
  const parsed = files.map((file) => ({ path: file.path, parts: splitSchema(file.text) }));
  const blocks = parsed.flatMap(({ parts }) =>
    parts.flatMap((part) => ('block' in part ? [part.block] : [])),
  );
  const tables = new Set(blocks.filter(isTable).map((block) => block.name));
  const gone = new Set([...tables].filter((name) => !options.models.has(name)));
  const removed: Slice['removed'] = [];
  const slimmed = new Map(
    blocks
      .filter((block) => isTable(block) && !gone.has(block.name))
      .map((block) => {
        const slim = withoutRelations(block, gone, removed);
        return [
          block,
          options.typesOnly?.has(block.name) ? { ...slim, lead: `${slim.lead}${TYPES_ONLY}\n` } : slim,
        ];
      }),
  );
  const used = usedTypes(blocks, [...slimmed.values()]);
  for (const { kind, name } of blocks) if (kind === 'enum' && options.keepsEnum?.(name)) used.add(name);
  const generators: Generator[] = [];
  const droppedGenerators: string[] = [];
  const keep = (block: Block, file: string): Block | undefined => {
    if (isTable(block)) return slimmed.get(block);
    if (block.kind === 'enum' || block.kind === 'type') return used.has(block.name) ? block : undefined;
    if (block.kind === 'datasource') return block;
    const generator = generatorOf(block, file);
    if (makesClient(generator) || options.keepsGenerator?.(generator)) {
      generators.push(generator);
      return block;
    }
    droppedGenerators.push(`${generator.name} (${generator.provider})`);
    return undefined;
  };
  const result = parsed.flatMap(({ path, parts }) => {
    const text = emit(parts, (block) => keep(block, path));
    return text === undefined ? [] : [{ path, text }];
  });
  const datasource = blocks.find((block) => block.kind === 'datasource');
  return {
    files: result,
    provider: (datasource && settingOf(datasource, 'provider')) ?? 'postgresql',
    urlVariable: datasource && /\benv\(\s*"(\w+)"\s*\)/.exec(statementOf(datasource, 'url')?.text ?? '')?.[1],
    generators,
    droppedGenerators,
    removed,
    enums: blocks.filter((block) => block.kind === 'enum' && used.has(block.name)).map((block) => block.name),
    typesOnly: [...slimmed.keys()].map(({ name }) => name).filter((name) => options.typesOnly?.has(name)),
  };
}

function isTable(block: Block): boolean {
  return block.kind === 'model' || block.kind === 'view';
}

/** Removes fields whose model is gone, and says at the scalars of their keys what they refer to. */
function withoutRelations(block: Block, gone: ReadonlySet<string>, removed: Slice['removed']): Block {
  const references = new Map<string, string>();
  const kept: Statement[] = [];
  let orphaned = '';
  for (const statement of block.statements) {
    if (!gone.has(statement.type) || statement.name.startsWith('@@')) {
      kept.push({ ...statement, lead: orphaned + statement.lead });
      orphaned = '';
      continue;
    }
    const scalars = listIn(statement.text, 'fields');
    const targets = listIn(statement.text, 'references');
    for (const [at, scalar] of scalars.entries()) {
      references.set(scalar, `${statement.type}.${targets[at] ?? 'id'}`);
    }
    removed.push({ model: block.name, field: statement.name, target: statement.type, scalars });
    // A documentation comment goes with its field; an empty line or a remark may head what follows.
    orphaned += statement.lead.replace(/^\s*\/\/\/.*\n/gm, '');
  }
  const statements = kept.map((statement) => {
    const target = references.get(statement.name);
    return target === undefined ? statement : { ...statement, text: withReference(statement.text, target) };
  });
  return { ...block, statements: tidied(statements, removed.length > 0) };
}

/** `references: [a, b]` → a, b. */
function listIn(text: string, key: string): string[] {
  const inside = new RegExp(`\\b${key}\\s*:\\s*\\[([^\\]]*)\\]`).exec(withoutComment(text))?.[1] ?? '';
  return inside.split(',').flatMap((name) => name.trim() || []);
}

function withReference(text: string, target: string): string {
  const [, line = '', end = ''] = /^([\s\S]*?)(\r?\n?)$/.exec(text) ?? [];
  const comment = line.length > withoutComment(line).length;
  const says = `${target}, in the monolith's data`;
  if (!comment) return `${line.trimEnd()} // ${says}${end}`;
  const indent = /^\s*/.exec(line)?.[0] ?? '';
  return `${indent}// ${says}\n${text}`;
}

/** No two empty lines in a row, none at the beginning or the end, where fields were taken out between them. */
function tidied(statements: Statement[], changed: boolean): Statement[] {
  if (!changed) return statements;
  return statements.map((statement, at) => {
    let lead = statement.lead.replace(/(?:[ \t]*\r?\n){3,}/g, '\n\n').replace(/^(?:[ \t]*\r?\n){2,}/, '\n');
    if (at === 0) lead = lead.replace(/^(?:[ \t]*\r?\n)+/, '');
    if (statement.name === '') lead = lead.replace(/(?:[ \t]*\r?\n)+$/, lead.trim() === '' ? '' : '\n');
    return { ...statement, lead };
  });
}

/** Names of enums and composite types that the tables that stay use, directly or by another type. */
function usedTypes(blocks: readonly Block[], tables: readonly Block[]): Set<string> {
  const types = new Map(blocks.filter((block) => block.kind === 'type').map((block) => [block.name, block]));
  const used = new Set<string>();
  const visit = (block: Block): void => {
    for (const { name, type } of block.statements) {
      if (type === '' || name.startsWith('@@') || used.has(type)) continue;
      used.add(type);
      const composite = types.get(type);
      if (composite) visit(composite);
    }
  };
  for (const table of tables) visit(table);
  return used;
}

/** The file's text with the blocks that stay; undefined: none does. */
function emit(parts: readonly Part[], keep: (block: Block) => Block | undefined): string | undefined {
  const kept = parts.map((part) => {
    if ('text' in part) return { heading: part.text };
    const block = keep(part.block);
    return { block: block && blockText(block) };
  });
  if (!kept.some((part) => 'block' in part && part.block !== undefined)) return undefined;
  let text = '';
  for (const [at, part] of kept.entries()) {
    if (part.heading !== undefined) text += headsNothing(kept, at) ? '\n' : part.heading;
    else text += part.block ?? '';
  }
  const tidy = text.replace(/\n(?:[ \t]*\r?\n){2,}/g, '\n\n').replace(/^(?:[ \t]*\r?\n)+/, '');
  return `${tidy.trimEnd()}${text.includes('\r\n') ? '\r\n' : '\n'}`;
}

/** Whether the comment at `index` heads blocks of which none is left. */
function headsNothing(parts: { heading?: string; block?: string | undefined }[], index: number): boolean {
  let blocks = 0;
  for (const part of parts.slice(index + 1)) {
    if (part.heading !== undefined && part.heading.trim() !== '') break;
    if (part.heading !== undefined) continue;
    blocks += 1;
    if (part.block !== undefined) return false;
  }
  return blocks > 0;
}

function statementOf(block: Block, name: string): Statement | undefined {
  return block.statements.find((statement) => statement.name === name);
}

function settingOf(block: Block, name: string): string | undefined {
  const text = withoutComment(statementOf(block, name)?.text ?? '');
  return /=\s*(?:env\(\s*)?"([^"]*)"/.exec(text)?.[1];
}

function generatorOf(block: Block, file: string): Generator {
  return {
    name: block.name,
    provider: settingOf(block, 'provider') ?? '',
    output: settingOf(block, 'output'),
    file,
  };
}

/** Prisma's own client generators. */
export function makesClient(generator: Generator): boolean {
  return generator.provider === 'prisma-client-js' || generator.provider === 'prisma-client';
}
