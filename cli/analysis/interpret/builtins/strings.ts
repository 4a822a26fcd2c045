/** Methods of strings, computed where everything is known. */
import { native } from '../host.ts';
import { array } from '../patterns.ts';
import { type Literal, literal, type Primitive, UNKNOWN, type Value } from '../values.ts';

const PURE = new Set([
  'toLowerCase',
  'toUpperCase',
  'trim',
  'trimStart',
  'trimEnd',
  'slice',
  'substring',
  'substr',
  'concat',
  'startsWith',
  'endsWith',
  'includes',
  'indexOf',
  'lastIndexOf',
  'charAt',
  'padStart',
  'padEnd',
  'repeat',
  'replace',
  'replaceAll',
  'at',
  'toString',
  'split',
]);
const LIMIT = 4096;

const bound = new WeakMap<Literal, Map<string, Value>>();

export function stringMethod(text: Literal, key: string): Value | undefined {
  if (!PURE.has(key) || typeof text.value !== 'string') return undefined;
  const own = text.value;
  let known = bound.get(text);
  if (known === undefined) {
    known = new Map();
    bound.set(text, known);
  }
  let value = known.get(key);
  if (value === undefined) {
    value = native(`string.${key}`, (vm, { args, site }) => {
      const plain: Primitive[] = [];
      for (const [at, arg] of args.entries()) {
        const pattern =
          at === 0 && (key === 'replace' || key === 'split' || key === 'replaceAll')
            ? regularExpression(vm.text(site.frame.module, site.node, 400))
            : undefined;
        if (arg.kind === 'literal') plain.push(arg.value);
        else if (pattern !== undefined) plain.push(pattern as never);
        else return UNKNOWN;
      }
      if (key === 'repeat' && Number(plain[0]) > 100) return UNKNOWN;
      const result = (own as unknown as Record<string, (...rest: Primitive[]) => unknown>)[key]?.(...plain);
      if (Array.isArray(result)) {
        const parts = result.map((part) => literal(String(part)));
        return site.frame.env.site(
          site.node,
          () => array(parts, false),
          `${key} ${own.slice(0, 80)} ${parts.length}`,
        );
      }
      if (typeof result === 'string' && result.length > LIMIT) return UNKNOWN;
      return literal(result as Primitive);
    });
    known.set(key, value);
  }
  return value;
}

/** A simple regular expression written as the first argument of a call: anything that could run long is left alone. */
function regularExpression(call: string): RegExp | undefined {
  const found = /\.(?:replace|replaceAll|split)\(\s*\/((?:\\.|[^/\\])+)\/([gimsuy]*)/.exec(call);
  const [, source, flags] = found ?? [];
  if (source === undefined || source.length > 60 || /[+*}][^)]*\)[+*{]/.test(source)) return undefined;
  try {
    return new RegExp(source, flags);
  } catch {
    // Not a pattern of this engine: the result stays unknown.
    return undefined;
  }
}
