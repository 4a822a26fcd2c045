/**
 * What passes between the service and the monolith: JSON, with a tag for what JSON has no form for. Both sides have the
 * same text of it. A tagged value is an object with the key `$`; a plain object that has such a key itself is tagged too.
 */

/** Deepest nesting that is carried. */
const maxDepth = 100;
/** Most values in one message. */
const maxValues = 1000000;
/** Longest chain of causes of an error. */
const maxCauses = 5;
/** Longest text of a number that JSON can't hold. */
const maxDigits = 5000;

/** A value that can't be carried. `path` tells where in it: `args[0].items[3].save`. */
export interface CodecError extends TypeError {
  code: 'PORT_VALUE';
  path: string;
}

/** How the receiving side makes what needs a class of its own. */
export interface Makers {
  decimal(text: string): unknown;
  error(form: ErrorForm): Error;
}

/** An error as it is carried: without its stack. */
export interface ErrorForm {
  name: string;
  /** Names of its classes, its own first: many classes of errors leave `name` as it is. */
  classes: string[];
  message: string;
  /** Its other own properties, such as `code` and `statusCode`. */
  properties: Record<string, unknown>;
}

function refuse(what: string, path: string): CodecError {
  const error = new TypeError(`${path} is ${what}, which can't be sent over the network`) as CodecError;
  error.code = 'PORT_VALUE';
  error.path = path;
  return error;
}

interface Walk {
  left: number;
  above: Set<unknown>;
}

/** A tree that `JSON.stringify` writes without loss. Throws a CodecError for what can't be carried. */
export function encode(value: unknown, path: string): unknown {
  return write(value, path, { left: maxValues, above: new Set() });
}

function write(value: unknown, path: string, walk: Walk): unknown {
  walk.left -= 1;
  if (walk.left < 0) throw refuse(`more than ${maxValues} values`, path);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) return value;
      return { $: 'number', v: Object.is(value, -0) ? '-0' : String(value) };
    case 'undefined':
      return { $: 'undefined' };
    case 'bigint':
      return { $: 'bigint', v: digits(String(value), path) };
    case 'object':
      break;
    default:
      throw refuse(`a ${typeof value}`, path);
  }
  if (value === null) return null;
  if (walk.above.has(value)) throw refuse('part of itself', path);
  if (walk.above.size >= maxDepth) throw refuse(`nested more than ${maxDepth} deep`, path);
  walk.above.add(value);
  try {
    return writeObject(value as object, path, walk);
  } finally {
    walk.above.delete(value);
  }
}

function writeObject(value: object, path: string, walk: Walk): unknown {
  if (isDecimal(value)) return { $: 'decimal', v: digits(String(value), path) };
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (let at = 0; at < value.length; at += 1) list.push(write(value[at], `${path}[${at}]`, walk));
    return list;
  }
  // Told by its tag: `instanceof` fails for what another realm made, such as a test runner's.
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  switch (tag) {
    case 'Date': {
      const time = (value as Date).getTime();
      return { $: 'date', v: Number.isNaN(time) ? null : time };
    }
    case 'Uint8Array': {
      const bytes = value as Uint8Array;
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return { $: Buffer.isBuffer(value) ? 'buffer' : 'bytes', v: buffer.toString('base64') };
    }
    case 'Map': {
      const pairs: unknown[] = [];
      (value as Map<unknown, unknown>).forEach((item, key) => {
        const at = `${path}<${pairs.length}>`;
        pairs.push([write(key, `${at}.key`, walk), write(item, at, walk)]);
      });
      return { $: 'map', v: pairs };
    }
    case 'Set': {
      const items: unknown[] = [];
      (value as Set<unknown>).forEach((item) => {
        items.push(write(item, `${path}<${items.length}>`, walk));
      });
      return { $: 'set', v: items };
    }
    case 'Error':
      return { $: 'error', v: writeError(value as Error, path, walk, maxCauses) };
    case 'Object':
      return writePlain(value, path, walk);
    default:
      throw refuse(`a ${tag}`, path);
  }
}

