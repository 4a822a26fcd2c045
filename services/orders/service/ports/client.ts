/** Calls of functions that stayed in the monolith. */
import { decode, decodeError, encode, type Makers, owns } from './codec.ts';
import { decimalClass, errorClasses, makersOf } from './makers.ts';
import { ports, portsDigest } from './ports.ts';
import { type Answer, send, unavailable } from './transport.ts';

/** Longest time of a call, in ms, where nothing else is said. */
const defaultTimeout = 5000;

/** Classes of errors that the monolith throws, by name: what it throws is of these again. */
export function registerErrors(classes: { [name: string]: new (...args: never[]) => Error }): void {
  for (const name of Object.keys(classes)) errorClasses.set(name, classes[name]!);
}

/** Result of the function at `address`. What it throws is thrown here; PortUnavailable where it can't be asked. */
export async function callPort(address: string, args: unknown[]): Promise<unknown> {
  const { body, makers } = await exchange(address, { args: encode(args, 'arguments') });
  return resultOf(body, makers, address);
}

/** The results for many lists of arguments in one call, in their order. The first that failed is thrown. */
export async function callPortMany(address: string, calls: unknown[][]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (let at = 0; at < calls.length; at += manyAtOnce) {
    const part = calls.slice(at, at + manyAtOnce);
    const trees = part.map((args) => encode(args, 'arguments'));
    const { body, makers } = await exchange(address, { calls: trees });
    const list = (body as { results?: unknown }).results;
    if (!Array.isArray(list) || list.length !== part.length) throw malformed(address);
    for (const item of list) results.push(resultOf(item, makers, address));
  }
  return results;
}

const manyAtOnce = 500;

/** For what is no function of the list, such as the question who is calling. Each call of the result makes it anew. */
export async function askPort(address: string, question: unknown): Promise<() => unknown> {
  const { body, makers } = await exchange(address, { ask: encode(question, 'question') });
  return () => resultOf(body, makers, address);
}

async function exchange(address: string, message: object): Promise<{ body: unknown; makers: Makers }> {
  const facts = ports[address];
  const answer = await send({
    address,
    digest: portsDigest,
    body: JSON.stringify(message),
    timeout: timeoutOf(address, facts?.timeout),
    // To ask who is calling changes nothing.
    repeatable: facts === undefined || facts.reads,
  });
  if (answer.status !== 200) throw problemOf(answer, address);
  const makers = makersOf(await decimalClass());
  await knowErrors();
  return { body: parsed(answer.text, address), makers };
}

/** PORT_TIMEOUTS_MS (`address=500,other=2000`), then the list of ports, then PORT_TIMEOUT_MS. In ms. */
function timeoutOf(address: string, listed: number | undefined): number {
  const { PORT_TIMEOUT_MS: all, PORT_TIMEOUTS_MS: each } = process.env;
  for (const entry of (each || '').split(',')) {
    const at = entry.lastIndexOf('=');
    if (at !== -1 && entry.slice(0, at).trim() === address) {
      const given = Number(entry.slice(at + 1));
      if (given > 0) return given;
    }
  }
  if (listed !== undefined) return listed;
  const general = Number(all);
  return general > 0 ? general : defaultTimeout;
}

let errorsKnown: Promise<void> | undefined;

/** Loaded with the first answer: these classes stand in files that may themselves call ports. */
function knowErrors(): Promise<void> {
  if (errorsKnown === undefined)
    errorsKnown = import('./errors.ts').then((module) => registerErrors(module.errors));
  return errorsKnown;
}

function parsed(text: string, address: string): unknown {
  try {
    const body: unknown = JSON.parse(text);
    if (body !== null && typeof body === 'object') return body;
  } catch {
    // Told below.
  }
  throw malformed(address);
}

function resultOf(body: unknown, makers: Makers, address: string): unknown {
  const { value, error } = body as { value?: unknown; error?: unknown };
  if (error !== undefined && error !== null) throw decodeError(error, makers, 'error');
  if (value === undefined) throw malformed(address);
  return decode(value, makers, 'result');
}

function malformed(address: string): Error {
  return unavailable(
    'PORT_ANSWER',
    address,
    'the answer is none of a port; is MONOLITH_URL right?',
    'unknown',
  );
}

const remedies: { [problem: string]: string } = {
  PORT_TOKEN: 'the monolith refused the token: MONOLITH_PORTS_TOKEN must be the same on both sides',
  PORT_VERSION:
    'the monolith has another list of ports than this service: apply the monolith.patch of this version',
  PORT_UNKNOWN: 'the monolith does not know this port: apply the monolith.patch of this version',
};

function problemOf(answer: Answer, address: string): Error {
  let told: { problem?: unknown; message?: unknown } = {};
  try {
    told = (JSON.parse(answer.text) || {}) as { problem?: unknown; message?: unknown };
  } catch {
    // An answer that is not of the ports.
  }
  if (typeof told.problem === 'string') {
    const remedy = owns(remedies, told.problem) ? remedies[told.problem]! : String(told.message);
    const ran = told.problem === 'PORT_TOO_LARGE' && answer.status === 500 ? 'unknown' : 'no';
    return unavailable(told.problem, address, remedy, ran);
  }
  if (answer.status === 404)
    return unavailable(
      'PORT_CLOSED',
      address,
      'the monolith has no ports there: apply monolith.patch and set MONOLITH_PORTS_TOKEN in the monolith',
      'no',
    );
  return unavailable('PORT_ANSWER', address, `answered with status ${answer.status}`, 'unknown');
}
