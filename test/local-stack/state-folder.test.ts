import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readJson, writeFileAtomically } from '../../cli/local-stack/folder/files.ts';
import { readOrCreateSecret } from '../../cli/local-stack/folder/secret.ts';
import { openStateFolder } from '../../cli/local-stack/folder/state-folder.ts';
import { temporaryFolder } from './temporary-folder.ts';

it('is made once, kept out of git, and opened again', () => {
  const path = join(temporaryFolder(), '.strangler');
  openStateFolder(path, '1.0.0');
  expect(readJson(join(path, 'version.json'))).toEqual({ format: 1, createdBy: '1.0.0' });
  expect(readFileSync(join(path, '.gitignore'), 'utf8')).toBe('*\n');
  openStateFolder(path, '2.0.0');
  expect(readJson(join(path, 'version.json'))).toEqual({ format: 1, createdBy: '1.0.0' });
});

it.each([
  ['of a newer format', { format: 2, createdBy: '9.1.0' }, /format 2 \(written by strangler 9\.1\.0\)/],
  ['with a damaged version', 'not json', /format null/],
])('of another version (%s) is refused and left as it is', (_, version, message) => {
  const path = join(temporaryFolder(), '.strangler');
  mkdirSync(path);
  writeFileSync(join(path, 'version.json'), typeof version === 'string' ? version : JSON.stringify(version));
  expect(() => openStateFolder(path, '1.0.0')).toThrow(message);
  try {
    openStateFolder(path, '1.0.0');
  } catch (error) {
    expect(error).toMatchObject({ code: 'STATE_FOLDER_VERSION', remedy: expect.stringContaining('mv ') });
  }
  expect(readdirSync(path)).toEqual(['version.json']);
});

it('is not taken over when it holds somebody else’s files', () => {
  const path = join(temporaryFolder(), '.strangler');
  mkdirSync(path);
  writeFileSync(join(path, 'notes.txt'), 'mine');
  expect(() => openStateFolder(path, '1.0.0')).toThrow(/of another version/);
});

it('keeps secrets to its owner, and closes those that others can read', () => {
  const path = join(temporaryFolder(), 'admin-token');
  const secret = readOrCreateSecret(path);
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  chmodSync(path, 0o644);
  expect(readOrCreateSecret(path)).toBe(secret);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('leaves no half-written file', () => {
  const folder = temporaryFolder();
  writeFileAtomically(join(folder, 'a'), 'one');
  writeFileAtomically(join(folder, 'a'), 'two');
  expect(() => writeFileAtomically(join(folder, 'no', 'a'), 'x')).toThrow();
  expect(readdirSync(folder)).toEqual(['a']);
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('two');
});
