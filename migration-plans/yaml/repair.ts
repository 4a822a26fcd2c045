import type { ErrorObject } from 'ajv';

/** Times that the result is checked again: a repair can uncover a mistake below it. */
const ROUNDS = 5;

type Container = Record<string, unknown> | unknown[];

/**
 * A copy of a value in which what breaks the schema is taken out or made harmless, so that the rules beyond the schema can look at the
 * rest: a person wants to hear of all mistakes at once. Undefined: too little is left.
 * A list is cut before its first wrong item, so that the places of the items before it still hold.
 */
export function repaired(value: unknown, errorsOf: (value: unknown) => readonly ErrorObject[]): unknown {
  const copy = structuredClone(value);
  for (let round = 0; round < ROUNDS; round += 1) {
    const errors = errorsOf(copy);
    if (errors.length === 0) return copy;
    for (const error of errors) repair(copy, error);
  }
  return undefined;
}

function repair(root: unknown, error: ErrorObject): void {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (error.keyword === 'additionalProperties') {
    const holder = at(root, path);
    if (isContainer(holder)) remove(holder, String(error.params.additionalProperty));
    return;
  }
  const key = path.pop();
  const holder = at(root, path);
  if (key === undefined || !isContainer(holder)) return;
  if (error.keyword === 'enum') set(holder, key, (error.schema as unknown[])[0]);
  else if (error.keyword === 'const') set(holder, key, error.schema);
  else remove(holder, key);
}

function at(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const key of path) {
    if (!isContainer(value) || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

function set(holder: Container, key: string, value: unknown): void {
  if (Object.hasOwn(holder, key)) (holder as Record<string, unknown>)[key] = value;
}

function remove(holder: Container, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key));
  else delete holder[key];
}
