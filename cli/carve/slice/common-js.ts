/** Reading CommonJS: what a statement exports, what a declaration requires. */
import type { Node } from '../../analysis/syntax/ast.ts';
import { unwrap } from '../../analysis/syntax/ast.ts';

export type Exported =
  /** `exports.name = …`, `module.exports.name = …` */
  | { kind: 'one'; name: string; value: Node }
  /** `module.exports = { a, b: … }` */
  | { kind: 'list'; properties: { key: string; node: Node; value: Node }[] }
  /** `module.exports = …` */
  | { kind: 'whole'; value: Node };

/** What a top-level statement exports in CommonJS, if it does. */
export function commonExport(node: Node): Exported | undefined {
  if (node.type !== 'ExpressionStatement' || node.expression.type !== 'AssignmentExpression')
    return undefined;
  const { left, right } = node.expression;
  if (left.type !== 'MemberExpression' || left.computed || left.property.type !== 'Identifier')
    return undefined;
  const { object, property } = left;
  if (object.type === 'Identifier' && object.name === 'exports')
    return { kind: 'one', name: property.name, value: right };
  if (object.type === 'MemberExpression' && isModuleExports(object))
    return { kind: 'one', name: property.name, value: right };
  if (!isModuleExports(left)) return undefined;
  // `exports = module.exports = x`
  const value = right.type === 'AssignmentExpression' ? right.right : right;
  if (value.type !== 'ObjectExpression') return { kind: 'whole', value };
  const properties = value.properties.map((item) =>
    item.type === 'Property' && !item.computed && item.key.type === 'Identifier'
      ? { key: item.key.name, node: item, value: item.value }
      : undefined,
  );
  return properties.every((item) => item !== undefined) && properties.length > 0
    ? { kind: 'list', properties }
    : { kind: 'whole', value };
}

function isModuleExports(node: Node): boolean {
  return (
    node.type === 'MemberExpression' &&
    !node.computed &&
    node.object.type === 'Identifier' &&
    node.object.name === 'module' &&
    node.property.type === 'Identifier' &&
    node.property.name === 'exports'
  );
}

/** The literal request of `require('…')` or `import('…')`; a statement that only does this counts too. */
export function requestOf(node: Node): string | undefined {
  const inner = node.type === 'ExpressionStatement' ? unwrap(node.expression) : node;
  if (inner.type === 'ImportExpression')
    return inner.source.type === 'Literal' && typeof inner.source.value === 'string'
      ? inner.source.value
      : undefined;
  if (
    inner.type !== 'CallExpression' ||
    inner.callee.type !== 'Identifier' ||
    inner.callee.name !== 'require'
  )
    return undefined;
  const [request] = inner.arguments;
  return request?.type === 'Literal' && typeof request.value === 'string' ? request.value : undefined;
}

export interface RequiredName {
  local: string;
  request: string;
  /** Name on the other side; `*` for all of it. */
  imported: string;
  /** What to remove when the name is not needed: a declarator, or a property of its pattern. */
  declarator: Node;
  property: Node | undefined;
}

/** The names of a declaration that is nothing but `require`; undefined for any other. */
export function requiredNames(node: Node): RequiredName[] | undefined {
  if (node.type !== 'VariableDeclaration') return undefined;
  const names: RequiredName[] = [];
  for (const declarator of node.declarations) {
    const { id, init } = declarator;
    if (init === null) return undefined;
    const call = unwrap(init);
    const direct = requestOf(call);
    const member =
      direct === undefined &&
      call.type === 'MemberExpression' &&
      !call.computed &&
      call.property.type === 'Identifier'
        ? { request: requestOf(unwrap(call.object)), name: call.property.name }
        : undefined;
    const request = direct ?? member?.request;
    if (request === undefined) return undefined;
    if (id.type === 'Identifier') {
      names.push({
        local: id.name,
        request,
        imported: member?.name ?? '*',
        declarator,
        property: undefined,
      });
      continue;
    }
    if (id.type !== 'ObjectPattern' || member !== undefined) return undefined;
    for (const property of id.properties) {
      if (property.type !== 'Property' || property.computed || property.key.type !== 'Identifier')
        return undefined;
      const target = property.value.type === 'AssignmentPattern' ? property.value.left : property.value;
      if (target.type !== 'Identifier') return undefined;
      names.push({ local: target.name, request, imported: property.key.name, declarator, property });
    }
  }
  return names.length === 0 ? undefined : names;
}
