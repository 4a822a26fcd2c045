/** Handing a buffer over to another thread costs more than copying a small one. Bytes. */
const COPIED_BYTES = 16_384;

/** Bodies that are handed over instead of copied: each captured answer owns its buffer. */
export function ownBuffers(answers: readonly (object | undefined)[]): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  for (const answer of answers) {
    const body = answer !== undefined && 'body' in answer ? answer.body : undefined;
    if (body instanceof Uint8Array && body.length > COPIED_BYTES) buffers.push(body.buffer as ArrayBuffer);
  }
  return buffers;
}
