/** `3.1 %`, with as many digits as say something: a share that is not zero never shows as 0 %. */
export function percent(share: number): string {
  if (share === 0) return '0 %';
  const value = share * 100;
  if (value < 0.01) return '< 0.01 %';
  if (value < 1) return `${trimmed(value.toFixed(2))} %`;
  if (value < 10) return `${trimmed(value.toFixed(1))} %`;
  return `${Math.round(value)} %`;
}

/** `12 345` with narrow spaces. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

/** `850 µs`, `12 ms`, `1.4 s`. */
export function milliseconds(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (value < 10) return `${trimmed(value.toFixed(1))} ms`;
  if (value < 1000) return `${Math.round(value)} ms`;
  return `${trimmed((value / 1000).toFixed(1))} s`;
}

/** `2026-03-01 12:30:05 UTC`, or a dash. */
export function instant(iso: string | null | undefined): string {
  if (iso === null || iso === undefined || iso === '') return '–';
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

function trimmed(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}
