/** What is recorded for the repository holds nothing that would let anybody in. */
import { describe, expect, it } from 'vitest';
import { contractFiles, hider } from '../../../cli/carve/gates/contract.ts';
import { judgeTrial } from '../../../cli/carve/gates/judge.ts';
import type { TrialRequest } from '../../../cli/carve/gates/requests.ts';
import { asIdentity, type Identity } from '../../../cli/carve/gates/sign-in/identity.ts';
import { createRedactor } from '../../../migration-plans/redact/redactor.ts';

const SECRET = `p w+"a'<b>&é/=%\\z`;

describe('hiding secrets', () => {
  it.each([
    ['as it is', SECRET],
    ['in an address', encodeURIComponent(SECRET)],
    ['in an address in lower case', encodeURIComponent(SECRET).replace(/%../g, (code) => code.toLowerCase())],
    ['in a form', new URLSearchParams({ a: SECRET }).toString().slice(2)],
    ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
    [
      'in HTML',
      SECRET.replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;'),
    ],
    [
      'in HTML with quotes',
      SECRET.replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;')
        .replaceAll("'", '&#39;'),
    ],
  ])('%s', (_, written) => {
    expect(hider([SECRET])(`a=${written}&b`)).toBe('a=«signed in»&b');
  });
  it('takes the longest first, and leaves what is too short to be one', () => {
    expect(hider(['abcdef', 'abcdefghi'])('abcdefghi abcdef')).toBe('«signed in» «signed in»');
    expect(hider(['on', '', '1'])('on 1')).toBe('on 1');
  });
});

describe('contract files of somebody who is signed in', () => {
  const identity: Identity = {
    name: 'customer',
    headers: { authorization: 'Bearer live-token-123' },
    cookies: [{ name: 'sid', value: 'live session/456', path: '/' }],
    csrf: { field: '_csrf', header: 'x-csrf-token', value: 'live-csrf-789' },
    known: {},
    secrets: ['live-token-123', 'live session/456', 'live-csrf-789'],
    how: '',
  };
  const form = asIdentity(
    {
      name: 'a row: 1',
      method: 'POST',
      url: '/refresh?with=live-token-123',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'old=live+session%2F456',
    },
    identity,
  );
  const text = JSON.stringify({ token: 'live-token-123', page: '<a href="/x?s=live%20session%2F456">' });
  const answer = {
    status: 200,
    rawHeaders: ['content-type', 'application/json', 'location', '/next?csrf=live-csrf-789'],
    body: Buffer.from(text),
    bodyHash: undefined,
    bodyBytes: text.length,
    headMs: 1,
    totalMs: 1,
  };
  const files = contractFiles(
    'c/',
    [judgeTrial({ request: form, monolith: answer, again: answer, service: answer })],
    () => 'POST /refresh',
    '',
    createRedactor([]),
    new Date(0),
    identity.secrets,
  );
  it('send what the identity sends', () => {
    expect(form.headers).toMatchObject({
      authorization: 'Bearer live-token-123',
      cookie: 'sid=live session/456',
      'x-csrf-token': 'live-csrf-789',
    });
    expect(form.body).toBe('old=live+session%2F456&_csrf=live-csrf-789');
  });
  it('hold no live secret, in no form, and say who asked', () => {
    const all = files.map((file) => file.text).join('\n');
    for (const secret of identity.secrets)
      for (const form of [secret, encodeURIComponent(secret), secret.replace(' ', '+').replace('/', '%2F')])
        expect(all).not.toContain(form);
    const [exchange] = JSON.parse(files[0]?.text ?? '').exchanges;
    expect(exchange).toMatchObject({
      as: 'customer',
      request: { headers: { 'content-type': expect.any(String) } },
    });
    expect(Object.keys(exchange.request.headers)).toEqual(['content-type']);
  });
});

describe('a request as an identity sends it', () => {
  const identity: Identity = {
    name: 'a',
    headers: {},
    cookies: [{ name: 's', value: '1', path: '/account' }],
    csrf: { field: '_csrf', header: undefined, value: 'v' },
    known: {},
    secrets: [],
    how: '',
  };
  const request = (method: string, url: string, type = '', body: string | null = null): TrialRequest => ({
    name: '',
    method,
    url,
    headers: type === '' ? ({} as Record<string, string>) : { 'content-type': type },
    body,
  });
  it('has cookies of its path only, and nothing against other sites where it only reads', () => {
    expect(asIdentity(request('GET', '/account?x=1'), identity)).toMatchObject({
      as: 'a',
      headers: { cookie: 's=1' },
    });
    expect(asIdentity(request('GET', '/shop'), identity).headers).toEqual({});
  });
  it('has no member in JSON that nobody expects', () => {
    expect(asIdentity(request('POST', '/x', 'application/json', '{"a":1}'), identity).body).toBe('{"a":1}');
  });
});
