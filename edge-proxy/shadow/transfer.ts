/** Handing a buffer over to another thread costs more than copying a small one. Bytes. */
const COPIED_BYTES = 16_384;

/** Bodies that are handed over instead of copied: each captured answer owns its buffer. */
export function ownBuffers(answers: readonly (object | undefined)[]): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  for (const answer of answers as readonly ({ body?: Uint8Array | undefined } | undefined)[]) {
    if ((answer?.body?.length ?? 0) > COPIED_BYTES) buffers.push(answer?.body?.buffer as ArrayBuffer);
  }
  return buffers;
}
