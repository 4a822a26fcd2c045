import type { RequestHead } from './request-head.ts';

/**
 * For a monolith that only knows its internal name and writes it into answers: redirects and cookies that would lead or belong there
 * are turned to the address that the client used. Opt-in, because it changes what the monolith said. Pure.
 */
export interface Rewrite {
  /** Names (`host` or `host:port`, lower case) by which the monolith knows itself. */
  internal: readonly string[];
}

/**
 * The address by which a browser knows this place, such as `https://shop.example`. `trusted`: a proxy in front, that may end TLS there,
 * says it. Pure.
 */
export function publicOrigin(
  { host, forwardedProto, forwardedHost }: Pick<RequestHead, 'host' | 'forwardedProto' | 'forwardedHost'>,
  trusted: boolean,
  encrypted: boolean,
): string {
  const said = trusted ? firstOf(forwardedProto)?.toLowerCase() : undefined;
  const scheme = said === 'http' || said === 'https' ? said : encrypted ? 'https' : 'http';
  return `${scheme}://${(trusted ? firstOf(forwardedHost) : undefined) ?? host ?? ''}`;
}

/** Each proxy adds to the list: the first saw the client. */
function firstOf(list: string | undefined): string | undefined {
  return list?.split(',')[0]?.trim() || undefined;
}

/** Header lines with their CRLF, rewritten. `publicOrigin`: such as `https://shop.example`. */
export function rewriteLines(lines: string, rewrite: Rewrite, publicOrigin: string): string {
  let rewritten = '';
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf('\r\n', at) + 2;
    const line = lines.slice(at, end);
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (name === 'location' || name === 'content-location') {
      rewritten += line.slice(0, colon + 1) + rewriteUrl(line.slice(colon + 1), rewrite, publicOrigin);
    } else if (name === 'set-cookie') {
      rewritten += line.slice(0, colon + 1) + withoutInternalDomain(line.slice(colon + 1), rewrite);
    } else rewritten += line;
    at = end;
  }
  return rewritten;
}

function rewriteUrl(value: string, rewrite: Rewrite, publicOrigin: string): string {
  return value.replace(
    /^(\s*)(https?:)?\/\/([^/?#\s]+)/i,
    (whole, space: string, _scheme, authority: string) =>
      rewrite.internal.includes(authority.toLowerCase()) ? `${space}${publicOrigin}` : whole,
  );
}

/** A cookie for the internal domain would be refused by the browser; without `Domain` it belongs to the host that the browser asked. */
function withoutInternalDomain(value: string, rewrite: Rewrite): string {
  return value.replace(/;\s*domain\s*=\s*\.?([^;\s]+)/gi, (whole, domain: string) =>
    rewrite.internal.some((name) => name.split(':')[0] === domain.toLowerCase()) ? '' : whole,
  );
}
