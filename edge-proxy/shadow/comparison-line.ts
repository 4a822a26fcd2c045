import type { MessagePort } from 'node:worker_threads';
import type { ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import type { Plan } from '../../migration-plans/plan/plan.ts';
import { Batch } from './batch.ts';
import type { ComparisonJob, FromDesk, ToDesk } from './comparison-desk.ts';
import { KeyedOnce } from './keyed-once.ts';
import { BATCH_MOST, BATCH_MS } from './limits.ts';
import { ownBuffers } from './transfer.ts';

/** The mirroring thread's end of the line to the one that compares. */
export class ComparisonLine {
  #port: MessagePort | undefined;
  readonly #plans = new KeyedOnce<Plan>();
  /** Who waits for a reply, by the copy's id. */
  #waiting: (((suspicious: boolean | undefined) => void) | undefined)[] = [];
  readonly #messages = new Batch<ToDesk>((messages) => this.#post(messages), BATCH_MS, BATCH_MOST);

  /** Goes on over this port; what the other end of the last one has not answered is lost. */
  connect(port: MessagePort): void {
    const last = this.#port;
    this.#port = port;
    this.#lose();
    last?.close();
    port.on('message', (replies: FromDesk[]) => {
      if (this.#port === port) for (const { id, suspicious } of replies) this.#settle(id, suspicious);
    });
    port.on('close', () => {
      if (this.#port !== port) return;
      this.#port = undefined;
      this.#lose();
    });
  }

  /**
   * Whether the comparison is suspicious: then `confirm` must follow. False: it is filed. Undefined: it was lost.
   *
   * @param urgent whether somebody waits for it
   */
  compare(id: number, plan: Plan, job: ComparisonJob, urgent: boolean): Promise<boolean | undefined> {
    return this.#ask({ type: 'compare', id, planKey: this.#plans.keyOf(plan), job }, urgent);
  }

  /** False: it is filed. Undefined: it was lost. */
  confirm(id: number, again: ShadowAnswer | undefined): Promise<boolean | undefined> {
    return this.#ask({ type: 'confirm', id, again }, false);
  }

  #ask(message: ToDesk & { id: number }, urgent: boolean): Promise<boolean | undefined> {
    if (this.#port === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting[message.id] = resolve;
      this.#messages.add(message, urgent);
    });
  }

  #post(messages: ToDesk[]): void {
    const plans = this.#plans.takeNew().map(([key, plan]): ToDesk => ({ type: 'plan', key, plan }));
    this.#port?.postMessage([...plans, ...messages], ownBuffers(messages.flatMap(answersIn)));
  }

  #settle(id: number, suspicious: boolean | undefined): void {
    const settle = this.#waiting[id];
    this.#waiting[id] = undefined;
    settle?.(suspicious);
  }

  #lose(): void {
    this.#messages.clear();
    this.#plans.clear();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const settle of waiting) settle?.(undefined);
  }
}

function answersIn(message: ToDesk): (ShadowAnswer | undefined)[] {
  if (message.type === 'confirm') return [message.again];
  return message.type === 'compare' ? [message.job.left, message.job.right, message.job.probe] : [];
}
