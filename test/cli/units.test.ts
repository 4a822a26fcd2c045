import { describe, expect, it } from 'vitest';
import {
  agoText,
  durationText,
  listenUrl,
  parseCount,
  parseDuration,
  parseListen,
  parsePercent,
} from '../../cli/terminal/units.ts';

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1 h', 3_600_000],
    ['0s', 0],
  ])('reads %s', (text, ms) => expect(parseDuration(text, '--timeout')).toBe(ms));

  it.each(['5', '', 's', '-1s', '1y', '1s2', '1e3s'])('refuses "%s", naming the option', (text) =>
    expect(() => parseDuration(text, '--timeout')).toThrow(/--timeout wants a duration/),
  );
});

describe('percentages', () => {
  it.each([
    ['5', 500],
    ['5%', 500],
    ['0.25 %', 25],
    ['100', 10_000],
    ['0', 0],
    ['33.33', 3333],
  ])('reads %s', (text, bp) => expect(parsePercent(text, '--weight')).toBe(bp));

  it.each(['101', '-1', 'half', '', '1e1', '0.001'])('refuses "%s"', (text) =>
    expect(() => parsePercent(text, '--weight')).toThrow(/--weight/),
  );
});

describe('addresses', () => {
  it.each([
    ['127.0.0.1:80', '127.0.0.1', 80],
    ['[::1]:8080', '::1', 8080],
    [':8080', '127.0.0.1', 8080],
    ['8080', '127.0.0.1', 8080],
    ['edge.internal:0', 'edge.internal', 0],
  ])('reads %s', (text, host, port) => expect(parseListen(text, '--listen')).toEqual({ host, port }));

  it.each(['127.0.0.1', '127.0.0.1:70000', '::1:80', 'a b:80', ''])('refuses "%s"', (text) =>
    expect(() => parseListen(text, '--listen')).toThrow(/--listen wants HOST:PORT/),
  );

  it('names an address that can be visited', () => {
    expect(listenUrl({ host: '0.0.0.0', port: 1 })).toBe('http://127.0.0.1:1');
    expect(listenUrl({ host: '::', port: 1 })).toBe('http://[::1]:1');
  });
});

it('counts within bounds only', () => {
  expect(parseCount('7', '--limit', 1, 10)).toBe(7);
  for (const text of ['0', '11', '1.5', '-1', 'x', ''])
    expect(() => parseCount(text, '--limit', 1, 10)).toThrow(/--limit wants a whole number from 1 to 10/);
});

it('tells times as people do', () => {
  expect([830, 2400, 60_000, 185_000, 7_260_000, 300_000_000].map(durationText)).toEqual([
    '830 ms',
    '2.4 s',
    '1 min 0 s',
    '3 min 5 s',
    '2 h 1 min',
    '3 days',
  ]);
  expect(agoText('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:00:12Z'))).toBe('12 s ago');
});
