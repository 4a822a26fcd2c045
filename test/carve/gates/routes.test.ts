import { describe, expect, it } from 'vitest';
import {
  csrfRoutes,
  destroys,
  endsSession,
  loginRoutes,
  registersAccount,
  registrationRoutes,
} from '../../../cli/carve/gates/sign-in/routes.ts';

const place = { file: 'a.js', line: 1, registered: { file: 'a.js', line: 1 } };
const routes = (...labels: string[]) =>
  labels.map((label) => {
    const [method = '', path = ''] = label.split(' ');
    return { method, path, ...place };
  });
const paths = (found: readonly { path: string }[]): string[] => found.map(({ path }) => path);

describe('routes that register accounts', () => {
  it.each([
    '/register',
    '/api/v1/auth/sign-up',
    '/signup',
    '/users/registration',
    '/auth/local/register',
    '/createAccount',
    '/join',
    '/users',
    '/api/customers',
    '/inscription',
  ])('%s is one', (path) => {
    expect(paths(registrationRoutes(routes(`POST ${path}`)))).toEqual([path]);
  });
  it.each([
    'GET /register',
    'DELETE /users',
    'POST /users/:id',
    'POST /users/invite',
    'POST /register/google',
    'POST /oauth/register',
    'POST /auth/register/verify',
    'POST /auth/resendRegistration',
    'POST /newsletter/signup',
    'POST /orders',
    'POST /admin/*',
  ])('%s is none', (label) => {
    expect(registrationRoutes(routes(label))).toEqual([]);
  });
  it('that say so come before collections of accounts, short ones before long ones', () => {
    const all = routes(
      'POST /users',
      'POST /api/v2/auth/register',
      'POST /register',
      'POST /register/company',
    );
    expect(paths(registrationRoutes(all))).toEqual([
      '/register',
      '/api/v2/auth/register',
      '/register/company',
      '/users',
    ]);
  });
  it('are told although their path holds a word of another kind by chance', () => {
    const all = routes('POST /lessons/register', 'POST /presets/signup');
    expect(paths(registrationRoutes(all))).toEqual(['/lessons/register', '/presets/signup']);
  });
});

describe('routes that let accounts in', () => {
  it.each([
    '/login',
    '/api/auth/sign-in',
    '/session',
    '/sessions',

    '/auth',
    '/users/logIn',
  ])('%s is one', (path) => {
    const expected = path.startsWith('/oauth') ? [] : [path];
    expect(paths(loginRoutes(routes(`POST ${path}`)))).toEqual(expected);
  });
  it.each([
    'GET /login',
    'POST /logout',
    'POST /log-out',
    'POST /auth/signOut',
    'POST /auth/forgot-password/login',
    'POST /forgotPassword',
    'POST /passwordReset/login',
    'POST /login/google',
    'POST /saml/login',
    'POST /auth/refresh',
    'POST /auth/refreshToken',
    'POST /login/2fa',
    'POST /login/magic-link',
    'POST /auth/verify-email',
    'POST /login/:provider',
    'POST /plugins',
  ])('%s is none', (label) => {
    expect(loginRoutes(routes(label))).toEqual([]);
  });
  it('the plainest comes first, at most six', () => {
    const all = routes(
      'POST /tokens',
      'POST /admin/back-office/login',
      'POST /login',
      ...Array.from({ length: 9 }, (_, index) => `POST /tenant${index}/area/login`),
    );
    const found = paths(loginRoutes(all));
    expect(found[0]).toBe('/login');
    expect(found).toHaveLength(6);
    expect(found).not.toContain('/tokens');
  });
});

describe('what else a path says', () => {
  it('routes that give what protects forms: readings with a path of their own, at most two', () => {
    const all = routes('GET /csrf-token', 'POST /csrf', 'GET /xsrf/:id', 'GET /api/csrf', 'GET /csrf/again');
    expect(paths(csrfRoutes(all))).toEqual(['/csrf-token', '/api/csrf']);
  });
  it.each([
    ['POST', '/logout', true],
    ['GET', '/sign-out', true],
    ['POST', '/auth/logoutAll', true],
    ['DELETE', '/sessions', true],
    ['DELETE', '/users/me', true],
    ['POST', '/account/delete', true],
    ['GET', '/account', false],
    ['DELETE', '/orders/1', false],
    ['GET', '/catalog-outlet', false],
    ['POST', '/login', false],
  ])('%s %s ends a session: %s', (method, path, expected) => {
    expect(endsSession({ method, path })).toBe(expected);
  });
  it('what takes something away by POST, and what makes an account', () => {
    expect(destroys({ path: '/cart/clear' })).toBe(true);
    expect(destroys({ path: '/cart/clearance' })).toBe(false);
    expect(registersAccount('/users/:id')).toBe(true);
    expect(registersAccount('/users/:id/orders')).toBe(false);
  });
});
