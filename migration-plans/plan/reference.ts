/** The parts of JSON Schema that the schemas of this project use. */
interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  says?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  required?: string[];
}

/** Reference of a file format as a Markdown table: every key with what it takes, its default and its meaning. */
export function referenceOf(schema: object): string {
  const root = schema as Schema;
  const lines = [...rows(root, '')].map(
    ([key, takes, fallback, text]) => `| \`${key}\` | ${takes} | ${fallback} | ${text} |`,
  );
  return [
    `## ${root.title}`,
    '',
    root.description,
    '',
    '| key | takes | default | meaning |',
    '| --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

type Row = [key: string, takes: string, fallback: string, text: string];

function* rows(schema: Schema, prefix: string): Generator<Row> {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const key = `${prefix}${name}`;
    yield row(key, property, schema.required?.includes(name) === true);
    yield* below(property, key);
  }
}

function* below(schema: Schema, key: string): Generator<Row> {
  yield* rows(schema, `${key}.`);
  for (const item of Object.values(schema.patternProperties ?? {})) yield* below(item, `${key}.<name>`);
  if (schema.items !== undefined) yield* below(schema.items, `${key}[]`);
  for (const branch of schema.anyOf ?? []) yield* below(branch, key);
}

function row(key: string, schema: Schema, required: boolean): Row {
  const fallback = required ? 'required' : schema.default === undefined ? '' : code(schema.default);
  const text = schema.description ?? '';
  return [key, cell(takes(schema)), fallback, cell(text)];
}

function takes(schema: Schema): string {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(takes).join(' or ');
  if (schema.type === 'array')
    return `list of ${schema.items === undefined ? 'values' : takes(schema.items)}`;
  if (schema.says !== undefined) return schema.says;
  const names: Record<string, string> = { object: 'a map', boolean: '`true` or `false`', string: 'text' };
  return names[String(schema.type)] ?? String(schema.type ?? '');
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** Bars end a cell of a Markdown table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
