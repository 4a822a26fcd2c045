import { request } from 'node:http';
import { startEdgeCandidate } from '../contenders.ts';
import { type Running, residentBytes, startNode } from '../processes.ts';
import type { Figure } from './figure.ts';

/** Before memory is looked at: what any transfer needs is there. Bytes. */
const WARM_UP = 64 * 1024 * 1024;

/** How far resident memory of the edge rises above where it stood while `bytes` go through it, one way and the other. */
export async function measureTransfer(bytes: number): Promise<Figure[]> {
  const running: Running[] = [];
  try {
    const origin = await startNode('origin', 'origin.ts', { BENCH_AS_ORIGIN: '1' });
    running.push(origin);
    const edge = await startEdgeCandidate('edge', {}, origin.port);
    running.push(edge);
    const figures: Figure[] = [];
    for (const [way, transfer] of [
      ['down', download],
      ['up', upload],
    ] as const) {
      await transfer(edge.port, WARM_UP);
      const before = residentBytes(edge.pid);
      let peak = before;
      const timer = setInterval(() => {
        peak = Math.max(peak, residentBytes(edge.pid));
      }, 20);
      const startedAt = performance.now();
      const arrived = await transfer(edge.port, bytes);
      clearInterval(timer);
      if (arrived !== bytes) throw new Error(`${arrived} of ${bytes} bytes arrived on the way ${way}`);
      const seconds = (performance.now() - startedAt) / 1_000;
      figures.push({
        name: `${(bytes / 1e9).toFixed(1)} GB ${way}: growth of resident memory`,
        value: (peak - before) / 1e6,
        unit: 'MB',
        atLeast: 64,
        aim: 16,
        note: `from ${(before / 1e6).toFixed(0)} MB; ${(bytes / 1e6 / seconds).toFixed(0)} MB/s`,
      });
    }
    return figures;
  } finally {
    for (const each of running.reverse()) await each.stop();
  }
}

function download(port: number, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: `/stream?bytes=${bytes}` }, (answer) => {
      let received = 0;
      answer.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      answer.once('end', () => resolve(received));
      answer.once('error', reject);
    })
      .once('error', reject)
      .end();
  });
}

function upload(port: number, bytes: number): Promise<number> {
  const piece = Buffer.alloc(65_536, 'u');
  return new Promise((resolve, reject) => {
    const sent = request(
      { port, host: '127.0.0.1', path: '/upload', method: 'POST', headers: { 'content-length': bytes } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.once('end', () => resolve((JSON.parse(text) as { received: number }).received));
        answer.once('error', reject);
      },
    );
    sent.once('error', reject);
    let left = bytes;
    const go = (): void => {
      while (left > 0) {
        const part = left >= piece.length ? piece : piece.subarray(0, left);
        left -= part.length;
        if (!sent.write(part)) {
          sent.once('drain', go);
          return;
        }
      }
      sent.end();
    };
    go();
  });
}
