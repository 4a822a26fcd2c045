import { CloudMapError, invalidInput } from './errors.ts';
import type { Shape, StringShape, StructureShape } from './shapes.ts';

/** The most violations that one message tells, so that a hostile input can't make an endless one. */
const MAX_TOLD = 10;

/**
 * Checks an input against its shape and returns a copy with the known members only.
 *
 * A value of the wrong JSON type is a `SerializationException`, a value outside its constraints an `InvalidInput` that tells all
 * violations in the words of AWS. Members that the model doesn't know are dropped, as AWS does. `null` is an absent value.
 *
 * @throws CloudMapError
 */
export function validate(input: unknown, shape: StructureShape): Record<string, unknown> {
  const violations: string[] = [];
  const checked = check(input, shape, '', violations);
  if (violations.length > 0) {
    const plural = violations.length === 1 ? 'error' : 'errors';
    const told = violations.slice(0, MAX_TOLD).join('; ');
    throw invalidInput(`${violations.length} validation ${plural} detected: ${told}`);
  }
  return checked as Record<string, unknown>;
}

function check(value: unknown, shape: Shape, path: string, violations: string[]): unknown {
  switch (shape.kind) {
    case 'string':
      if (typeof value !== 'string') throw wrongType(value, path, 'a String');
      checkString(value, shape, path, violations);
      return value;
    case 'integer':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(value, path, 'an Integer');
      if (value < shape.min) violations.push(violation(value, path, `greater than or equal to ${shape.min}`));
      if (value > shape.max) violations.push(violation(value, path, `less than or equal to ${shape.max}`));
      return value;
    case 'list': {
      if (!Array.isArray(value)) throw wrongType(value, path, 'a List');
      checkSize(value.length, shape, path, violations);
      return value.map((item, index) => {
        if (item === null) throw wrongType(item, `${path}.${index + 1}.member`, 'a member');
        return check(item, shape.of, `${path}.${index + 1}.member`, violations);
      });
    }
    case 'map': {
      const entries = Object.entries(objectAt(value, path)).filter(([, item]) => item !== null);
      checkSize(entries.length, shape, path, violations);
      // fromEntries defines own properties, so a key such as __proto__ stays data
      return Object.fromEntries(
        entries.map(([key, item]) => {
          checkString(key, shape.key, path, violations);
          return [key, check(item, shape.value, `${path}.${key}.member`, violations)];
        }),
      );
    }
    case 'structure': {
      const object = objectAt(value, path);
      const checked: Record<string, unknown> = {};
      for (const [name, member] of Object.entries(shape.members)) {
        const at = path === '' ? lowerFirst(name) : `${path}.${lowerFirst(name)}`;
        const given = Object.hasOwn(object, name) ? object[name] : undefined;
        if (given !== undefined && given !== null) checked[name] = check(given, member, at, violations);
        else if (shape.required.includes(name)) {
          violations.push(`Value null at '${at}' failed to satisfy constraint: Member must not be null`);
        }
      }
      return checked;
    }
  }
}

function checkString(value: string, shape: StringShape, path: string, violations: string[]): void {
  const { min, max, pattern, values } = shape;
  const fail = (rule: string) => violations.push(violation(value, path, rule));
  if (min !== undefined && value.length < min) fail(`have length greater than or equal to ${min}`);
  if (max !== undefined && value.length > max) fail(`have length less than or equal to ${max}`);
  else if (pattern && !pattern.test(value)) fail(`satisfy regular expression pattern: ${pattern.source}`);
  if (values && !values.includes(value)) fail(`satisfy enum value set: [${values.join(', ')}]`);
}

function checkSize(
  size: number,
  shape: { min?: number; max?: number },
  path: string,
  violations: string[],
): void {
  if (shape.min !== undefined && size < shape.min) {
    violations.push(violation(size, path, `have length greater than or equal to ${shape.min}`));
  }
  if (shape.max !== undefined && size > shape.max) {
    violations.push(violation(size, path, `have length less than or equal to ${shape.max}`));
  }
}

function violation(value: string | number, path: string, rule: string): string {
  const text = String(value);
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  const verb = /^(have|satisfy) /.test(rule) ? rule : `have value ${rule}`;
  return `Value '${shown}' at '${path}' failed to satisfy constraint: Member must ${verb}`;
}

function objectAt(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(value, path, 'a Structure');
  }
  return value as Record<string, unknown>;
}

function wrongType(value: unknown, path: string, wanted: string): CloudMapError {
  const kind = value === null ? 'NULL' : Array.isArray(value) ? 'LIST' : (typeof value).toUpperCase();
  const where = path === '' ? '' : ` at '${path}'`;
  return new CloudMapError(
    'SerializationException',
    `${kind}_VALUE${where} can not be converted to ${wanted}`,
  );
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
