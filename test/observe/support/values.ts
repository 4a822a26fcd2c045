import { seededRandom, zipf } from './random.ts';

/** Makes a value for a parameter; popular ones come more often. */
export type Values = (random: () => number) => string;

const ADJECTIVES =
  'blue red green small large wooden soft heavy light quick silent warm cold classic modern'.split(' ');
const NOUNS =
  'keyboard lamp chair table mug shirt jacket bottle notebook pencil carpet mirror basket candle clock'.split(
    ' ',
  );
const EXTRAS = 'deluxe mini set pro edition stand case cover'.split(' ');
const FIRST =
  'alice bob carol dave erin frank grace heidi ivan judy mallory niaj olivia peggy rupert sybil trent victor wendy zoe'.split(
    ' ',
  );
const CITIES = 'berlin paris london madrid rome vienna prague lisbon dublin oslo athens zagreb'.split(' ');

/** The same list for a name, whoever asks. */
function listed(size: number, make: (random: () => number, at: number) => string, seed: number): Values {
  const random = seededRandom(seed);
  const list = Array.from({ length: size }, (_, at) => make(random, at));
  return (now) => list[zipf(now, size)]!;
}

const pick = (random: () => number, from: readonly string[]): string =>
  from[Math.floor(random() * from.length)]!;
const hex = (random: () => number, length: number): string =>
  Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
const BASE62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const base62 = (random: () => number, length: number): string =>
  Array.from({ length }, () => BASE62[Math.floor(random() * 62)]).join('');

export const number =
  (most: number): Values =>
  (random) =>
    String(1 + zipf(random, most));
export const slug = (size: number): Values =>
  listed(
    size,
    (random, at) => {
      const words = [pick(random, ADJECTIVES), pick(random, NOUNS)];
      if (random() < 0.4) words.push(pick(random, EXTRAS));
      if (at >= 60) words.push(pick(random, CITIES));
      return words.join('-');
    },
    11,
  );
/** Mostly one word each. */
export const username = (size: number): Values =>
  listed(size, (random, at) => `${pick(random, FIRST)}${at < FIRST.length ? '' : pick(random, NOUNS)}`, 12);
export const category = (size: number): Values =>
  listed(size, (_random, at) => NOUNS[at % NOUNS.length]! + (at < 15 ? 's' : `s${at}`), 13);
export const city: Values = listed(CITIES.length, (_random, at) => CITIES[at]!, 14);
export const uuid: Values = (random) =>
  `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`;
export const objectId: Values = listed(300, (random) => hex(random, 24), 15);
export const sha: Values = (random) => hex(random, 40);
export const date: Values = (random) =>
  `2026-${String(1 + Math.floor(random() * 12)).padStart(2, '0')}-${String(1 + Math.floor(random() * 28)).padStart(2, '0')}`;
export const shortId: Values = listed(500, (random) => base62(random, 11), 16);
export const prefixed = (prefix: string): Values =>
  listed(400, (random) => `${prefix}_${base62(random, 14)}`, 17);
export const email: Values = (random) => `${pick(random, FIRST)}${Math.floor(random() * 90)}%40example.com`;
export const locale: Values = (random) => pick(random, ['en', 'en', 'de', 'fr', 'pt-BR']);
export const encoded: Values = (random) => `a%2Fb%20${Math.floor(random() * 400)}`;
export const secret: Values = (random) => base62(random, 32);
export const asset = (extension: string): Values =>
  listed(30, (random) => `${pick(random, NOUNS)}.${hex(random, 8)}.${extension}`, 18);
export const image: Values = listed(200, (random, at) => `${pick(random, NOUNS)}-${at}.jpg`, 19);
