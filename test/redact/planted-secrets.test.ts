import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareAnswers } from '../../migration-plans/compare/compare.ts';
import { createAggregator } from '../../migration-plans/evidence/aggregator.ts';
import { createExampler } from '../../migration-plans/evidence/example.ts';
import type { RedactRule } from '../../migration-plans/plan/plan.ts';
import { redactExchange } from '../../migration-plans/redact/exchange.ts';
import { createRedactor } from '../../migration-plans/redact/redactor.ts';
import { answer, PLAIN, ROUTE } from '../compare/support.ts';

/** Secrets that are recognised wherever they stand. */
const LOOKS: [string, string][] = [
  ['jwt', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLWhlcmU'],
  ['email', 'ada.lovelace+shop@mail.example.org'],
  ['card', '4111 1111 1111 1111'],
  ['card', '5500005555555559'],
  ['iban', 'DE89 3704 0044 0532 0130 00'],
  ['iban', 'GB29NWBK60161331926819'],
  ['phone', '+49 170 1234567'],
  ['phone', '(555) 010-9988'],
  ['ssn', '078-05-1120'],
  ['api-key', 'AKIAIOSFODNN7EXAMPLE'],
  ['api-key', 'ghp_16C7e42F292c6912E7710c838347Ae178B4a'],
  ['api-key', 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'],
  ['credentials', 'Bearer mF_9.B5f-4.1JqM'],
  ['url-credentials', 'https://admin:hunter2secret@db.internal/x'],
  ['private-key', '-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\n-----END RSA PRIVATE KEY-----'],
];

/** Names whose values are hidden whatever they look like. */
const NAMES = [
  'password',
  'newPassword',
  'user_password',
  'passwd',
  'secret',
  'client_secret',
  'api_key',
  'apiKey',
  'X-Api-Key',
  'accessToken',
  'refresh_token',
  'csrfToken',
  '_csrf',
  'sessionId',
  'session',
  'sid',
  'PHPSESSID',
  'JSESSIONID',
  'authorization',
  'otp',
  'pin',
  'cvv',
  'cardNumber',
  'iban',
  'firstName',
  'last_name',
  'fullName',
  'customerName',
  'authorName',
  'email',
  'emailAddress',
  'phone',
  'phoneNumber',
  'dateOfBirth',
  'ssn',
  'street',
  'postalCode',
  'shippingAddress',
  'ip',
  'clientIp',
  'X-Forwarded-For',
];
const HARMLESS = [
  'name',
  'filename',
  'hostname',
  'productName',
  'title',
  'tokenCount',
  'passwordResetUrl',
  'pageToken',
  'id',
  'price',
  'slug',
  'spinner',
  'description',
  'shipping',
  'opinion',
  'author',
  'sessionCount',
];

const redactor = (...rules: RedactRule[]) => createRedactor(rules);

describe('what looks like a secret', () => {
  it.each(LOOKS)('is hidden in text, JSON, HTML, URLs and headers: %s %s', (kind, secret) => {
    const shown = [
      redactor().text(`before ${secret} after`),
      redactor().body(JSON.stringify({ note: `before ${secret} after`, list: [secret] }), 'application/json'),
      redactor().body(
        `<p title="x ${secret}">before ${secret} after</p><!-- ${secret} --><script>var a = '${secret}'</script>`,
        'text/html',
      ),
      redactor().url(
        `/path/${encodeURIComponent(secret)}?q=${encodeURIComponent(secret)}#${encodeURIComponent(secret)}`,
      ),
      ...redactor().headers(['X-Note', `a ${secret}`]),
      redactor().valueAt('$.note', `x ${secret}`),
      redactor().body(`{"cut": "a ${secret}`, 'application/json'),
    ];
    const core =
      secret.replace(/^Bearer |^https:..|@db.*$/g, '').split('\n')[1] ??
      secret.replace(/^Bearer |^https:..|@db.*$/g, '');
    for (const text of shown) {
      expect(text).not.toContain(core);
      expect(decodeURIComponent(text.replaceAll('+', ' '))).not.toContain(core);
    }
    expect(shown[0]).toBe(redactor().text(`before ${secret} after`));
    expect(shown[0]).toContain(`«${kind}»`);
    expect(shown[0]).toMatch(/^before /);
  });

  it.each([
    'order 1234567890123456',
    '2030-01-01T10:00:00.000Z',
    '1893456000000',
    'b2a7c1de-0000-4000-8000-000000000001',
    '19.99',
    '192.0.2.1',
    'a@b',
    'version 1.2.3-4',
    '5000 requests',
    'GET /api/reviews/41',
  ])('leaves readable what is none: %s', (text) => {
    expect(redactor().text(text)).toBe(text);
  });
});

describe('what is named as a secret', () => {
  it.each(NAMES)('is hidden wherever the name stands: %s', (name) => {
    const secret = 'Qz7-plain value';
    const word = 'Qz7plainvalue';
    const shown = [
      redactor().body(
        JSON.stringify({ outer: [{ [name]: secret }], x: { [name]: { deep: [secret] } } }),
        'application/json',
      ),
      redactor().body(
        `<input name="${name}" value="${secret}"><span class="${name}">${secret}</span><meta name="${name}" content="${secret}">`,
        'text/html',
      ),
      redactor().url(`/x?a=1&${name}=${word}`),
      redactor().text(`a ${name}=${word} b`),
      redactor().text(`{"${name}": "${secret}", "cut`),
      ...redactor().headers([name, word]),
      redactor().valueAt(`$.a[3].${name}`, secret),
      redactor().valueAt(`html:form > input[name=${name}]@value`, secret),
      redactor().body(`${name}=${word}&b=2`, 'application/x-www-form-urlencoded'),
    ];
    for (const text of shown) expect(text).not.toMatch(/Qz7/);
    expect(shown[0]).toContain('«');
  });

  it.each(HARMLESS)('leaves readable what only sounds like one: %s', (name) => {
    expect(redactor().body(JSON.stringify({ [name]: 'Blue hat' }), 'application/json')).toContain('Blue hat');
  });

  it('keeps a class of length, and none of the value', () => {
    expect(redactor().valueAt('$.token', 'a'.repeat(40))).toBe('«secret 32+»');
    expect(redactor().body('{"token":"","pin":1234,"on":{"session":null}}', 'application/json')).toBe(
      '{"token":"","pin":"«secret <8»","on":{"session":null}}',
    );
  });

  it('hides every cookie and keeps names and attributes', () => {
    expect(
      redactor().headers(['Cookie', 'sid=abc; theme=dark', 'Set-Cookie', 'sid=abcdefgh; Path=/; HttpOnly']),
    ).toEqual([
      'Cookie',
      'sid=«cookie <8»; theme=«cookie <8»',
      'Set-Cookie',
      'sid=«cookie 8+»; Path=/; HttpOnly',
    ]);
  });

  it('hides links that log in', () => {
    expect(redactor().url('/reset-password/f00dfeed12345678?x=1')).toBe('/reset-password/«secret 16+»?x=1');
    expect(redactor().url('/articles/how-to-reset')).toBe('/articles/how-to-reset');
  });
});

describe('rules of the plan', () => {
  const rules: RedactRule[] = [
    { json: '$.customer.notes' },
    { json: "$.rows[?@.kind=='private'].text" },
    { header: 'X-Legacy' },
    { query: 'who' },
    { pattern: 'MEMBER-\\d+' },
  ];

  it('hide what they name', () => {
    const own = redactor(...rules);
    const body = JSON.stringify({
      customer: { notes: { a: 'Qz7' }, plan: 'gold' },
      rows: [
        { kind: 'private', text: 'Qz7' },
        { kind: 'open', text: 'shown' },
      ],
      m: 'MEMBER-77',
    });
    const shown = own.body(body, 'application/json');
    expect(shown).not.toMatch(/Qz7|MEMBER-77/);
    expect(shown).toContain('gold');
    expect(shown).toContain('shown');
    expect(own.headers(['x-legacy', 'Qz7'])[1]).not.toContain('Qz7');
    expect(own.url('/x?who=Qz7&b=shown')).toBe('/x?who=«hidden <8»&b=shown');
    expect(redactor({ json: '$.customer.notes' }).valueAt('$.customer.notes.a', 'Qz7')).toBe('«hidden <8»');
    expect(redactor({ json: '$..notes' }).valueAt('$.customer', '{"notes":"Qz7","plan":"gold"}')).toBe(
      '{"notes":"«hidden <8»","plan":"gold"}',
    );
    expect(own.takeCount()).toBeGreaterThan(4);
    expect(own.takeCount()).toBe(0);
  });

  it('that can’t be read are told', () => {
    expect(redactor({ pattern: '(' }, { json: '$[' }).problems).toHaveLength(2);
  });
});

describe('exchanges', () => {
  it('keep no secret anywhere, whatever the document around it', () => {
    const secrets = fc.constantFrom(
      ...LOOKS.map(([, secret]) => secret).filter((secret) => !/\n|https|Bearer/.test(secret)),
    );
    const name = fc.constantFrom(...NAMES);
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 3 }),
        name,
        secrets,
        fc.boolean(),
        (value, field, secret, zipped) => {
          const text = JSON.stringify({ value, [field]: 'Qz7-hidden', nested: [{ text: `see ${secret}!` }] });
          const bytes = zipped ? zlib.gzipSync(text) : Buffer.from(text);
          const headers = [
            'Set-Cookie',
            'sid=Qz7',
            'Location',
            `/x?token=Qz7`,
            ...(zipped ? ['Content-Encoding', 'gzip'] : []),
          ];
          const redacted = redactExchange(
            {
              method: 'GET',
              url: `/a?${field}=Qz7-hidden&mail=${encodeURIComponent(secret)}`,
              requestHeaders: ['Authorization', 'Basic Qz7Qz7Qz7', 'Cookie', 'sid=Qz7'],
              left: answer(bytes, { headers }),
              right: answer('Qz7', { type: 'application/octet-stream' }),
            },
            redactor({ pattern: 'Qz7' }),
          );
          const all = JSON.stringify(redacted);
          expect(all).not.toContain('Qz7');
          expect(all).not.toContain(secret);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('leave nothing in what an aggregator hands out', () => {
    const left = answer(
      JSON.stringify({
        user: { email: 'ada@example.org', password: 'Qz7' },
        total: 1,
        'bob@example.org': { n: 1 },
      }),
      { headers: ['Set-Cookie', 'sid=Qz7'] },
    );
    const right = answer(
      JSON.stringify({
        user: { email: 'eve@example.org', password: 'Qz7Qz7' },
        total: '1',
        'bob@example.org': { n: 2 },
      }),
      { headers: ['Set-Cookie', 'sid=Qz7Qz7'] },
    );
    const comparison = compareAnswers(left, right, PLAIN);
    const aggregator = createAggregator({
      run: { capability: 'c', epoch: 1, serviceVersion: '1' },
      edge: 'e',
      now: () => 0,
      routes: [ROUTE],
    });
    const source = {
      method: 'GET',
      url: '/things/ada@example.org?password=Qz7',
      time: '2030-01-01T00:00:00.000Z',
      traceId: 't',
      left,
      right,
    };
    aggregator.comparison({
      route: ROUTE,
      method: 'GET',
      status: 200,
      comparison,
      bytes: 10,
      example: createExampler(source, redactor()),
    });
    const stored = JSON.stringify(aggregator.drain());
    expect(stored).not.toMatch(/Qz7|example\.org/);
    expect(stored).toContain('«email');
    expect(stored).toContain('total');
  });

  it('never keep bytes that are no text, nor bodies too long to be looked at', () => {
    const binary = answer(Buffer.from([0, 1, 2, 0x51]), { type: 'image/png' });
    const long = answer(`"${'x'.repeat(300_000)}"`);
    const exchange = redactExchange(
      { method: 'GET', url: '/', requestHeaders: [], left: binary, right: long },
      redactor(),
    );
    expect(exchange.left.body).toBeUndefined();
    expect(exchange.right.body).toBeUndefined();
  });
});

describe('hostile input', () => {
  it.each([
    ['digits', '1'.repeat(500_000)],
    ['at signs', 'a@'.repeat(250_000)],
    ['dots', 'a@b.'.repeat(125_000)],
    ['quotes', `password="${'\\'.repeat(400_000)}`],
    ['pairs', 'password=x '.repeat(40_000)],
    ['pluses', '+1 '.repeat(150_000)],
    ['key heads', '-----BEGIN PRIVATE KEY-----'.repeat(10_000)],
    ['schemes', 'a://b:'.repeat(80_000)],
    ['jwt heads', 'eyJaaaaaaaa.'.repeat(40_000)],
    ['letters', 'A'.repeat(500_000)],
    ['iban-like', 'AB12 CDEF '.repeat(50_000)],
    ['open tags', '<div>'.repeat(50_000)],
  ])('costs no more than its length: %s', { timeout: 20_000 }, (_name, text) => {
    expect(redactor().text(text).length).toBeLessThan(2_000_000);
    redactor().body(text, 'text/html');
    redactor().url(`/${text}`);
  });
});
