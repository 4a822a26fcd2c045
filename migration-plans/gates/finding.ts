import type { GateFinding } from '../revision/revision.ts';

/** A requirement that must be reached. */
export function atLeast(rule: string, required: number, seen: number, message: string): GateFinding {
  return { rule, met: seen >= required, message, required, seen };
}

/** A limit that must not be passed. No value is not a good value: then the gate is not met. */
export function atMost(rule: string, required: number, seen: number | null, message: string): GateFinding {
  return {
    rule,
    met: seen !== null && seen <= required,
    message,
    required,
    seen: seen === null ? null : round(seen),
  };
}

/** Basis points of a share, for findings. */
export function toBp(share: number): number {
  return share * 10_000;
}

/** Basis points in words, as plans write them: 12 is `0.12 %`. What is not zero never reads as zero. */
export function bpWords(bp: number): string {
  return bp > 0 && bp < 1 ? '< 0.01 %' : `${round(bp / 100)} %`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
