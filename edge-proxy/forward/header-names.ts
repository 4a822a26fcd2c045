/**
 * Header fields by what a proxy must do with them. Names are compared without regard to case, and cheaply: most fields of a request
 * are told apart by their length and first letter, so that `toLowerCase` runs only for the few that may matter.
 */

/** RFC 9110 section 5.6.2: characters of a token, by code. */
export const TOKEN_CHARACTERS: Uint8Array = table((code) => {
  const character = String.fromCharCode(code);
  return /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character);
});

/**
 * Characters of a field value: HTAB, SP, VCHAR and obs-text (RFC 9110 section 5.5). Other control characters are refused as Node and
 * llhttp refuse them: they have no meaning, and bare CR, LF or NUL are how one answer is made to look like two.
 */
export const VALUE_CHARACTERS: Uint8Array = table((code) => code === 0x09 || (code >= 0x20 && code !== 0x7f));

function table(allowed: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (allowed(code) ? 1 : 0));
}

/** Tokens of a comma-separated field value, lower case, without empty ones. */
export function listTokens(value: string): string[] {
  const tokens: string[] = [];
  for (const part of value.toLowerCase().split(',')) {
    const token = part.trim();
    if (token !== '') tokens.push(token);
  }
  return tokens;
}
