/** Cookies of one host, kept as a browser would (RFC 6265), but sent over plain HTTP too: the gates talk on the loopback. Pure. */

export interface Cookie {
  name: string;
  value: string;
  path: string;
}

const MOST = 50;
const MOST_CHARACTERS = 4096;

/**
 * @param setCookies values of `Set-Cookie` headers, in their order
 * @param requestPath of the request that was answered
 * @param now milliseconds since the epoch
 */
export function storeCookies(
  kept: readonly Cookie[],
  setCookies: readonly string[],
  requestPath: string,
  now: number,
): Cookie[] {
  let cookies = [...kept];
  for (const line of setCookies) {
    const [pair = '', ...attributes] = line.split(';');
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    if (at < 1 || name === '' || pair.length > MOST_CHARACTERS) continue;
    const attribute = (wanted: string): string | undefined => {
      const found = attributes.findLast((item) => item.trim().toLowerCase().startsWith(`${wanted}=`));
      return found?.slice(found.indexOf('=') + 1).trim();
    };
    const given = attribute('path');
    const path = given?.startsWith('/') ? given : defaultPath(requestPath);
    cookies = cookies.filter((cookie) => cookie.name !== name || cookie.path !== path);
    const maxAge = attribute('max-age');
    const expires = attribute('expires');
    // Max-Age counts before Expires.
    const ended =
      maxAge !== undefined && /^-?\d+$/.test(maxAge)
        ? Number(maxAge) <= 0
        : expires !== undefined && Date.parse(expires) <= now;
    if (!ended) cookies.push({ name, value: pair.slice(at + 1).trim(), path });
  }
  return cookies.slice(-MOST);
}

/** `a=1; b=2`, longer paths first; '' for none. */
export function cookieHeader(cookies: readonly Cookie[], requestPath: string): string {
  return cookies
    .filter(({ path }) => matches(path, requestPath))
    .sort((a, b) => b.path.length - a.path.length)
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
}

function matches(path: string, requestPath: string): boolean {
  if (path === requestPath || path === '/') return true;
  return requestPath.startsWith(path) && (path.endsWith('/') || requestPath[path.length] === '/');
}

function defaultPath(requestPath: string): string {
  const end = requestPath.lastIndexOf('/');
  return end <= 0 || !requestPath.startsWith('/') ? '/' : requestPath.slice(0, end);
}
