/**
 * The fields of an HTTP/2 request in the form that an HTTP/1.1 one has: `Host` from `:authority` in front, no pseudo-fields, cookies in
 * one field again (RFC 9113 sections 8.3.1 and 8.2.3). `hasBody`: a body follows; without a length it is sent on chunked.
 */
export function http1Headers(rawHeaders: readonly string[], hasBody: boolean): string[] {
  const headers: string[] = [];
  const cookies: string[] = [];
  let authority: string | undefined;
  let hosts = 0;
  let sized = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    const value = rawHeaders[index + 1] as string;
    if (name === ':authority') authority = value;
    if (name.startsWith(':')) continue;
    if (name === 'cookie') {
      cookies.push(value);
      continue;
    }
    if (name === 'host') hosts += 1;
    if (name === 'content-length') sized = true;
    headers.push(name, value);
  }
  if (cookies.length > 0) headers.push('cookie', cookies.join('; '));
  // Both present and different: two `Host` fields are left for the reader to refuse.
  if (authority !== undefined && !(hosts === 1 && headers[headers.indexOf('host') + 1] === authority)) {
    headers.unshift('host', authority);
  }
  if (hasBody && !sized) headers.push('transfer-encoding', 'chunked');
  return headers;
}
