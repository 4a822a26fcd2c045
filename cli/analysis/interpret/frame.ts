import type { Env } from './env.ts';
import type { Invocation, TransactionScope } from './invocation.ts';
import type { ModuleState } from './modules.ts';
import type { ClassValue, Value } from './values.ts';

/** The state of one evaluation in progress. */
export interface Frame {
  readonly invocation: Invocation;
  readonly module: ModuleState;
  env: Env;
  self: Value | undefined;
  home: ClassValue | undefined;
  /** Joined over all return statements. */
  returned: Value | undefined;
  /** How many loops enclose the current place, callbacks of array methods included. */
  loops: number;
  /** The batch transaction whose array is being evaluated. */
  batch: TransactionScope | undefined;
}

/** The same frame in an inner scope. */
export function within<T>(frame: Frame, env: Env, run: () => T): T {
  const outer = frame.env;
  frame.env = env;
  try {
    return run();
  } finally {
    frame.env = outer;
  }
}

export function inLoop<T>(frame: Frame, run: () => T): T {
  frame.loops += 1;
  try {
    return run();
  } finally {
    frame.loops -= 1;
  }
}
