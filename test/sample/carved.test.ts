import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** What a command printed, whatever it ended with. */
async function said(args: string[], cwd: string): Promise<{ code: number; out: string }> {
  try {
    const { stdout } = await run(process.execPath, args, { cwd, maxBuffer: 64 * 1024 * 1024 });
    return { code: 0, out: stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, out: stdout };
  }
}

const capabilities = ['reviews', 'catalog', 'orders'];

it.each(capabilities)(
  '%s is what carving it again gives, and nobody edited it',
  async (capability) => {
    const { code, out } = await said(
      ['cli/bin/strangler.js', 'carve', capability, '--from', 'monolith', '--check', '--json'],
      root,
    );
    expect({ code, drift: JSON.parse(out) }).toMatchObject({
      code: 0,
      drift: { drifted: false, changedByTeam: [] },
    });
  },
  240_000,
);

it.each(capabilities)(
  'the tests that came with %s pass',
  async (capability) => {
    const folder = resolve(root, 'services', capability);
    const { code, out } = await said(['--test', 'service/test/*.test.ts'], folder);
    expect({ code, out }).toMatchObject({ code: 0 });
  },
  120_000,
);
