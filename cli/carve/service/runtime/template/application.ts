import { createServer } from 'node:http';

/** Stands in for the monolith's application while these templates are checked; a carved service gets its own file. */
export async function createApplication() {
  const server = createServer();
  return { server, listen: async (_options: unknown) => undefined, close: async () => undefined };
}
