/**
 * Exit codes that scripts branch on. Also the categories of every error that the toolkit raises on purpose.
 */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  gateRefused: 3,
  unauthorised: 4,
  conflict: 5,
  timeout: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Where a finding is: a file, and, where there is one, line and column (both from 1). */
export interface Place {
  file: string;
  line?: number;
  column?: number;
}

export interface StranglerErrorOptions {
  /** What the user can do about it, as a sentence or a command to type. */
  remedy?: string;
  place?: Place;
  exitCode?: ExitCode;
  /** HTTP status when the error is answered to a client of an HTTP API. */
  status?: number;
  /** Several findings reported as one error, such as all mistakes of one plan file. */
  findings?: readonly Finding[];
  cause?: unknown;
}

/** One mistake among several that are reported together. */
export interface Finding {
  code: string;
  message: string;
  severity: 'error' | 'warning';
  place?: Place;
  remedy?: string;
}

/**
 * An error that a person can act on. It is shown as code, place, message and remedy, never with a stack trace.
 * Anything else that is thrown is a defect of the toolkit and is reported as such.
 */
export class StranglerError extends Error {
  override readonly name = 'StranglerError';
  /** Stable, upper-case, prefixed by the part that raises it, such as `PLAN_UNKNOWN_KEY`. */
  readonly code: string;
  readonly remedy: string | undefined;
  readonly place: Place | undefined;
  readonly exitCode: ExitCode;
  readonly status: number;
  readonly findings: readonly Finding[];

  constructor(code: string, message: string, options: StranglerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
    this.place = options.place;
    this.exitCode = options.exitCode ?? EXIT.failed;
    this.status = options.status ?? 500;
    this.findings = options.findings ?? [];
  }
}

/** `file:line:column` in the form that editors and terminals make clickable. */
export function formatPlace(place: Place): string {
  const { file, line, column } = place;
  if (line === undefined) return file;
  return column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
}
