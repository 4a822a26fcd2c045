import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Finding } from '../errors.ts';
import { didYouMean } from './did-you-mean.ts';
import { short, YAML_LIMITS, type YamlSource } from './source.ts';

/** What schemas of this project say about themselves beyond JSON Schema: how a value is named in a message. */
interface Annotated {
  says?: string;
  /** The value may be a secret: it is never shown in a message. */
  secret?: boolean;
  properties?: Record<string, unknown>;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Annotated[];
}

const ajv = new Ajv({ allErrors: true, verbose: true, strict: false });
const compiled = new WeakMap<object, ValidateFunction>();

/** Checks a file's value against a schema: every mistake as a finding with its place. Empty: the value has the schema's type. */
export function checkSchema(source: YamlSource, schema: object, prefix: string): Finding[] {
  const all = schemaErrors(source.value, schema);
  if (all.length === 0) return [];
  const choices = Map.groupBy(
    all.filter((error) => error.keyword === 'anyOf'),
    (error) => error.instancePath,
  );
  const worthSaying = all.filter(
    (error) => error.propertyName === undefined && !isOtherBranch(error, choices),
  );
  // Only so many are put into words; the others are counted.
  const said = worthSaying.slice(0, YAML_LIMITS.findings).map((error) => toFinding(error, source, prefix));
  return listed(said, worthSaying.length - said.length, source.file, prefix);
}

/** What a value breaks of a schema, as the validator says it. */
export function schemaErrors(value: unknown, schema: object): readonly ErrorObject[] {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  return validate(value) ? [] : (validate.errors ?? []);
}

/** At most as many findings as a person reads, in the order of the file, and how many more there are. */
export function boundFindings(findings: readonly Finding[], file: string, prefix: string): Finding[] {
  if (findings.length <= YAML_LIMITS.findings) return [...findings].sort(byPlace);
  // An error must not be lost among warnings.
  const errorsFirst = [...findings].sort((a, b) => a.severity.localeCompare(b.severity) || byPlace(a, b));
  return listed(
    errorsFirst.slice(0, YAML_LIMITS.findings),
    findings.length - YAML_LIMITS.findings,
    file,
    prefix,
  );
}

function listed(findings: Finding[], more: number, file: string, prefix: string): Finding[] {
  findings.sort(byPlace);
  if (more === 0) return findings;
  findings.push({
    code: `${prefix}_MORE`,
    message: `${more} more ${more === 1 ? 'finding is' : 'findings are'} not listed`,
    severity: 'error',
    place: { file },
  });
  return findings;
}

/** Of a choice between text and a map, only the branch of the value's own type is worth talking about. */
function isOtherBranch(error: ErrorObject, choices: ReadonlyMap<string, ErrorObject[]>): boolean {
  return enclosingPaths(error.instancePath).some((path) =>
    choices.get(path)?.some((choice) => {
      const branches = choice.schema as Annotated[];
      const fitting = branches.findIndex((branch) => branch.type === jsonType(choice.data));
      if (choice === error) return fitting !== -1;
      const below = `${choice.schemaPath}/`;
      if (!error.schemaPath.startsWith(below)) return false;
      return Number(error.schemaPath.slice(below.length).split('/', 1)[0]) !== fitting;
    }),
  );
}

/** `/a/1/b` as `/a/1/b`, `/a/1`, `/a` and the root. */
function enclosingPaths(path: string): string[] {
  const paths = [path];
  for (let at = path.lastIndexOf('/'); at !== -1; at = path.lastIndexOf('/', at - 1)) {
    paths.push(path.slice(0, at));
    if (at === 0) break;
  }
  return paths;
}

/** In the order in which a reader meets them in the file. */
export function byPlace(a: Finding, b: Finding): number {
  const left = a.place ?? { file: '' };
  const right = b.place ?? { file: '' };
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0);
}

function toFinding(error: ErrorObject, source: YamlSource, prefix: string): Finding {
  const path = pointer(error.instancePath);
  const schema = (error.parentSchema ?? {}) as Annotated;
  const given = (): string => (schema.secret === true ? 'what is given' : shown(error.data));
  const where = path.length === 0 ? 'the file' : `"${short(formatPath(path))}"`;
  const finding = (
    code: string,
    message: string,
    extra: { remedy?: string | undefined; at?: (string | number)[] } = {},
  ): Finding => ({
    code: `${prefix}_${code}`,
    message,
    severity: 'error',
    place: extra.at === undefined ? source.placeOf(path) : source.placeOfKey(extra.at),
    ...(extra.remedy === undefined ? {} : { remedy: extra.remedy }),
  });
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty);
      const known = Object.keys(schema.properties ?? {});
      const meant = didYouMean(key, known);
      const remedy =
        meant === undefined ? `Known keys here: ${known.join(', ')}.` : `Did you mean "${meant}"?`;
      const parent = path.length === 0 ? '' : ` in ${where}`;
      return finding('UNKNOWN_KEY', `unknown key "${short(key)}"${parent}`, { remedy, at: [...path, key] });
    }
    case 'propertyNames':
      return finding(
        'KEY_NAME',
        `"${short(String(error.params.propertyName))}" is not a name that is accepted in ${where}`,
        {
          at: [...path, String(error.params.propertyName)],
        },
      );
    case 'required':
      return finding('MISSING_KEY', `${where} needs "${error.params.missingProperty}"`);
    case 'minProperties':
    case 'maxProperties':
      return finding(
        'CHOICE',
        `${where} needs exactly one of: ${Object.keys(schema.properties ?? {}).join(', ')}`,
      );
    case 'enum':
    case 'const': {
      const allowed = (schema.enum ?? [schema.const]).map(String);
      const meant = typeof error.data === 'string' ? didYouMean(error.data, allowed) : undefined;
      return finding(
        'VALUE',
        `${where} is ${given()}, but must be ${allowed.map((each) => `"${each}"`).join(' or ')}`,
        {
          remedy: meant === undefined ? undefined : `Did you mean "${meant}"?`,
        },
      );
    }
    case 'anyOf':
      return finding('VALUE', `${where} must be ${says(schema)}, not ${given()}`);
    case 'type':
    case 'pattern':
      return finding('VALUE', `${where} must be ${says(schema)}, not ${given()}`);
    case 'minLength':
      return finding('VALUE', `${where} must be ${says(schema)}`);
    case 'minimum':
    case 'maximum':
      if (schema.says === undefined || (error.keyword === 'maximum' && !Array.isArray(schema.type)))
        return finding('VALUE', `${where} ${error.message}, not ${given()}`);
      return finding('VALUE', `${where} must be ${says(schema)}, not ${given()}`);
    default:
      return finding('VALUE', `${where} ${error.message ?? 'is not valid'}`);
  }
}

function says(schema: Annotated): string {
  if (schema.says !== undefined) return schema.says;
  if (schema.anyOf !== undefined) return schema.anyOf.map(says).join(' or ');
  return TYPE_NAMES[String(schema.type)] ?? 'another value';
}

const TYPE_NAMES: Record<string, string> = {
  object: 'a map',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'empty',
};

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function shown(value: unknown): string {
  if (value === null) return 'empty';
  if (typeof value === 'object') return TYPE_NAMES[jsonType(value)]!;
  return typeof value === 'string' ? `"${short(value)}"` : String(value);
}

/** JSON pointer (RFC 6901) as keys. */
function pointer(text: string): string[] {
  if (text === '') return [];
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** `gates.canary.minCompared`, `routes[2].timeouts`. */
function formatPath(path: readonly string[]): string {
  return path.reduce((text, part) => {
    if (/^\d+$/.test(part)) return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
