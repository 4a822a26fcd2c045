/** One thing that doctor looked at. */
export interface Check {
  name: string;
  status: 'ok' | 'warning' | 'error' | 'skipped';
  /** What was found. */
  message: string;
  /** What repairs it. */
  fix?: string;
}

export const ok = (name: string, message: string): Check => ({ name, status: 'ok', message });
export const warning = (name: string, message: string, fix: string): Check => ({
  name,
  status: 'warning',
  message,
  fix,
});
export const broken = (name: string, message: string, fix: string): Check => ({
  name,
  status: 'error',
  message,
  fix,
});
export const skipped = (name: string, message: string): Check => ({ name, status: 'skipped', message });
