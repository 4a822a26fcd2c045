import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { closing, evidence, json, serve, start } from './pipeline-harness.ts';

/** The threads in the order in which they were started: the one that mirrors, then the one that compares. */
function threads(): Worker[] {
  const started: Worker[] = [];
  const note = (worker: Worker): void => void started.push(worker);
  process.on('worker', note);
  closing.push(() => void process.off('worker', note));
  return started;
}

describe('a thread that dies', () => {
  /** A service whose first answer is held until the test lets it go. */
  async function holding() {
    const asked = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    let first = true;
    const service = await serve((request, response) => {
      if (!first) return json({ id: 1 })(request, response);
      first = false;
      asked.resolve();
      void held.promise.then(() => json({ id: 1 })(request, response));
    });
    return { service, asked: asked.promise, release: held.resolve };
  }

  it.each([
    ['mirrors', 0],
    ['compares', 1],
  ])('while it %s loses what it had, which is counted, and another goes on', async (_does, index) => {
    const started = threads();
    const { service, asked, release } = await holding();
    const harness = start(service, service);
    harness.userReads({ id: 1 });
    await asked;
    await started[index]!.terminate();
    release();
    await harness.settled();
    for (let i = 0; i < 3; i += 1) harness.userReads({ id: 1 });
    await harness.settled();
    expect(evidence(harness).funnel['GET /items/:id']).toMatchObject({
      ...{ sampled: 4, sent: 4, completed: 4, compared: 3, equal: 3 },
      dropped: { 'compare-failed': 1 },
    });
    expect(harness.shadow.stats()).toMatchObject({ active: 0, bytesHeld: 0, workerCrashes: 1 });
    expect(started).toHaveLength(3);
  });

  it('leaves differences that waited for a second look behind, and they are not counted twice', async () => {
    const started = threads();
    const held = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const service = await serve(json({ id: 2 }));
    const monolith = await serve((request, response) => {
      asked.resolve();
      void held.promise.then(() => json({ id: 1 })(request, response));
    });
    const harness = start(monolith, service);
    harness.userReads({ id: 1 });
    await asked.promise;
    await started[0]!.terminate();
    held.resolve();
    await harness.settled();
    harness.userReads({ id: 1 });
    await harness.settled();
    const { funnel, clusters } = evidence(harness);
    expect(funnel['GET /items/:id']).toMatchObject({ compared: 1, dropped: { 'compare-failed': 1 } });
    expect(clusters.find(({ kind }) => kind === 'value')).toMatchObject({ seen: 1 });
  });

  it('is started before the first copy once something is mirrored', async () => {
    const started = threads();
    const monolith = await serve(json({}));
    start(monolith, monolith).shadow.start();
    await expect.poll(() => started.length).toBe(2);
  });
});

describe('closing', () => {
  it('counts what was on its way as lost to it, and nothing twice', async () => {
    const asked = Promise.withResolvers<void>();
    const service = await serve(() => asked.resolve());
    const harness = start(service, service, { limits: { concurrency: 1 } });
    harness.userReads({});
    harness.userReads({});
    await asked.promise;
    await harness.shadow.close(0);
    expect(evidence(harness).funnel['GET /items/:id']).toMatchObject({
      ...{ sampled: 2, sent: 1, compared: 0 },
      dropped: { shutdown: 2 },
    });
    expect(harness.shadow.stats()).toMatchObject({ queued: 0, active: 0, bytesHeld: 0 });
  });

  it('starts no thread any more for a revision that comes too late', async () => {
    const started = threads();
    const monolith = await serve(json({}));
    const { shadow } = start(monolith, monolith);
    await shadow.close(0);
    shadow.start();
    await new Promise(setImmediate);
    expect(started).toEqual([]);
  });

  it('waits for what is still to be sent, as long as it may', async () => {
    const service = await serve(json({ id: 1 }));
    const harness = start(service, service, { limits: { concurrency: 2 } });
    for (let i = 0; i < 20; i += 1) harness.userReads({ id: 1 });
    await harness.shadow.close(20_000);
    expect(evidence(harness).funnel['GET /items/:id']).toMatchObject({ sampled: 20, equal: 20, dropped: {} });
  });
});
