import type { Ledger } from './ledger.ts';

/** Shows the tour as it happens: a line a step, live counters below on a terminal, plain lines otherwise. */
export class Screen {
  readonly #ledger: Ledger;
  readonly #startedAt = performance.now();
  readonly #live = process.stdout.isTTY === true;
  #timer: NodeJS.Timeout | undefined;
  #counters = '';

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** A new step. */
  step(title: string): void {
    this.#ledger.step = title;
    this.line(`\n${this.#clock()}  ${this.#bold(title)}`);
  }

  line(text: string): void {
    this.#clear();
    process.stdout.write(`${text}\n`);
    this.#draw();
  }

  detail(text: string): void {
    for (const line of text.trimEnd().split('\n')) this.line(`         ${line}`);
  }

  countLive(): void {
    if (!this.#live) return;
    this.#timer = setInterval(() => {
      this.#clear();
      this.#draw();
    }, 250);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#clear();
  }

  #draw(): void {
    if (this.#timer === undefined) return;
    const { requests } = this.#ledger;
    this.#counters = `         ${requests} requests, ${this.#ledger.failures().length} failed, ${this.#ledger.writes.length} reviews written`;
    process.stdout.write(this.#counters);
  }

  #clear(): void {
    if (this.#counters !== '') process.stdout.write('\r\x1b[K');
    this.#counters = '';
  }

  #clock(): string {
    const seconds = Math.floor((performance.now() - this.#startedAt) / 1000);
    return `[${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}]`;
  }

  #bold(text: string): string {
    return this.#live && process.env.NO_COLOR === undefined ? `\x1b[1m${text}\x1b[22m` : text;
  }
}
