import { describe, expect, it } from 'vitest';
import {
  credentialFor,
  credentialsOf,
  filledForm,
  usualBodies,
} from '../../../cli/carve/gates/sign-in/credentials.ts';

const of = credentialsOf('Customer 1');

describe('made-up credentials', () => {
  it('are the same each time, of nobody, and differ by name', () => {
    expect(of).toEqual({
      email: 'carve.customer1@example.com',
      username: 'carvecustomer1',
      password: 'Carve-gate-1',
    });
    expect(credentialsOf('admin').email).not.toBe(of.email);
    expect(credentialsOf('—').email).toBe('carve.user@example.com');
  });
  it('have a password that usual rules take', () => {
    for (const rule of [/^.{8,64}$/, /[a-z]/, /[A-Z]/, /\d/, /[^\w]/]) expect(of.password).toMatch(rule);
  });
  it.each([
    ['email', of.email],
    ['user[emailAddress]', of.email],
    ['identifier', of.email],
    ['userName', of.username],
    ['nick', of.username],
    ['password', of.password],
    ['confirm_password', of.password],
    ['pwd', of.password],
    ['first_name', 'Carve'],
    ['surname', 'Sample'],
    ['displayName', 'Carve Sample'],
    ['phoneNumber', '+15550100009'],
    ['dob', '1990-01-01'],
    ['rating', undefined],
    ['constructor', undefined],
  ])('%s is filled in with %s', (field, expected) => {
    expect(credentialFor(field, of)).toBe(expected);
  });
});

describe('a form', () => {
  it('is filled in as a person would; what protects it is left to whoever sends it', () => {
    const field = (name: string, type: string, value = '') => ({ name, type, value });
    const filled = filledForm(
      {
        action: '/join',
        method: 'POST',
        fields: [
          field('_csrf', 'hidden', 'x'),
          field('plan', 'hidden', 'basic'),
          field('email', 'hidden', 'kept@example.com'),
          field('mail', 'email'),
          field('password', 'password'),
          field('acceptTerms', 'checkbox'),
          field('country', 'select', 'DE'),
          field('remark', 'text'),
        ],
      },
      of,
    );
    expect(filled).toEqual({
      plan: 'basic',
      email: 'kept@example.com',
      mail: of.email,
      password: of.password,
      acceptTerms: 'on',
      country: 'DE',
      remark: '',
    });
  });
});

describe('usual bodies', () => {
  it('begin with the smallest, as strict validation refuses what it does not know', () => {
    for (const purpose of ['login', 'register'] as const) {
      const [first] = usualBodies(purpose, of);
      expect(first).toEqual({ email: of.email, password: of.password });
      expect(usualBodies(purpose, of).every((body) => JSON.stringify(body).includes(of.password))).toBe(true);
    }
  });
});
