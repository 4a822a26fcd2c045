import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { prisma } from '../../database/client.ts';
import { idOf } from '../../helpers.ts';
import { legacyError } from '../../plugins/errors.ts';
import { requireStaff } from '../../plugins/session.ts';
import { writeAudit } from '../admin/audit.ts';

/** What the first bytes of a file say that it is. */
function imageTypeOf(data: Buffer): string | undefined {
  if (data.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])))
    return 'image/png';
  if (data.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'image/jpeg';
  if (data.subarray(0, 4).toString() === 'GIF8') return 'image/gif';
  return undefined;
}

/** Uploading and removing pictures (multipart form, field `image`). */
export default async function catalogAdmin(app: FastifyInstance) {
  app.addHook('preHandler', requireStaff);

  app.post<{ Params: { id: string } }>('/products/:id/images', async (request, reply) => {
    const product = await prisma.product.findUnique({ where: { id: idOf(request.params.id) ?? 0 } });
    if (!product) return legacyError(reply, 404, 'product not found');
    const file = request.isMultipart() ? await request.file() : undefined;
    if (!file) return legacyError(reply, 400, 'image is missing');
    const data = await file.toBuffer();
    const contentType = imageTypeOf(data);
    if (!contentType) return legacyError(reply, 415, 'only PNG, JPEG and GIF');
    const hash = createHash('sha256').update(data).digest('hex');
    const bytes = new Uint8Array(data);
    await prisma.imageBlob.upsert({
      where: { hash },
      create: { hash, contentType, size: data.length, data: bytes },
      update: {},
    });
    const position = await prisma.productImage.count({ where: { productId: product.id } });
    const image = await prisma.productImage.create({
      data: { productId: product.id, blobHash: hash, alt: file.filename.slice(0, 100), position },
    });
    await writeAudit(request.customer!.id, 'image.uploaded', `product:${product.id}`, { bytes: data.length });
    return reply
      .code(201)
      .send({ success: true, id: image.id, url: `/images/${image.id}`, bytes: data.length });
  });

  app.post<{ Params: { id: string } }>('/images/:id/delete', async (request, reply) => {
    const id = idOf(request.params.id) ?? 0;
    const { count } = await prisma.productImage.deleteMany({ where: { id } });
    if (count === 0) return legacyError(reply, 404, 'image not found');
    return { success: true };
  });
}
