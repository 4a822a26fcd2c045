import type { Column } from '../../../cli/carve/gates/catalog.ts';

/** A column as PostgreSQL's catalog describes it: required, with no default. */
export const column = (name: string, type: string, more: Partial<Column> = {}): Column => ({
  name,
  type,
  length: undefined,
  scale: undefined,
  precision: undefined,
  array: false,
  required: true,
  default: undefined,
  automatic: false,
  labels: [],
  ...more,
});
