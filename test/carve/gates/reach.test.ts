import { describe, expect, it } from 'vitest';
import { judgeTrial } from '../../../cli/carve/gates/judge.ts';
import { reachOf } from '../../../cli/carve/gates/reach.ts';
import { routeFinder } from '../../../cli/carve/gates/route-finder.ts';
import { turnsAway } from '../../../cli/carve/gates/sign-in/refusals.ts';
import type { ShadowAnswer } from '../../../migration-plans/compare/answer.ts';

const answer = (status: number, location?: string): ShadowAnswer => ({
  status,
  rawHeaders: location === undefined ? [] : ['Location', location],
  body: Buffer.alloc(0),
  bodyHash: undefined,
  bodyBytes: 0,
  headMs: 1,
  totalMs: 1,
});
const trial = (given: ShadowAnswer, as?: string, url = '/a') =>
  judgeTrial({
    request: { name: 'a row', method: 'GET', url, headers: {}, body: null, ...(as !== undefined && { as }) },
    monolith: given,
    again: given,
    service: given,
  });
const reach = (...trials: ReturnType<typeof trial>[]) =>
  reachOf(trials, ['GET /a'], ({ method, url }) => `${method} ${url}`)[0];

describe('how far answers reach', () => {
  it('says who had success, each once, and all statuses in order', () => {
    expect(
      reach(trial(answer(404)), trial(answer(200)), trial(answer(201), 'admin'), trial(answer(200))),
    ).toEqual({
      route: 'GET /a',
      reached: 'success',
      as: ['nobody', 'admin'],
      statuses: [200, 201, 404],
      why: '',
    });
  });
  it('to be sent to the login is no success; to be sent elsewhere is one', () => {
    expect(reach(trial(answer(302, '/login?next=/a')))?.reached).toBe('refused');
    expect(reach(trial(answer(303, '/loans')))?.reached).toBe('success');
    expect(reach(trial(answer(302, '/blog/login-tips')))?.reached).toBe('success');
  });
  it.each<[string, Parameters<typeof trial>[]]>([
    ['it asks who is calling, and nobody was signed in', [[answer(401)], [answer(404)]]],
    ['it asks who is calling, and nobody was signed in', [[answer(302, '/login')]]],
    ['it asks for rights that nobody who was signed in has', [[answer(401)], [answer(403), 'customer']]],
    ['no made-up request is what it takes', [[answer(401)], [answer(422), 'customer']]],
    ['the monolith limits how often it may be asked', [[answer(429)]]],
    ['the monolith itself answers with an error', [[answer(500)], [answer(404)]]],
    ['no made-up row is what it looks for', [[answer(404)], [answer(410)]]],
    ['the monolith gave no answer', [[{ failure: 'timeout', message: 'late', totalMs: 1 }]]],
    ['it was only refused', [[answer(418)]]],
  ])('why not: %s', (why, trials) => {
    expect(reach(...trials.map((one) => trial(...one)))).toMatchObject({ reached: 'refused', as: [], why });
  });
  it('a route that nothing was sent to was not reached', () => {
    expect(reach()).toMatchObject({
      reached: 'not-reached',
      statuses: [],
      why: expect.stringContaining('path'),
    });
    expect(reachOf([], ['GET /a'], () => '', true)[0]?.why).toBe('none of the given requests is for it');
  });
});

describe('being turned away', () => {
  it.each([
    [401, undefined, true],
    [403, undefined, true],
    [302, '/login', true],
    [302, 'https://shop.example/account/sign-in?to=x', true],
    [303, '/orders/1', false],
    [302, undefined, false],
    [404, undefined, false],
    [200, '/login', false],
    [302, '/search?q=/login', false],
  ])('%s to %s: %s', (status, location, expected) => {
    expect(turnsAway(status, location)).toBe(expected);
  });
});

describe('the route of a request', () => {
  const routeOf = routeFinder([
    { method: 'GET', path: '/books/:id' },
    { method: 'GET', path: '/books/new' },
    { method: 'ALL', path: '/files/*' },
    { method: 'GET', path: '/a.b(c)' },
  ]);
  it.each([
    ['GET', '/books/7?x=1', 'GET /books/:id'],
    ['GET', '/books/new', 'GET /books/new'],
    ['GET', '/books/7/', 'GET /books/:id'],
    ['POST', '/books/7', 'POST /books/7'],
    ['GET', '/books/7/pages', 'GET /books/7/pages'],
    ['DELETE', '/files/a/b', 'ALL /files/*'],
    ['GET', '/a.b(c)', 'GET /a.b(c)'],
    ['GET', '/aXb(c)', 'GET /aXb(c)'],
  ])('%s %s is %s', (method, url, expected) => {
    expect(routeOf({ name: '', method, url, headers: {}, body: null })).toBe(expected);
  });
});
