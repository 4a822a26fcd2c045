/** A share for people: `3.1 %`, `< 0.01 %`. */
export function percent(share: number): string {
  if (share > 0 && share < 0.0001) return '< 0.01 %';
  const value = share * 100;
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(value < 1 ? 2 : 1)} %`;
}
