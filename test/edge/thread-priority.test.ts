import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const MODULE = new URL('../../edge-proxy/thread-priority.ts', import.meta.url).href;

/** Priorities of a process of its own after this: of its main thread, and of V8's helpers by name. */
function after(statement: string, nice = 0): { main: number; helpers: number[]; others: number[] } {
  const script = `
    import { readdirSync, readFileSync } from 'node:fs';
    import { getPriority } from 'node:os';
    import { giveWay, helpersGiveWay } from ${JSON.stringify(MODULE)};
    ${statement};
    const threads = readdirSync('/proc/self/task').map((id) => ({
      id: Number(id),
      name: readFileSync('/proc/self/task/' + id + '/comm', 'utf8').trim(),
    }));
    const of = (wanted) => threads.filter(wanted).map(({ id }) => getPriority(id));
    console.log(JSON.stringify({
      main: getPriority(process.pid),
      helpers: of(({ name }) => name === 'V8Worker'),
      others: of(({ id, name }) => name !== 'V8Worker' && id !== process.pid),
    }));`;
  return JSON.parse(
    execFileSync('nice', ['-n', String(nice), process.execPath, '--input-type=module', '-e', script], {
      encoding: 'utf8',
    }),
  );
}

describe.skipIf(process.platform !== 'linux')('threads that nobody waits for', () => {
  it('give way to the one that answers: V8’s helpers, and no others', () => {
    const before = after('');
    const { main, helpers, others } = after('helpersGiveWay()');
    expect(helpers.length).toBeGreaterThan(0);
    expect(new Set(helpers)).toEqual(new Set([Math.max(before.main, 10)]));
    expect([main, ...others].every((priority) => priority === before.main)).toBe(true);
  });

  it('stay where they are in a process that gives way by itself', () => {
    const { main, helpers } = after('helpersGiveWay(); giveWay()', 15);
    expect(main).toBeGreaterThanOrEqual(15);
    expect(helpers.every((priority) => priority === main)).toBe(true);
  });

  it('give way one by one: a thread that says so does, and the rest of its process does not', () => {
    const before = after('');
    const { main, helpers } = after(`
      const { Worker } = await import('node:worker_threads');
      const worker = new Worker(
        \`import { giveWay } from ${JSON.stringify(MODULE)}; giveWay(); setInterval(() => {}, 1000);
         const { parentPort } = await import('node:worker_threads'); parentPort.postMessage('given way');\`,
        { eval: true, type: 'module' },
      );
      worker.unref();
      await new Promise((resolve) => worker.once('message', resolve))`);
    expect([main, ...helpers].every((priority) => priority === before.main)).toBe(true);
  });
});
