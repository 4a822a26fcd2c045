/** Variables that name a mail server, with values that lead to the gate's own. Pure. */

const OF_MAIL = /SMTP|MAIL/;

/** Undefined: it does not say where mail goes. */
export function mailValue(name: string, port: number): string | undefined {
  if (!OF_MAIL.test(name)) return undefined;
  if (/(?:HOST(?:NAME)?|SERVER(?:_HOST)?)$/.test(name) && !/^EMAIL_SERVER$/.test(name)) return '127.0.0.1';
  if (/PORT$/.test(name)) return String(port);
  if (/(?:UR[IL]|CONNECTION(?:_STRING)?|DSN)$|^EMAIL_SERVER$/.test(name))
    return `smtp://carve:carve@127.0.0.1:${port}`;
  if (/SECURE|TLS|SSL/.test(name)) return 'false';
  return undefined;
}

/** Whether any of them says where mail goes. */
export function sendsMail(names: readonly string[]): boolean {
  return names.some((name) => OF_MAIL.test(name) && mailValue(name, 0) !== undefined);
}
