/** What a member, field, header, cookie or parameter of this name holds, if that must not be kept; undefined: nothing of the kind. */
export function secretKind(name: string): string | undefined {
  if (name.length > 200) return undefined;
  const known = cache.get(name);
  if (known !== undefined) return known === '' ? undefined : known;
  const kind = classify(name) ?? '';
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(name, kind);
  return kind === '' ? undefined : kind;
}

const MAX_CACHED = 5_000;
const cache = new Map<string, string>();

/**
 * By words, so that `authorName` is a name and `filename`, `hostname` or `productName` are not, `token` is a secret and `tokenCount`
 * is not.
 */
function classify(name: string): string | undefined {
  const words = wordsOf(name);
  const joined = words.join('');
  const last = words.at(-1) ?? '';
  if (SECRET_JOINED.test(joined)) return 'secret';
  if (SECRET_LAST.has(last) && !HARMLESS_PREFIX.test(joined)) return 'secret';
  if (words.some((word) => SECRET_WORD.has(word)) && !HARMLESS_SUFFIX.has(last)) return 'secret';
  if (PERSON_NAME.test(joined)) return 'name';
  for (const [kind, pattern] of PERSONAL) if (pattern.test(joined)) return kind;
  return undefined;
}

const SECRET_WORD = new Set([
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'passcode',
  'secret',
  'credential',
  'credentials',
  'csrf',
  'xsrf',
  'jwt',
  'otp',
  'totp',
  'apikey',
]);
const SECRET_LAST = new Set([
  'token',
  'tokens',
  'session',
  'sessionid',
  'sid',
  'sessid',
  'cookie',
  'cookies',
  'authorization',
  'auth',
  'pin',
  'cvv',
  'cvc',
  'nonce',
  'signature',
  'sig',
  'salt',
  'hash',
]);
const SECRET_JOINED =
  /(?:password|passwd|secret)$|(?:csrf|xsrf|auth|api|id|reset|verification|device|push)token$|^(?:x)?(?:api|access|secret|private|signing|encryption|client|shared|master|account)key(?:id)?$|^(?:php|j|asp)sessi?o?n?id$|^connectsid$|sessionid$|sessiontoken|authtoken|accesstoken|refreshtoken|bearertoken|setcookie|proxyauthorization|securitycode|cardverification|pwhash|passwordhash/;
const HARMLESS_PREFIX =
  /^(?:page|nextpage|continuation|cursor|content|file|commit|etag|git|body|asset|image)(?:token|tokens|hash|nonce)$|^hash$/;
const HARMLESS_SUFFIX = new Set([
  'count',
  'length',
  'url',
  'policy',
  'required',
  'enabled',
  'expires',
  'expiry',
  'at',
  'changed',
  'strength',
  'hint',
  'reset',
  'forgot',
  'type',
]);
const PERSON_NAME =
  /^(?:first|last|middle|given|family|maiden|full|sur|fore|nick|user|legal|real|author|customer|reviewer|client|contact|cardholder|holder|owner|recipient|sender|billing|shipping|buyer|seller|employee|patient|guest|member|display|account)(?:first|last|full|display|user)?names?$|^surname$|^username$|^login$/;
const PERSONAL: readonly [string, RegExp][] = [
  ['email', /e?mail(?:address)?$/],
  ['phone', /(?:phone|mobile|telephone|fax|cell|msisdn)(?:number|no)?$/],
  ['card', /^(?:credit|debit|payment)?card(?:number|no)$|^pan$/],
  ['iban', /^(?:iban|bic|swift|accountnumber|routingnumber|sortcode|bankaccount)$/],
  ['birth', /(?:birth(?:day|date)?|dateofbirth|dob)$/],
  [
    'id-number',
    /^(?:ssn|socialsecurity(?:number)?|nationalid|taxid|passport(?:number|no)?|driverslicense|personalnumber|vatid)$/,
  ],
  [
    'address',
    /^(?:street(?:address|name|number)?|addressline\d?|address\d?|line[12]|postalcode|postcode|zip(?:code)?|(?:billing|shipping|home|postal|mailing)address)$/,
  ],
  [
    'ip',
    /^(?:ip|ipaddress|clientip|remoteip|remoteaddr(?:ess)?|xforwardedfor|xrealip|trueclientip|cfconnectingip)$/,
  ],
];

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}
