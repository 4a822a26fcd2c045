/** Requests of the user's own: `--requests FILE.json`. */
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { EXIT, StranglerError } from '../../../migration-plans/errors.ts';
import type { TrialRequest } from './requests.ts';

/** @throws StranglerError `CARVE_BAD_REQUESTS` */
export function readRequests(requests: string, cwd: string): TrialRequest[] {
  const file = resolve(cwd, requests);
  const bad = (why: string): StranglerError =>
    new StranglerError('CARVE_BAD_REQUESTS', `${relative(cwd, file)} can’t be used: ${why}`, {
      exitCode: EXIT.usage,
      place: { file },
      remedy:
        'It holds a list of { "method", "url", "headers", "body" }, or { "exchanges": [{ "request": … }] }.',
    });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw bad(
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : 'it is not JSON',
    );
  }
  const list = Array.isArray(value) ? value : (value as { exchanges?: unknown } | null)?.exchanges;
  if (!Array.isArray(list)) throw bad('it holds no list');
  return list.map((item: unknown, index): TrialRequest => {
    const entry = (item as { request?: unknown } | null)?.request ?? item;
    const { method, url, headers, body, name } = (entry ?? {}) as Record<string, unknown>;
    if (
      typeof method !== 'string' ||
      !/^[A-Za-z]{1,20}$/.test(method) ||
      typeof url !== 'string' ||
      !url.startsWith('/')
    )
      throw bad(`entry ${index + 1} needs a method, and a url that begins with /`);
    const texts = Object.entries((headers ?? {}) as Record<string, unknown>).map(([key, one]) => [
      key,
      String(one),
    ]);
    return {
      name: typeof name === 'string' ? name : `given ${index + 1}`,
      method: method.toUpperCase(),
      url,
      headers: Object.fromEntries(texts) as Record<string, string>,
      body:
        body === undefined || body === null ? null : typeof body === 'string' ? body : JSON.stringify(body),
    };
  });
}
