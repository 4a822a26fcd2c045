import { afterEach } from 'vitest';

interface Closable {
  close(): Promise<unknown>;
}

/** Closes whatever a test opened, the last first. Call once per file, outside of tests. */
export function keeper(): <T extends Closable>(starting: Promise<T> | T) => Promise<T> {
  const open: Closable[] = [];
  afterEach(async () => {
    for (const part of open.splice(0).reverse()) await part.close();
  });
  return async (starting) => {
    const part = await starting;
    open.push(part);
    return part;
  };
}
