import { createConnection } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lettersOf, mailed } from '../../cli/carve/gates/mail/letters.ts';
import { type Mailbox, startMailbox } from '../../cli/carve/gates/mail/mailbox.ts';
import { mailValue, sendsMail } from '../../cli/carve/gates/mail/variables.ts';

/** Says lines to the mail server, each after the answer to the one before; returns all answers. */
function converse(port: number, lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1');
    const left = [...lines];
    let said = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      said += chunk;
      // A reply of several lines ends with a blank behind its code.
      if (!/^\d{3} [^\r\n]*\r\n$/m.test(chunk)) return;
      const next = left.shift();
      if (next !== undefined) socket.write(`${next}\r\n`);
    });
    socket.on('close', () => resolve(said));
    socket.on('error', reject);
  });
}

describe('the mail server of a gate', () => {
  let mailbox: Mailbox;
  beforeEach(async () => {
    mailbox = await startMailbox();
  });
  afterEach(() => mailbox.stop());

  it('takes any name and password, and keeps what is sent with its receivers', async () => {
    const said = await converse(mailbox.port, [
      'EHLO shop',
      'AUTH PLAIN AGEAYg==',
      'MAIL FROM:<shop@example.com>',
      'RCPT TO:<Ada@Example.com>',
      'DATA',
      'Subject: hello\r\n\r\n..dots\r\nbye\r\n.',
      'QUIT',
    ]);
    expect(said).toContain('235');
    expect(mailbox.mails()).toEqual([
      { to: ['ada@example.com'], text: 'Subject: hello\r\n\r\n.dots\r\nbye' },
    ]);
  });

  it('knows the other ways of naming oneself, and tells mails of one connection apart', async () => {
    const mail = (to: string): string[] => ['MAIL FROM:<s@x.io>', `RCPT TO:<${to}>`, 'DATA', 'Hi\r\n.'];
    await converse(mailbox.port, [
      'EHLO shop',
      'AUTH LOGIN',
      'dXNlcg==',
      'cGFzcw==',
      'AUTH PLAIN',
      'AGEAYg==',
      ...mail('a@x.io'),
      ...mail('b@x.io'),
      'QUIT',
    ]);
    expect(mailbox.mails().map(({ to }) => to)).toEqual([['a@x.io'], ['b@x.io']]);
  });

  it('lets go of whoever sends without end', async () => {
    const endless = converse(mailbox.port, ['EHLO shop', 'DATA', 'x'.repeat(600_000)]);
    await endless.catch(() => undefined);
    expect(mailbox.mails()).toEqual([]);
  });
});

describe('letters', () => {
  const mail = (text: string, to = 'ada@x.io') => ({ to: [to], text });
  const RESET = mail(
    'Subject: Reset password\r\n\r\nClick http://app/reset-password?token=aaa111aaa111. Bye',
  );
  const VERIFY = mail('Subject: Email Verification\r\n\r\nhttp://app/verify-email?token=bbb222bbb222');

  it('give the token to the route that their link speaks of', () => {
    const letters = lettersOf([RESET, VERIFY], 'Ada@x.io');
    expect(mailed(letters, 'token', '/v1/auth/reset-password')).toBe('aaa111aaa111');
    expect(mailed(letters, 'token', '/v1/auth/verify-email')).toBe('bbb222bbb222');
  });

  it('give nothing to other routes, other fields, or other people', () => {
    const letters = lettersOf([RESET, VERIFY], 'ada@x.io');
    expect(mailed(letters, 'token', '/v1/orders')).toBeUndefined();
    expect(mailed(letters, 'password', '/v1/auth/reset-password')).toBeUndefined();
    expect(lettersOf([RESET], 'bob@x.io')).toEqual([]);
  });

  it('are read where the link is broken by quoted-printable, written in base64, or escaped in HTML', () => {
    const quoted = mail(
      'Content-Transfer-Encoding: quoted-printable\r\n\r\nhttp://app/reset?id=3D1&token=3Dccc333=\r\nccc333 now',
    );
    const html = Buffer.from('<a href="http://app/reset?id=1&amp;token=ddd444ddd444">x</a>').toString(
      'base64',
    );
    const coded = mail(
      `Content-Type: multipart/alternative; boundary=q\r\n\r\n--q\r\nContent-Transfer-Encoding: base64\r\n\r\n${html}\r\n--q--`,
    );
    expect(mailed(lettersOf([quoted], 'ada@x.io'), 'token', '/reset')).toBe('ccc333ccc333');
    expect(mailed(lettersOf([coded], 'ada@x.io'), 'token', '/reset')).toBe('ddd444ddd444');
  });

  it('hold tokens at the end of a path, also behind a hash, and the newest counts', () => {
    const letters = lettersOf(
      [mail('\r\n\r\nhttp://app/confirm/old111old'), mail('\r\n\r\nhttp://app/#/confirm/new222new')],
      'ada@x.io',
    );
    expect(mailed(letters, 'token', '/accounts/confirm/:token')).toBe('new222new');
  });
});

describe('variables that name a mail server', () => {
  it.each([
    ['SMTP_HOST', '127.0.0.1'],
    ['MAIL_SERVER', '127.0.0.1'],
    ['EMAIL_PORT', '25'],
    ['SMTP_URL', 'smtp://carve:carve@127.0.0.1:25'],
    ['EMAIL_SERVER', 'smtp://carve:carve@127.0.0.1:25'],
    ['SMTP_SECURE', 'false'],
    ['SMTP_PASSWORD', undefined],
    ['EMAIL_FROM', undefined],
    ['DB_HOST', undefined],
  ])('%s leads to the gate’s own', (name, value) => {
    expect(mailValue(name, 25)).toBe(value);
  });

  it('are what tells whether mail is sent at all', () => {
    expect(sendsMail(['DATABASE_URL', 'EMAIL_FROM'])).toBe(false);
    expect(sendsMail(['DATABASE_URL', 'SMTP_HOST'])).toBe(true);
  });
});
