/** A kind of secret or personal data that is recognised by its looks. The name is what is shown instead: `«email»`. */
export interface Pattern {
  name: string;
  regexp: RegExp;
  /** A further check where the looks alone would hide too much, such as a check digit. */
  confirm?: (text: string) => boolean;
}

/**
 * Recognised anywhere in a text. Every expression is linear: no nested quantifiers, every run bounded, so that a hostile answer can't
 * make redacting slow. Order matters: what is more specific comes first.
 */
export const PATTERNS: readonly Pattern[] = [
  {
    name: 'private-key',
    regexp:
      /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,8192}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g,
  },
  { name: 'jwt', regexp: /\beyJ[\w-]{6,4096}\.[\w-]{4,8192}(?:\.[\w-]{0,2048})?/g },
  { name: 'credentials', regexp: /\b(?:Bearer|Basic|Digest|Token|ApiKey)\s+[\w.~+/=:-]{6,4096}/gi },
  // Credentials in a URL: scheme://user:password@host.
  {
    name: 'url-credentials',
    regexp: /(?<=\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@:"'<>]{1,256}:[^\s/@"'<>]{1,256}(?=@)/gi,
  },
  {
    name: 'api-key',
    regexp:
      /\b(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_\w{20,255}|github_pat_\w{20,255}|glpat-[\w-]{20,64}|xox[abeprs]-[\w-]{10,255}|(?:sk|pk|rk)[-_](?:live|test|proj|ant)[-_][\w-]{8,255}|sk-[A-Za-z0-9]{20,255}|AIza[\w-]{35}|npm_[A-Za-z0-9]{36}|SG\.[\w-]{16,64}\.[\w-]{16,64}|whsec_\w{16,128})\b/g,
  },
  {
    name: 'email',
    regexp: /[\w.!#$%&'*+/=?^`{|}~-]{1,64}(?:@|%40)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}/gi,
  },
  {
    name: 'iban',
    regexp: /\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b/gi,
    confirm: isIban,
  },
  { name: 'card', regexp: /(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d])/g, confirm: isCard },
  { name: 'ssn', regexp: /(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/g },
  {
    name: 'phone',
    regexp:
      /(?<![\w.])(?:\+|00)\d{1,3}(?:[ ./-]?\(?\d{1,4}\)?){2,5}(?!\w)|(?<![\w.])\(?0\d{2,4}\)?[ /-]\d{2,4}(?:[ -]?\d{2,4}){1,3}(?!\w)|(?<![\w.])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\w)/g,
    confirm: isPhone,
  },
];

/** Length and check digit of payment cards: ISO/IEC 7812-1 annex B (Luhn). */
export function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1+$/.test(digits)) return false;
  // A time in milliseconds has 13 digits, and one in ten of them passes for a card number that no issuer has used since the eighties.
  if (digits.length === 13 && digits.startsWith('1')) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    let digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    if (i % 2 === 1) {
      digit *= 2;
      if (digit > 9) digit -= 9;
    }
    sum += digit;
  }
  return sum % 10 === 0;
}

/** Check digits of ISO 13616 (mod 97-10 of ISO/IEC 7064). */
export function isIban(text: string): boolean {
  const iban = text.replace(/[ -]/g, '').toUpperCase();
  if (iban.length < 15 || iban.length > 34) return false;
  let rest = 0;
  for (const char of iban.slice(4) + iban.slice(0, 4)) {
    const code = char.charCodeAt(0);
    const value = code <= 57 ? code - 48 : code - 55;
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

function isPhone(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  return digits.length >= 8 && digits.length <= 15;
}
