/** A command that sends the example again. Redacted parts stay redacted: whoever has the right puts them back. */
export function curlCommand(origin: string, method: string, url: string): string {
  const words = ['curl', '--silent', '--show-error', '--include', '--path-as-is'];
  if (method === 'HEAD') words.push('--head');
  else if (method !== 'GET') words.push('--request', shellQuote(method));
  words.push(shellQuote(`${origin.replace(/\/$/, '')}${url}`));
  return words.join(' ');
}

/** POSIX shell quoting: within single quotes nothing is special but the quote itself. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
