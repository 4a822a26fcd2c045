import type { Site } from '../../interpret/host.ts';
import type { TransactionScope } from '../../interpret/invocation.ts';
import type { Machine } from '../../interpret/machine.ts';
import { members, type Value } from '../../interpret/values.ts';
import type { Access } from '../../model.ts';
import { HOLE } from '../../schema/sql.ts';
import { touchedByArguments } from './nested.ts';

/** Notes a query on the invocation that makes it, and everything its arguments touch besides. */
export function recordQuery(
  vm: Machine,
  model: string,
  operation: string,
  access: Access,
  args: Value | undefined,
  site: Site,
  transaction: TransactionScope | undefined,
  certain: boolean,
): void {
  const { frame, node } = site;
  const { invocation, module } = frame;
  const scope = transaction ?? frame.batch;
  const note = (name: string, kind: Access, by: string): void => {
    const key = `${node.start}:${name}:${kind}`;
    const known = invocation.accesses.get(key);
    if (known !== undefined) {
      // The same query seen on a receiver that is one of several possible clients.
      known.certain ||= certain;
      return;
    }
    invocation.accesses.set(key, {
      model: name,
      operation: by,
      access: kind,
      place: { module, node },
      certain,
      inLoop: frame.loops > 0,
      transaction: scope,
    });
  };
  note(model, access, operation);
  const declared = vm.data.models.get(model);
  if (declared !== undefined) {
    touchedByArguments(vm.data, declared, args, (name, kind) => note(name, kind, `${operation} of ${model}`));
  }
}

/** Notes a raw statement with holes where its text is not known. */
export function recordRaw(
  vm: Machine,
  statement: Value,
  site: Site,
  transaction: TransactionScope | undefined,
): void {
  const { frame, node } = site;
  const place = { module: frame.module, node };
  const texts = members(statement).flatMap((item): string[] => {
    if (item.kind === 'literal' && typeof item.value === 'string') return [item.value];
    if (item.kind === 'template') return [item.parts.map((part) => part ?? HOLE).join('')];
    if (item.kind === 'host' && item.host.type === 'prisma.sql') {
      const text = (item.host as { text?: string }).text;
      return text === undefined ? [] : [text];
    }
    return [];
  });
  if (texts.length === 0) {
    vm.unsettled(
      'raw-sql',
      place,
      `the statement is put together at run time: ${vm.text(frame.module, node)}`,
    );
    return;
  }
  for (const sql of texts) {
    const known = frame.invocation.raw.some((item) => item.sql === sql && item.place.node === node);
    if (!known) frame.invocation.raw.push({ sql, place, transaction: transaction ?? frame.batch });
  }
}
