import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Bytes of one log file; one older generation is kept beside it (`.1`). */
const FILE_LIMIT = 4 * 1024 * 1024;
const LINE_LIMIT = 4096;
const LAST_LINES = 40;

/** What a part writes: appended to a file of bounded size, with the last lines at hand. */
export class PartLog {
  readonly path: string;
  readonly #onLine: ((line: string) => void) | undefined;
  #file: number;
  #size: number;
  #rest = '';
  #last: string[] = [];

  constructor(path: string, onLine?: (line: string) => void) {
    this.path = path;
    this.#onLine = onLine;
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(path, 'a', 0o600);
    this.#size = statSync(path).size;
  }

  /** Takes a piece of output as it comes. */
  write(chunk: Buffer | string): void {
    const text = chunk.toString();
    this.#append(text);
    const lines = (this.#rest + text).split('\n');
    // A line that never ends is cut: memory stays bounded whatever the part prints.
    this.#rest = (lines.pop() ?? '').slice(0, LINE_LIMIT);
    for (const line of lines) this.#line(line);
  }

  lastLines(count: number): string[] {
    return [...this.#last, ...(this.#rest === '' ? [] : [this.#rest])].slice(-count);
  }

  close(): void {
    if (this.#file === -1) return;
    closeSync(this.#file);
    this.#file = -1;
  }

  #line(line: string): void {
    const cut = line.replace(/\r$/, '').slice(0, LINE_LIMIT);
    this.#last.push(cut);
    if (this.#last.length > LAST_LINES) this.#last = this.#last.slice(-LAST_LINES);
    this.#onLine?.(cut);
  }

  #append(text: string): void {
    if (this.#file === -1) return;
    if (this.#size > FILE_LIMIT) {
      closeSync(this.#file);
      renameSync(this.path, `${this.path}.1`);
      this.#file = openSync(this.path, 'a', 0o600);
      this.#size = 0;
    }
    this.#size += writeSync(this.#file, text);
  }
}
