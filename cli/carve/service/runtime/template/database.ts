/** Stands in for the application's Prisma client while these templates are checked. Resolves when the database answers. */
export async function ping(): Promise<void> {}

/** Closes the connections. */
export async function disconnect(): Promise<void> {}
