/** Words whose meaning in a path is known from how applications are usually written. They only shift a decision, none makes it alone. */

/** Names of actions and views: they stand beside values and are none. */
const NAMES = new Set(
  (
    'new edit create add search export import list all count stats latest recent popular featured top trending me current self ' +
    'login logout signin signout register signup settings profile index feed bulk batch upload download delete update remove ' +
    'status health healthz ready readyz archive admin api help about checkout cart basket suggest suggestions autocomplete filter ' +
    'compare summary overview dashboard preview random default config info metrics mine history events ws graphql callback ' +
    'webhook webhooks refresh verify validate confirm cancel password sale archived active pending'
  ).split(' '),
);

/** Plurals that name areas of an application rather than things that it has many of. */
const AREAS = new Set(
  (
    'settings preferences docs reports stats statistics analytics news assets tools utils options features services solutions ' +
    'resources jobs careers terms sales admins internals metrics details js css images fonts files downloads forms emails ' +
    'notifications permissions operations actions events rules controls ops business access process'
  ).split(' '),
);

/** Singular names below which things stand one by one. */
const COLLECTIONS = new Set(
  (
    'blog category tag author product user profile brand collection wiki page article post topic item shop store city country ' +
    'place game movie book artist album channel team company member people catalog gallery series show event p u c t r n'
  ).split(' '),
);

/** Below these stand the names of an application's parts. */
const CONTAINERS =
  /^(?:|api|rest|rpc|admin|backend|internal|private|public|app|web|portal|dashboard|account|my|me|user|v\d+(?:\.\d+)*)$/i;

const VERSION = /^v\d+(?:[._]\d+)*(?:-?(?:alpha|beta|rc)\d*)?$/i;
const LANGUAGES = new Set(
  'ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id is it ja ko lt lv ms nb nl nn no pl pt ro ru sk sl sr sv th tr uk ur vi zh'.split(
    ' ',
  ),
);
/** Languages of everyday words: only with company. */
const LOCALE = /^([a-z]{2})(?:[-_](?:[a-z]{2}|[a-z]{4}))?$/i;
const ASSET =
  /\.(?:js|mjs|cjs|css|map|png|jpe?g|gif|svg|webp|avif|ico|bmp|woff2?|ttf|otf|eot|mp[34]|webm|ogg|wav|pdf|zip|gz|wasm|webmanifest)$/i;

export function isName(word: string): boolean {
  return NAMES.has(word.toLowerCase()) || VERSION.test(word);
}

/** Things that come in numbers stand below this word. */
export function namesCollection(word: string): boolean {
  const lower = word.toLowerCase();
  if (COLLECTIONS.has(lower)) return true;
  const last = lower.split(/[-_]/).at(-1) ?? '';
  if (AREAS.has(last)) return false;
  return last.length > 3 && /(?:[^su]s|ies|people|children|media|series)$/.test(last);
}

export function isContainer(word: string): boolean {
  return CONTAINERS.test(word);
}

export function isLanguage(word: string): boolean {
  const match = LOCALE.exec(word);
  return match !== null && LANGUAGES.has(match[1]!.toLowerCase());
}

export function isAssetFile(word: string): boolean {
  return ASSET.test(word);
}

/** Several words, as titles have: `mechanical-keyboard`. */
export function isTitle(word: string): boolean {
  return /^[^-_.]{2,}(?:[-_][^-_.]+)+$/.test(word) && !isLanguage(word);
}

/** `categories` → `category`, `reviews` → `review`. */
export function singular(word: string): string {
  if (/ies$/i.test(word) && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(?:ss|sh|ch|x|z)es$/i.test(word)) return word.slice(0, -2);
  return /[^su]s$/i.test(word) ? word.slice(0, -1) : word;
}
