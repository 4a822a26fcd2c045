import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const COPIES = 500;
/** Of each copy's headers. Bytes. */
const HEADER = 10_000;

const module = (path: string): string =>
  JSON.stringify(new URL(`../../edge-proxy/${path}.ts`, import.meta.url).href);

/** By how much the heap of a process of its own has grown after so many copies and small collections alone. Bytes. */
async function growth(): Promise<number> {
  const script = `
    import { createServer } from 'node:http';
    import { MirrorClient } from ${module('shadow/mirror-client')};
    import { ByteBudget } from ${module('shadow/queue')};
    const server = createServer((_, response) => response.end('{}'));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = new MirrorClient({ connectionsPerOrigin: 4, budget: new ByteBudget(1e6) });
    const send = (index) => client.send({
      origin: 'http://127.0.0.1:' + server.address().port, method: 'GET', url: '/', maxBodyBytes: 1000, timeoutMs: 5000,
      headers: ['X-Filler', String(index).padStart(${HEADER}, 'x')],
    });
    const used = async () => {
      for (let round = 0; round < 4; round += 1) {
        await new Promise(setImmediate);
        gc({ type: 'minor' });
      }
      return process.memoryUsage().heapUsed;
    };
    for (let index = 0; index < 50; index += 1) await send(index);
    gc();
    const before = await used();
    for (let index = 0; index < ${COPIES}; index += 1) {
      const answer = await send(index);
      if (answer.status !== 200) throw new Error(JSON.stringify(answer));
      if (index % 25 === 0) await used();
    }
    console.log((await used()) - before);
    process.exit();`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    '--input-type=module',
    '-e',
    script,
  ]);
  return Number(stdout);
}

// What waits for a full collection costs one, and until then each small one has to move it twice.
describe('a copy that is over', () => {
  it('leaves nothing behind that a small collection could not free', async () => {
    expect(await growth()).toBeLessThan((COPIES * HEADER) / 4);
  });
});
