/** Who is calling, found out by the functions of this application that find it out for its own routes. */

/** A function as it was registered, with the object whose method it is. */
export interface Identity {
  load: () => Promise<{ owner: unknown; run: unknown }>;
  /** What it sets on the request. */
  properties: string[];
}

export interface IdentityTable {
  [name: string]: Identity;
}

/** The request of which is asked. */
export interface Question {
  method: string;
  url: string;
  headers: { [name: string]: string };
  address: string;
}

/** How the request went: it passed with these properties, or it was answered. */
export interface Outcome {
  properties?: { [name: string]: unknown };
  cookies?: string[];
  ended?: { status: number; headers: [string, string | string[]][]; body: Buffer };
}

/** Longest time in which a request must have passed or be answered, in ms. */
export const identityTime = 20000;

export function questionOf(given: unknown): Question {
  const question = given as Partial<Question> | null;
  if (
    question === null ||
    typeof question !== 'object' ||
    typeof question.url !== 'string' ||
    question.url[0] !== '/' ||
    typeof question.method !== 'string' ||
    !/^[A-Z]{1,20}$/.test(question.method) ||
    question.headers === null ||
    typeof question.headers !== 'object'
  )
    throw { status: 400, problem: 'PORT_REQUEST', message: 'no question who is calling' };
  return {
    method: question.method,
    url: question.url,
    headers: question.headers as { [name: string]: string },
    address: String(question.address || '127.0.0.1'),
  };
}

export function pick(request: object, names: string[]): { [name: string]: unknown } {
  const found: { [name: string]: unknown } = {};
  for (const name of names) found[name] = (request as { [name: string]: unknown })[name];
  return found;
}

/** A member with its object, not yet bound. */
export function member(owner: object, name: string): { owner: unknown; run: unknown } {
  const found = (owner as { [name: string]: unknown })[name];
  if (found !== undefined) return { owner, run: found };
  const inner = (owner as { default?: { [name: string]: unknown } }).default;
  return { owner: inner, run: inner?.[name] };
}

const named = new Map<string, unknown>();

/** Remembers a function that has no name of its own; nothing else happens to it. */
export function identityOf<T>(name: string, run: T): T {
  named.set(name, run);
  return run;
}

export async function remembered(name: string): Promise<{ owner: unknown; run: unknown }> {
  return { owner: undefined, run: named.get(name) };
}
