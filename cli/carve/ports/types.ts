/** Types as text: which names they need, and the same types without names that are not there. */
import { eachChild, type Node } from '../../analysis/syntax/ast.ts';

/** What TypeScript and Node know everywhere. */
const everywhere = new Set(
  `Array ArrayBuffer AsyncGenerator AsyncIterable AsyncIterator Awaited BigInt Boolean Buffer Capitalize Date Error
  Exclude Extract Function Generator InstanceType Iterable IterableIterator Iterator Lowercase Map NodeJS
  NonNullable Number Object Omit OmitThisParameter Parameters Partial Pick Promise PromiseLike PropertyKey
  Readonly ReadonlyArray ReadonlyMap ReadonlySet Record RegExp Required ReturnType Set String Symbol ThisType
  Uint8Array Uncapitalize Uppercase URL WeakMap WeakSet const globalThis undefined`.split(/\s+/),
);

/** A reference in a type to something that is declared elsewhere. */
export interface TypeReference {
  /** The first part of its name: `Prisma` of `Prisma.Decimal`. For `import('x').Y`: undefined. */
  name: string | undefined;
  /** For `import('x').Y`: `x`. */
  request: string | undefined;
  start: number;
  end: number;
}

/** References below `node` in the order of the text, without globals and the parameters of the types themselves. */
export function typeReferences(node: Node, declared: ReadonlySet<string> = new Set()): TypeReference[] {
  const found: TypeReference[] = [];
  const visit = (at: Node, known: ReadonlySet<string>): void => {
    const inside = withParameters(at, known);
    const name =
      at.type === 'TSTypeReference'
        ? leftmost(at.typeName as Node)
        : at.type === 'TSTypeQuery'
          ? leftmost(at.exprName as Node)
          : at.type === 'TSInterfaceHeritage' || at.type === 'TSClassImplements'
            ? leftmost(at.expression as Node)
            : undefined;
    if (at.type === 'TSImportType') {
      found.push({ name: undefined, request: at.source.value, start: at.start, end: at.end });
    } else if (name !== undefined && !inside.has(name) && !everywhere.has(name)) {
      found.push({ name, request: undefined, start: at.start, end: at.end });
    }
    eachChild(at, (child) => visit(child, inside));
  };
  visit(node, declared);
  return found;
}

function withParameters(node: Node, known: ReadonlySet<string>): ReadonlySet<string> {
  const names: string[] = [];
  const { typeParameters } = node as { typeParameters?: { params?: { name?: { name?: string } }[] } | null };
  for (const parameter of typeParameters?.params ?? [])
    if (parameter.name?.name !== undefined) names.push(parameter.name.name);
  if (node.type === 'TSMappedType') {
    const { key } = node as { key?: { name?: string } };
    if (key?.name !== undefined) names.push(key.name);
  }
  if (node.type === 'TSConditionalType') {
    const inferred = (at: Node): void => {
      if (at.type === 'TSInferType') names.push((at.typeParameter.name as { name: string }).name);
      eachChild(at, inferred);
    };
    inferred(node.extendsType as Node);
  }
  return names.length === 0 ? known : new Set([...known, ...names]);
}

function leftmost(name: Node): string | undefined {
  let at: Node = name;
  for (;;) {
    if (at.type === 'Identifier') return at.name;
    if (at.type === 'TSQualifiedName') at = at.left as Node;
    else if (at.type === 'MemberExpression') at = at.object as Node;
    else return undefined;
  }
}

/** `text` (whose references have these offsets plus `base`) with `any` for each reference that `gone` tells of. */
export function withAny(
  text: string,
  references: readonly TypeReference[],
  base: number,
  gone: (reference: TypeReference) => boolean,
): string {
  let result = '';
  let at = base;
  for (const reference of references) {
    if (reference.start < at || !gone(reference)) continue;
    result += `${text.slice(at - base, reference.start - base)}any`;
    at = reference.end;
  }
  return result + text.slice(at - base);
}
