import {
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { equip } from '../../cli/carve/gates/bench.ts';
import { installedBeside } from '../../cli/carve/gates/packages.ts';

let folder: string;
const install = (at: string, name: string, version = '1.0.0'): void => {
  const dir = join(folder, at, 'node_modules', name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name, version }));
};
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'beside-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('packages that lie beside those that are asked for', () => {
  it('are all that the folders hold, the first of a name, with scopes', () => {
    install('api', 'jwt');
    install('api', '@acme/log');
    install('', 'jwt', '2.0.0');
    install('', 'ms');
    mkdirSync(join(folder, 'node_modules/.bin'));
    const found = installedBeside([join(folder, 'api'), folder, join(folder, 'nowhere')]);
    expect(found.map(({ name, version }) => [name, version]).sort()).toEqual([
      ['@acme/log', '1.0.0'],
      ['jwt', '1.0.0'],
      ['ms', '1.0.0'],
    ]);
  });

  it('leave out links that lead nowhere and folders without a package', () => {
    install('', 'ms');
    mkdirSync(join(folder, 'node_modules/empty'));
    symlinkSync(join(folder, 'gone'), join(folder, 'node_modules/broken'));
    expect(installedBeside([folder]).map(({ name }) => name)).toEqual(['ms']);
  });

  it('are given to the copy of a monolith that imports what another package brings along', async () => {
    install('monolith', 'passport');
    install('monolith', 'jwt');
    mkdirSync(join(folder, 'copy'));
    writeFileSync(
      join(folder, 'copy/package.json'),
      JSON.stringify({ name: 'shop', dependencies: { passport: '^1.0.0' } }),
    );
    const from = [join(folder, 'monolith')];
    const signal = new AbortController().signal;
    await equip(join(folder, 'copy'), { from, install: false, signal, beside: from });
    for (const name of ['passport', 'jwt'])
      expect(readlinkSync(join(folder, 'copy/node_modules', name))).toBe(
        join(folder, 'monolith/node_modules', name),
      );
  });
});