function writePlain(value: object, path: string, walk: Walk): unknown {
  const methods = value as { then?: unknown; pipe?: unknown; toJSON?: unknown };
  if (typeof methods.then === 'function') throw refuse('a promise', path);
  if (typeof methods.pipe === 'function') throw refuse('a stream', path);
  // It has a form of its own for JSON, but nobody there could make the object of it again.
  if (typeof methods.toJSON === 'function') {
    const made = (value as { constructor?: { name?: unknown } }).constructor;
    throw refuse(`an object of the class ${String(made?.name || 'without a name')}`, path);
  }
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    if (Object.prototype.propertyIsEnumerable.call(value, symbol))
      throw refuse('an object with a symbol', path);
  }
  const pairs: [string, unknown][] = [];
  for (const key of Object.keys(value)) {
    pairs.push([key, write((value as Record<string, unknown>)[key], `${path}.${key}`, walk)]);
  }
  if (owns(value, '$')) return { $: 'object', v: pairs };
  return plain(pairs);
}

/** An object of these keys and nothing else: `__proto__` is a key like any other. */
function plain(pairs: [string, unknown][]): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [key, value] of pairs) put(made, key, value);
  return made;
}

/** `Object.hasOwn`, which older targets of the compiler do not know. */
export function owns(holder: object, key: string): boolean {
  return Object.getOwnPropertyDescriptor(holder, key) !== undefined;
}

