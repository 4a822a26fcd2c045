import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isHost } from './instances.ts';
import type { Endpoint } from './port.ts';

const FORMAT = 'strangler-endpoints';
const VERSION = 1;

/** The last good lists by service, so that an edge can start while Cloud Map is away. */
export type CachedLists = ReadonlyMap<string, readonly Endpoint[]>;

/**
 * Reads the cache file. It is a help, not a need: a file that is missing is an empty cache, and one that can't be read, is of
 * another version or holds nonsense is an empty cache with a warning.
 */
export async function readCache(file: string, warn: (message: string) => void): Promise<CachedLists> {
  try {
    return decodeCache(await readFile(file, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') warn(`The endpoint cache ${file} can't be used: ${message}`);
    return new Map();
  }
}

/** Replaces the cache file as a whole; several edges may share it. */
export async function writeCache(file: string, lists: CachedLists): Promise<void> {
  const temporary = `${file}.${process.pid}.${randomUUID()}.tmp`;
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(temporary, encodeCache(lists), { mode: 0o600 });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

export function encodeCache(lists: CachedLists): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, services: Object.fromEntries(lists) })}\n`;
}

/** @throws Error for another format or version; entries that are no endpoints are left out */
export function decodeCache(text: string): CachedLists {
  const content: unknown = JSON.parse(text);
  if (!isRecord(content) || content.format !== FORMAT) throw new Error('it is no endpoint cache.');
  if (content.version !== VERSION)
    throw new Error(`its version ${String(content.version)} is not ${VERSION}.`);
  const services = isRecord(content.services) ? content.services : {};
  return new Map(
    Object.entries(services).map(([service, list]) => [
      service,
      Array.isArray(list) ? list.filter(isEndpoint).map(copyOf) : [],
    ]),
  );
}

/** What the file says is checked like what Cloud Map says: it may have been edited. */
function isEndpoint(value: unknown): value is Endpoint {
  if (!isRecord(value)) return false;
  const { id, host, port, secure, healthy } = value;
  const addressed = typeof id === 'string' && typeof host === 'string' && isHost(host);
  const reachable = Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535;
  return addressed && reachable && typeof secure === 'boolean' && typeof healthy === 'boolean';
}

function copyOf({ id, host, port, secure, version, healthy, weight }: Endpoint): Endpoint {
  return {
    id,
    host,
    port,
    secure,
    version: typeof version === 'string' ? version : undefined,
    healthy,
    ...(Number.isInteger(weight) && Number(weight) >= 1 ? { weight: Number(weight) } : {}),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
