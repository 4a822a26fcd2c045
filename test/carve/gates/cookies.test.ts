import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookieHeader, storeCookies } from '../../../cli/carve/gates/sign-in/cookies.ts';

const NOW = Date.parse('2026-03-04T05:06:07Z');
const sent = (lines: readonly string[], { set = '/login', asked = '/account' } = {}): string =>
  cookieHeader(storeCookies([], lines, set, NOW), asked);

describe('cookies', () => {
  it('are sent to their path and below, and nowhere else', () => {
    const line = ['a=1; Path=/shop'];
    expect(sent(line, { asked: '/shop' })).toBe('a=1');
    expect(sent(line, { asked: '/shop/cart' })).toBe('a=1');
    expect(sent(line, { asked: '/shopping' })).toBe('');
    expect(sent(line, { asked: '/' })).toBe('');
    expect(sent(['a=1; Path=/shop/'], { asked: '/shop/cart' })).toBe('a=1');
  });
  it.each([
    ['/login', '/account', 'a=1'],
    ['/api/auth/login', '/api/auth/me', 'a=1'],
    ['/api/auth/login', '/api/orders', ''],
  ])('without a path, set by %s, asked by %s: %j', (set, asked, expected) => {
    expect(sent(['a=1'], { set, asked })).toBe(expected);
    expect(sent(['a=1; Path=relative'], { set, asked })).toBe(expected);
    expect(sent(['a=1; Path='], { set, asked })).toBe(expected);
  });
  it.each([
    ['Max-Age=60', 'a=1'],
    ['Max-Age=0', ''],
    ['Max-Age=-1', ''],
    ['Max-Age=soon', 'a=1'],
    ['Expires=Wed, 04 Mar 2026 05:06:06 GMT', ''],
    ['Expires=Wed, 04 Mar 2026 05:06:08 GMT', 'a=1'],
    ['Expires=whenever', 'a=1'],
    ['Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'a=1'],
    ['Expires=Thu, 01 Jan 2099 00:00:00 GMT; max-age=0', ''],
  ])('end as they say, Max-Age before Expires: %s', (attributes, expected) => {
    expect(sent([`a=1; Path=/; ${attributes}`])).toBe(expected);
  });
  it('of the same name and path take each other’s place; an ended one takes the former away', () => {
    const first = storeCookies([], ['a=1; Path=/', 'b=2; Path=/'], '/', NOW);
    expect(cookieHeader(storeCookies(first, ['a=3; Path=/'], '/', NOW), '/')).toBe('b=2; a=3');
    expect(cookieHeader(storeCookies(first, ['a=; Path=/; Max-Age=0'], '/', NOW), '/')).toBe('b=2');
    expect(first).toHaveLength(2);
  });
  it('of longer paths come first', () => {
    expect(sent(['a=1; Path=/', 'a=2; Path=/account'], { asked: '/account' })).toBe('a=2; a=1');
  });
  it('keep what belongs to the value: quotes, equal signs, dots', () => {
    expect(sent(['a="x y"; Path=/', 'b=s%3Aabc.d+e/f==; Path=/'])).toBe('a="x y"; b=s%3Aabc.d+e/f==');
  });
  it('meant for TLS are sent over the loopback too', () => {
    expect(sent(['__Host-sid=1; Path=/; Secure; HttpOnly; SameSite=Strict'])).toBe('__Host-sid=1');
  });
  it('without a name, or longer than browsers keep, are left out; at most 50 are kept', () => {
    expect(sent(['=1; Path=/', 'novalue; Path=/', `a=${'x'.repeat(5000)}; Path=/`])).toBe('');
    const many = Array.from({ length: 80 }, (_, index) => `c${index}=1; Path=/`);
    expect(sent(many).split('; ')).toHaveLength(50);
  });
  it('of any text can be read', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), (lines, path) => {
        for (const { name, path: at } of storeCookies([], lines, path, NOW)) {
          expect(name).not.toBe('');
          expect(at.startsWith('/')).toBe(true);
        }
      }),
    );
  });
});
