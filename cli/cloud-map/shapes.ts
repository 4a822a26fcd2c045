/** What a value of the API may look like. Constraints as published in the API reference and in the SDKs' service model. */
export type Shape = StringShape | IntegerShape | ListShape | MapShape | StructureShape;

export interface StringShape {
  kind: 'string';
  min?: number;
  max?: number;
  pattern?: RegExp;
  values?: readonly string[];
}
export interface IntegerShape {
  kind: 'integer';
  min: number;
  max: number;
}
export interface ListShape {
  kind: 'list';
  of: Shape;
  min?: number;
  max?: number;
}
export interface MapShape {
  kind: 'map';
  key: StringShape;
  value: Shape;
  min?: number;
  max?: number;
}
export interface StructureShape {
  kind: 'structure';
  required: readonly string[];
  members: Readonly<Record<string, Shape>>;
}

type Limits = Omit<StringShape, 'kind'>;

export const string = (limits: Limits = {}): StringShape => ({ kind: 'string', ...limits });
export const oneOf = (...values: string[]): StringShape => ({ kind: 'string', values });
export const integer = (min: number, max: number): IntegerShape => ({ kind: 'integer', min, max });
export const list = (of: Shape, size: { min?: number; max?: number } = {}): ListShape => ({
  kind: 'list',
  of,
  ...size,
});
export const map = (key: StringShape, value: Shape, size: { min?: number; max?: number } = {}): MapShape => ({
  kind: 'map',
  key,
  value,
  ...size,
});

/** Members whose name ends in `!` are required. */
export function structure(members: Readonly<Record<string, Shape>>): StructureShape {
  const entries = Object.entries(members);
  return {
    kind: 'structure',
    required: entries.filter(([name]) => name.endsWith('!')).map(([name]) => name.slice(0, -1)),
    members: Object.fromEntries(entries.map(([name, shape]) => [name.replace(/!$/, ''), shape])),
  };
}

export const RESOURCE_ID = string({ max: 64 });
export const ARN_OR_ID = string({ max: 255 });
export const RESOURCE_ARN = string({ min: 1, max: 1011 });
export const ACCOUNT_ID = string({ min: 12, max: 12 });
export const OPERATION_ID = string({ max: 255 });
export const DESCRIPTION = string({ max: 1024 });
export const INSTANCE_ID = string({ max: 64, pattern: /^[0-9a-zA-Z_/:.@-]+$/ });
export const NEXT_TOKEN = string({ max: 4096 });
export const MAX_RESULTS = integer(1, 100);
export const DISCOVER_MAX_RESULTS = integer(1, 1000);
export const TTL = integer(0, 2_147_483_647);

export const NAMESPACE_NAME = string({ max: 1024, pattern: /^[!-~]{1,1024}$/ });
export const NAMESPACE_NAME_HTTP = string({ max: 1024, pattern: /^(?!arn:)[!-~]{1,1024}$/ });
export const NAMESPACE_NAME_PRIVATE = string({ max: 253, pattern: /^(?!arn:)[!-~]{1,253}$/ });
const DNS_LABEL = '[a-zA-Z0-9]([a-zA-Z0-9\\-]{0,61}[a-zA-Z0-9])?';
export const NAMESPACE_NAME_PUBLIC = string({
  max: 253,
  pattern: new RegExp(`^(${DNS_LABEL}\\.)+${DNS_LABEL}$`),
});
const SERVICE_LABEL = '([a-zA-Z0-9_][a-zA-Z0-9\\-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9])';
export const SERVICE_NAME = string({
  pattern: new RegExp(`((?=^.{1,127}$)^${SERVICE_LABEL}(\\.${SERVICE_LABEL})*$)|(^\\.$)`),
});

/** Keys and values of instance attributes: printable ASCII, blanks only inside a value. */
export const ATTRIBUTES = map(
  string({ max: 255, pattern: /^[a-zA-Z0-9!-~]+$/ }),
  string({ max: 1024, pattern: /^([a-zA-Z0-9!-~][ \ta-zA-Z0-9!-~]*)?$/ }),
);
const SERVICE_ATTRIBUTE_KEY = string({ max: 255 });
export const SERVICE_ATTRIBUTES = map(SERVICE_ATTRIBUTE_KEY, string({ max: 1024 }), { min: 1, max: 30 });
export const SERVICE_ATTRIBUTE_KEYS = list(SERVICE_ATTRIBUTE_KEY, { min: 1, max: 30 });

const TAG_KEY = string({ min: 1, max: 128 });
export const TAGS = list(structure({ 'Key!': TAG_KEY, 'Value!': string({ max: 256 }) }), { max: 200 });
export const TAG_KEYS = list(TAG_KEY, { max: 200 });

const SOA = structure({ 'SOA!': structure({ 'TTL!': TTL }) });
export const DNS_PROPERTIES = structure({ 'DnsProperties!': SOA });
export const DNS_RECORDS = list(structure({ 'Type!': oneOf('SRV', 'A', 'AAAA', 'CNAME'), 'TTL!': TTL }));
export const FAILURE_THRESHOLD = integer(1, 10);
export const HEALTH_CHECK_CONFIG = structure({
  'Type!': oneOf('HTTP', 'HTTPS', 'TCP'),
  ResourcePath: string({ max: 255 }),
  FailureThreshold: FAILURE_THRESHOLD,
});

/** `Filters` of a list operation by what can be filtered on. */
export function filters(...names: string[]): ListShape {
  return list(
    structure({
      'Name!': oneOf(...names),
      'Values!': list(string({ min: 1, max: 255 })),
      Condition: oneOf('EQ', 'IN', 'BETWEEN', 'BEGINS_WITH'),
    }),
  );
}
