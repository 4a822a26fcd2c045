import { Type } from 'typebox';

/**
 * Units as people write them in YAML. A number without its unit is refused: `timeout: 5` has cost enough people an evening.
 * Each unit is a schema type and its parser, so that editors and the loader accept the same texts.
 */
const DURATION = '^(0|\\d{1,9}(\\.\\d{1,3})?(ms|s|m|h))$';
const SIZE = '^\\d{1,9}(\\.\\d{1,3})?(B|KiB|MiB|GiB|KB|MB|GB)$';
const SHARE = '^\\d{1,3}(\\.\\d{1,2})?%$';

interface Described {
  description: string;
  default?: string;
  examples?: string[];
}

/** `says` names the value in messages: "a duration such as 5s". */
export const Duration = (options: Described) =>
  Type.Unsafe<string | 0>({
    // YAML reads a bare 0 as a number: the only one that needs no unit.
    type: ['string', 'integer'],
    pattern: DURATION,
    minimum: 0,
    maximum: 0,
    says: 'a duration such as 250ms, 5s, 2m or 1h',
    ...options,
  });

export const Size = (options: Described) =>
  Type.String({ pattern: SIZE, says: 'a size such as 512B, 64KiB or 1MiB', ...options });

export const Share = (options: Described) =>
  Type.String({ pattern: SHARE, says: 'a share such as 25% or 0.1%', ...options });

const DURATION_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const SIZE_BYTES: Record<string, number> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Milliseconds. The text has passed its schema. */
export function parseDuration(text: string | 0): number {
  if (text === '0' || text === 0) return 0;
  const unit = /[a-z]+$/.exec(text)?.[0] ?? 'ms';
  return Math.round(Number.parseFloat(text) * DURATION_MS[unit]!);
}

/** Bytes. The text has passed its schema. */
export function parseSize(text: string): number {
  const unit = /[A-Za-z]+$/.exec(text)?.[0] ?? 'B';
  return Math.round(Number.parseFloat(text) * SIZE_BYTES[unit]!);
}

/** Basis points; beyond 10 000 for more than 100 %, which rules refuse. The text has passed its schema. */
export function parseShare(text: string): number {
  return Math.round(Number.parseFloat(text) * 100);
}

/** `1500` as `1.5s`, in the unit that keeps it short. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0';
  for (const unit of ['h', 'm', 's'] as const) {
    const value = ms / DURATION_MS[unit]!;
    if (value >= 1 && Number.isInteger(value * 10)) return `${value}${unit}`;
  }
  return `${ms}ms`;
}

export function formatSize(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    const value = bytes / SIZE_BYTES[unit]!;
    if (value >= 1 && Number.isInteger(value * 10)) return `${value}${unit}`;
  }
  return `${bytes}B`;
}

export function formatShare(basisPoints: number): string {
  return `${basisPoints / 100}%`;
}