function put(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

function digits(text: string, path: string): string {
  if (text.length > maxDigits) throw refuse(`a number of more than ${maxDigits} digits`, path);
  return text;
}

/** Prisma's Decimal, and decimal.js of which it is made: in a bundle the class may have lost its name. */
function isDecimal(value: object): boolean {
  const it = value as { toFixed?: unknown; toStringTag?: unknown; constructor?: { name?: unknown } };
  if (typeof it.toFixed !== 'function') return false;
  return it.toStringTag === '[object Decimal]' || it.constructor?.name === 'Decimal';
}

const ownOfErrors = ['name', 'message', 'stack', 'cause'];

/** An error for the other side. What of its properties can't be carried is left out. */
export function encodeError(thrown: unknown): unknown {
  const error =
    thrown !== null && typeof thrown === 'object' && typeof (thrown as Error).message === 'string'
      ? (thrown as Error)
      : new Error(`threw ${thrown === null ? 'null' : typeof thrown}: ${String(thrown).slice(0, 200)}`);
  return writeError(error, 'error', { left: 10000, above: new Set() }, maxCauses);
}

function writeError(error: Error, path: string, walk: Walk, causes: number): Record<string, unknown> {
  const properties: [string, unknown][] = [];
  for (const key of Object.keys(error)) {
    if (ownOfErrors.indexOf(key) !== -1) continue;
    try {
      const value = (error as unknown as Record<string, unknown>)[key];
      properties.push([key, write(value, `${path}.${key}`, walk)]);
    } catch {
      // Such as a request or a client that hangs on the error: the error itself matters more.
    }
  }
  // These may be getters of the class.
  for (const key of ['code', 'status', 'statusCode']) {
    const value = (error as unknown as Record<string, unknown>)[key];
    const known = properties.some((pair) => pair[0] === key);
    if (!known && (typeof value === 'string' || typeof value === 'number')) properties.push([key, value]);
  }
  const { cause } = error as { cause?: unknown };
  const carried = causes > 0 && Object.prototype.toString.call(cause) === '[object Error]';
  return {
    name: String(error.name).slice(0, 200),
    classes: classesOf(error),
    message: String(error.message).slice(0, 10000),
    properties: plain(properties),
    cause: carried ? writeError(cause as Error, `${path}.cause`, walk, causes - 1) : null,
  };
}

function classesOf(error: Error): string[] {
  const found: string[] = [];
  let at: unknown = Object.getPrototypeOf(error);
  while (at !== null && at !== undefined && at !== Error.prototype && found.length < 8) {
    const made: unknown = owns(at as object, 'constructor') ? (at as object).constructor : undefined;
    const name: unknown = typeof made === 'function' ? made.name : undefined;
    if (typeof name === 'string' && name !== '') found.push(name.slice(0, 200));
    at = Object.getPrototypeOf(at);
  }
  return found;
}

/** What `encode` was given. Throws a CodecError for what `encode` does not write. */
export function decode(tree: unknown, makers: Makers, path: string): unknown {
  return read(tree, makers, path, 0);
}

function read(tree: unknown, makers: Makers, path: string, depth: number): unknown {
  if (tree === null || typeof tree !== 'object') return tree;
  if (depth > 2 * maxDepth) throw refuse(`nested more than ${maxDepth} deep`, path);
  if (Array.isArray(tree)) return tree.map((item, at) => read(item, makers, `${path}[${at}]`, depth + 1));
  if (owns(tree, '$')) return readTagged(tree as { $: unknown; v?: unknown }, makers, path, depth);
  const made = {};
  for (const key of Object.keys(tree)) {
    put(made, key, read((tree as Record<string, unknown>)[key], makers, `${path}.${key}`, depth + 1));
  }
  return made;
}

function readTagged(tree: { $: unknown; v?: unknown }, makers: Makers, path: string, depth: number): unknown {
  const value = tree.v;
  switch (tree.$) {
    case 'undefined':
      return undefined;
    case 'number':
      if (value === 'NaN' || value === 'Infinity' || value === '-Infinity' || value === '-0')
        return Number(value);
      break;
    case 'bigint':
      if (typeof value === 'string' && value.length <= maxDigits && /^-?\d+$/.test(value))
        return BigInt(value);
      break;
    case 'decimal':
      if (
        typeof value === 'string' &&
        value.length <= maxDigits &&
        /^(-?\d+(\.\d+)?(e[+-]?\d+)?|NaN|-?Infinity)$/i.test(value)
      )
        return makers.decimal(value);
      break;
    case 'date':
      if (value === null) return new Date(Number.NaN);
      if (typeof value === 'number') return new Date(value);
      break;
    case 'buffer':
      if (typeof value === 'string') return Buffer.from(value, 'base64');
      break;
    case 'bytes':
      if (typeof value === 'string') return new Uint8Array(Buffer.from(value, 'base64'));
      break;
    case 'map':
      return new Map(readPairs(value, makers, path, depth));
    case 'set':
      if (!Array.isArray(value)) break;
      return new Set(value.map((item, at) => read(item, makers, `${path}<${at}>`, depth + 1)));
    case 'object': {
      const made = {};
      for (const [key, item] of readPairs(value, makers, path, depth)) put(made, String(key), item);
      return made;
    }
    case 'error':
      return decodeError(value, makers, path, maxCauses);
    default:
  }
  throw refuse('of an unknown form', path);
}

function readPairs(value: unknown, makers: Makers, path: string, depth: number): [unknown, unknown][] {
  if (!Array.isArray(value)) throw refuse('of an unknown form', path);
  return value.map((pair: unknown, at): [unknown, unknown] => {
    if (!Array.isArray(pair) || pair.length !== 2) throw refuse('of an unknown form', `${path}<${at}>`);
    const key = read(pair[0], makers, `${path}<${at}>.key`, depth + 1);
    return [key, read(pair[1], makers, `${path}<${at}>`, depth + 1)];
  });
}

/** The error that `encodeError` was given, made by `makers.error`. */
export function decodeError(tree: unknown, makers: Makers, path: string, causes: number = maxCauses): Error {
  const form = tree as {
    name?: unknown;
    classes?: unknown;
    message?: unknown;
    properties?: unknown;
    cause?: unknown;
  } | null;
  if (form === null || typeof form !== 'object') throw refuse('of an unknown form', path);
  if (typeof form.name !== 'string' || typeof form.message !== 'string' || causes < 0)
    throw refuse('of an unknown form', path);
  const properties = read(form.properties, makers, `${path}.properties`, 1);
  const error = makers.error({
    name: form.name,
    classes: Array.isArray(form.classes)
      ? form.classes.filter((item): item is string => typeof item === 'string')
      : [],
    message: form.message,
    properties: (properties !== null && typeof properties === 'object' ? properties : {}) as Record<
      string,
      unknown
    >,
  });
  if (form.cause !== null && form.cause !== undefined) {
    Object.defineProperty(error, 'cause', {
      value: decodeError(form.cause, makers, `${path}.cause`, causes - 1),
      writable: true,
      enumerable: false,
      configurable: true,
    });
  }
  return error;
}
