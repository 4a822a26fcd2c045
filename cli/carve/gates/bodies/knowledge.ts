/** Brings together what is known of bodies: the source's fields, forms of pages, and what somebody who is signed in knows. */
import type { InventoryRoute } from '../../produce.ts';
import { mailed } from '../mail/letters.ts';
import type { BodyKnowledge } from '../requests.ts';
import type { Identity } from '../sign-in/identity.ts';
import type { Form } from '../sign-in/pages.ts';
import { registersAccount } from '../sign-in/routes.ts';
import { valueNamed } from '../sign-in/tokens.ts';
import type { FieldReader, Part } from './read-fields.ts';

export interface SeenSignedIn {
  outcome: { forms: readonly Form[] };
  identity: Identity;
}

const MOST_FORMS = 4;

export function knowledgeOf(
  reader: FieldReader,
  inventory: readonly InventoryRoute[],
  seen: SeenSignedIn | undefined,
): BodyKnowledge {
  const texts = Object.entries(seen?.identity.known ?? {}).map(([path, value]) => ({ path, value }));
  const forms = seen?.outcome.forms ?? [];
  const offered = new Map(
    forms.flatMap(({ fields }) =>
      fields.flatMap(({ name, type, value }) =>
        ['select', 'radio', 'submit'].includes(type) && value !== '' ? [[name, value] as const] : [],
      ),
    ),
  );
  const fieldsOf = (method: string, path: string, part: Part): ReturnType<FieldReader['fieldsOf']> => {
    const route = inventory.find(
      (item) => item.path === path && [method, 'ALL', '*'].includes(item.method.toUpperCase()),
    );
    return route === undefined ? undefined : reader.fieldsOf(route, part);
  };
  return {
    fields: (method, path) => fieldsOf(method, path, 'body'),
    query: (method, path) => fieldsOf(method, path, 'query'),
    forms: (method, url) => {
      const same = forms.filter(
        (form) => form.method === method && sameShape(form.action, url.split('?')[0] ?? ''),
      );
      const by = new Map<string, Form>();
      for (const form of same) {
        const names = form.fields.map(({ name }) => name).join();
        // The one of this very address says the most: it has the values of its own row.
        if (!by.has(names) || form.action === url) by.set(names, form);
      }
      return [...by.values()].slice(0, MOST_FORMS);
    },
    takesForms: forms.length > 0,
    mailed: (field, path) => mailed(seen?.identity.letters ?? [], field, path),
    known: (field, path) =>
      mailed(seen?.identity.letters ?? [], field, path) ??
      (registersAccount(path) && !/token/i.test(field) ? undefined : valueNamed(texts, field)),
    offered: (field) => offered.get(field),
  };
}

/** Two addresses that differ in identifiers only: `/reviews/1/vote` and `/reviews/2/vote`. */
function sameShape(a: string, b: string): boolean {
  const [left, right] = [a.split('/'), b.split('/')];
  if (left.length !== right.length) return false;
  let differing = 0;
  for (const [index, part] of left.entries()) {
    if (part === right[index]) continue;
    if (!/[\d-]/.test(part) || !/[\d-]/.test(right[index] ?? '')) return false;
    differing += 1;
  }
  return differing <= 2;
}
