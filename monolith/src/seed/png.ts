import { crc32, deflateSync } from 'node:zlib';

/** A PNG of one colour with a darker pattern: something to look at that is the same on every machine. */
export function patternPng(size: number, [red, green, blue]: [number, number, number], step: number): Buffer {
  const rows = Buffer.alloc((size * 3 + 1) * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const shade = ((x * y) % (step * 7)) + ((x ^ y) % step);
      const at = y * (size * 3 + 1) + 1 + x * 3;
      rows[at] = Math.max(0, red - shade);
      rows[at + 1] = Math.max(0, green - shade);
      rows[at + 2] = Math.max(0, blue - shade);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}
