import type { ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import { type MirrorCall, MirrorClient, type MirrorClientOptions } from './mirror-client.ts';
import { Turns } from './turns.ts';

/** Sends copies over so many connections to each target: the time that a copy waits for one of them is not the target's. */
export class CopySender {
  readonly #client: MirrorClient;
  readonly #turns: Turns;

  constructor(options: MirrorClientOptions, now: () => number) {
    this.#client = new MirrorClient(options);
    this.#turns = new Turns(options.connectionsPerOrigin, now);
  }

  /** Never rejects: what goes wrong is an answer too. `expired`: no connection came free within `mayWaitMs`, so it was not sent. */
  send(call: MirrorCall, mayWaitMs: number): Promise<ShadowAnswer | 'expired'> {
    return new Promise((resolve) => {
      this.#turns.take(call.origin, mayWaitMs, (inTime) => {
        if (inTime) return this.#client.send(call).then(resolve);
        resolve('expired');
        return undefined;
      });
    });
  }

  /** What is on its way ends now, as failed, and nothing is sent any more. */
  stop(): void {
    this.#client.stop();
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
