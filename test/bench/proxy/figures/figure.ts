/** A figure of the Aim table, as it came out. Ratios, bytes or counts: `unit` says which. */
export interface Figure {
  name: string;
  value: number;
  unit: '×' | 'MB' | 'KB' | 'failed';
  atLeast: number;
  aim: number;
  /** How it was measured, and what else is worth knowing. */
  note: string;
}

export function verdict({ value, atLeast, aim }: Figure): 'aim met' | 'met' | 'MISSED' {
  if (value <= aim) return 'aim met';
  return value <= atLeast ? 'met' : 'MISSED';
}
