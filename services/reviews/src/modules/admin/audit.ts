import type { InputJsonValue } from '../../../generated/internal/prismaNamespace.ts';
import { prisma } from '../../database/client.ts';

/** Notes who did what. */
export async function writeAudit(
  actorId: number | null,
  action: string,
  subject: string,
  details?: InputJsonValue,
): Promise<void> {
  await prisma.auditLog.create({ data: { actorId, action, subject, details } });
}
