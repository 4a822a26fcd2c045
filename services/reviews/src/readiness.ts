import { prisma } from './database.ts';

export interface Readiness {
  /** Set when the instance is about to end: it still serves, but wants no new traffic. */
  draining: boolean;
}

/** How long the database may take to answer before the instance calls itself unhealthy, in ms. */
const patience = 2000;

/** Whether the database answers now. */
export async function databaseAnswers(): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), patience);
  });
  const query = prisma.$queryRaw`SELECT 1`.then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([query, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
