/** Size of one read from a socket: what the system hands over at once, in bytes. */
export const READ_BYTES = 65_536;

/**
 * One buffer for what all connections read: reading and parsing a piece is one synchronous step, so nobody else can be in it. Small
 * pieces are copied out of it, which is cheaper than a buffer of their own.
 */
export const scratch: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);

const FREE_LIMIT = 64;
const free: Buffer[] = [];

/** A buffer that large bodies are read into and passed on without copying. */
export function takeBuffer(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
}

/** Nobody looks into it any more. Reusing them keeps memory flat however much flows through. */
export function giveBuffer(buffer: Buffer): void {
  if (buffer !== scratch && free.length < FREE_LIMIT) free.push(buffer);
}
