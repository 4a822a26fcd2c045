import type { JSONValue } from 'json-p3';
import { ExactNumber, JsonArray, type JsonNode, JsonObject } from '../compare/json/node.ts';
import { parseJson } from '../compare/json/parse.ts';
import { DEAD, type PathState } from '../compare/path-machine.ts';
import { secretKind } from './names.ts';
import { redactPlain } from './plain.ts';
import type { RedactContext } from './redactor.ts';
import { maskValue } from './text.ts';

/** Undefined: the text is not JSON. Everything below a name that is secret is masked; structure and types of the rest stay. */
export function redactJsonText(
  text: string,
  context: RedactContext,
  start?: PathState<true>,
): string | undefined {
  let root: JsonNode;
  try {
    root = parseJson(text);
  } catch {
    return undefined;
  }
  const queried = queriedPlaces(text, context);
  if (queried === undefined) return undefined;
  const state = start ?? context.json?.start ?? DEAD;
  return write(root, state, state.rules.length > 0 ? 'hidden' : undefined, '', queried, context);
}

function write(
  node: JsonNode,
  state: PathState<true>,
  kind: string | undefined,
  place: string,
  queried: ReadonlySet<string>,
  context: RedactContext,
): string {
  const step = (key: string | number, value: JsonNode): string => {
    const next =
      context.json === undefined
        ? DEAD
        : typeof key === 'number'
          ? context.json.element(state, key)
          : context.json.member(state, key);
    const at = queried.size === 0 ? '' : `${place}/${key}`;
    const hidden = next.rules.length > 0 || queried.has(at) ? 'hidden' : kind;
    return write(
      value,
      next,
      hidden ?? (typeof key === 'string' ? secretKind(key) : undefined),
      at,
      queried,
      context,
    );
  };
  if (node instanceof JsonArray) return `[${node.items.map((item, i) => step(i, item)).join(',')}]`;
  if (node instanceof JsonObject) {
    return `{${node.keys.map((key, i) => `${JSON.stringify(redactPlain(key, context))}:${step(key, node.values[i]!)}`).join(',')}}`;
  }
  if (node === null || typeof node === 'boolean') return String(node);
  const text = node instanceof ExactNumber ? node.text : String(node);
  if (kind !== undefined) {
    context.count.add();
    return JSON.stringify(maskValue(kind, text));
  }
  const redacted = redactPlain(text, context);
  if (typeof node === 'string') return JSON.stringify(redactEmbedded(node, redacted, context));
  return redacted === text ? text : JSON.stringify(redacted);
}

/** JSON inside a string of JSON, as queues and logs have it. */
function redactEmbedded(text: string, redacted: string, context: RedactContext): string {
  if (!/^\s*[[{]/.test(text)) return redacted;
  return redactJsonText(text, { ...context, json: undefined, queried: [] }) ?? redacted;
}

/** Places that the plan's queries with filters select. Undefined: that can't be decided, so the caller must not show the document. */
function queriedPlaces(text: string, context: RedactContext): ReadonlySet<string> | undefined {
  const places = new Set<string>();
  if (context.queried.length === 0) return places;
  const plain = JSON.parse(text) as JSONValue;
  for (const query of context.queried) {
    for (const { location } of query.query(plain).nodes)
      places.add(location.map((step) => `/${step}`).join(''));
  }
  return places;
}
