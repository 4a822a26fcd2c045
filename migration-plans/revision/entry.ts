/**
 * The entry of a record under a name, only if it is the record's own: names come from command lines and files, and `constructor` is a
 * legal name of a capability that every object seems to have.
 */
export function entryOf<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
