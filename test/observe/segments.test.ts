import { describe, expect, it } from 'vitest';
import { readSegment, redactedSample } from '../../migration-plans/observe/segment.ts';

describe('a path segment', () => {
  it.each([
    ['products', 'products'],
    ['getUserById', 'getUserById'],
    ['OAuth2Callback', 'OAuth2Callback'],
    ['v1', 'v1'],
    ['v2.1', 'v2.1'],
    ['index.php', 'index.php'],
    ['robots.txt', 'robots.txt'],
    ['s3', 's3'],
    ['2fa', '2fa'],
    ['mechanical-keyboard', 'mechanical-keyboard'],
    ['users:batchGet', 'users:batchGet'],
    ['caf%C3%A9', 'caf%C3%A9'],
    ['caf%c3%a9', 'caf%C3%A9'],
    ['', ''],
    ['account;jsessionid=0815AB', 'account'],
  ])('%s is a word', (raw, token) => {
    expect(readSegment(raw, undefined)).toBe(token);
  });

  it.each([
    ['42', '{number}'],
    ['%34%32', '{number}'],
    ['00000000000000000000000000000000000042', '{number}'],
    ['3fa85f64-5717-4562-b3fc-2c963f66afa6', '{uuid}'],
    ['3FA85F64-5717-4562-B3FC-2C963F66AFA6', '{uuid}'],
    ['507f1f77bcf86cd799439011', '{hash}'],
    ['a94a8fe5ccb19ba61c4c0873d391e987982fbbd3', '{hash}'],
    ['9fceb02', '{hash}'],
    ['2026-11-29', '{date}'],
    ['2026-11', '{date}'],
    ['2026-11-29T10:00:00Z', '{date}'],
    ['ann%40example.com', '{email}'],
    ['ann@example.com', '{email}'],
    ['@ann', '{handle}'],
    ['dQw4w9WgXcQ', '{id}'],
    ['cus_Nf2xB4kLmQpRst', '{id}'],
    ['ord-10023', '{id}'],
    ['INV-2024-0001', '{id}'],
    ['01ARZ3NDEKTSV4RRFFQ69G5FAV', '{token}'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig', '{token}'],
    ['12.json', '{number}'],
    ['main.8f3a21bc.js', '{file}'],
    ['app~vendor.3f2c9a1b.css', '{file}'],
    ['a%2Fb', '{encoded}'],
    ['a%00b', '{encoded}'],
    ['%ff%fe', '{encoded}'],
    ['100%', '{encoded}'],
    ['two%20words', '{encoded}'],
    ['{id}', '{encoded}'],
    ['\u00ff\u00fe', '{encoded}'],
    ['color=red', '{text}'],
  ])('%s is a value', (raw, token) => {
    expect(readSegment(raw, undefined)).toBe(token);
  });

  it('too long for a word is a value', () => {
    expect(readSegment('a'.repeat(40), undefined)).toBe('a'.repeat(40));
    expect(readSegment('a'.repeat(41), undefined)).toBe('{text}');
    expect(readSegment('x'.repeat(10_000), undefined)).toBe('{text}');
  });

  it('behind a word that is followed by a secret is one', () => {
    expect(readSegment('k3jf8a9x', 'reset')).toBe('{token}');
    expect(readSegment('correcthorsebattery', 'invite')).toBe('{token}');
    expect(readSegment('correcthorsebattery', 'products')).toBe('correcthorsebattery');
    expect(readSegment('done', 'reset')).toBe('done');
  });

  it('leaves only its form in a sample', () => {
    expect(redactedSample('Mechanical-Keyboard-75')).toBe('Aaaaaaaaaa-Aaaaaaaa-99');
    expect(redactedSample('ann%40example.com')).toBe('aaa%99aaaaaaa.aaa');
    expect(redactedSample('ÄÖü😀')).toMatch(/^AAa\?+$/);
    expect(redactedSample('x'.repeat(500))).toBe(`${'a'.repeat(24)}…`);
  });
});
