/** A made-up account, and the bodies that register it and let it in. Pure. */
import type { Form } from './pages.ts';
import { isCsrfName } from './pages.ts';

export interface Credentials {
  email: string;
  username: string;
  password: string;
}

/** Of nobody, and the same in each carve, so that what is recorded is the same. The password pleases most rules. */
export function credentialsOf(name: string): Credentials {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '') || 'user';
  return { email: `carve.${plain}@example.com`, username: `carve${plain}`, password: 'Carve-gate-1' };
}

/** A value by the name of its field; undefined: the name says nothing. */
export function credentialFor(field: string, of: Credentials): string | undefined {
  const name = field.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (/pass|pwd|secret$/.test(name)) return of.password;
  if (/mail/.test(name)) return of.email;
  if (/^(?:user|username|login|handle|nick|nickname|identifier|account|accountname|screenname)$/.test(name))
    return name === 'identifier' || name === 'login' ? of.email : of.username;
  if (/^(?:first|given|fore)name$/.test(name)) return 'Carve';
  if (/^(?:last|family|sur)name$/.test(name)) return 'Sample';
  if (/name$/.test(name)) return 'Carve Sample';
  if (/phone|mobile|^tel/.test(name)) return '+15550100009';
  if (/birth|^dob$/.test(name)) return '1990-01-01';
  return undefined;
}

const ACCEPTED = /terms|accept|agree|privacy|consent|tos/i;

/** The fields of a form as somebody would fill it in; what protects it is added when it is sent. */
export function filledForm(form: Form, of: Credentials): Record<string, string> {
  const filled: Record<string, string> = {};
  for (const { name, type, value } of form.fields) {
    if (isCsrfName(name)) continue;
    const own = type === 'hidden' ? undefined : credentialFor(name, of);
    filled[name] = own ?? (value !== '' ? value : ACCEPTED.test(name) ? 'on' : '');
  }
  return filled;
}

export type Purpose = 'register' | 'login';

/** Bodies to try where nothing is known of the route, the smallest first: strict validation refuses what it does not know. */
export function usualBodies(purpose: Purpose, of: Credentials): Record<string, unknown>[] {
  const { email, username, password } = of;
  const names = { name: 'Carve Sample', firstName: 'Carve', lastName: 'Sample' };
  if (purpose === 'login')
    return [
      { email, password },
      { username, password },
      { login: email, password },
      { identifier: email, password },
      { user: { email, password } },
      { username: email, password },
    ];
  const again = {
    passwordConfirmation: password,
    confirmPassword: password,
    password_confirmation: password,
  };
  return [
    { email, password },
    { email, password, name: names.name },
    { username, password },
    { username, email, password },
    { email, password, firstName: names.firstName, lastName: names.lastName },
    { user: { username, email, password } },
    { email, username, password, ...again, ...names, terms: true, acceptTerms: true },
  ];
}
