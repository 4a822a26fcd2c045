import { execFile, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keeper } from '../edge/support/keep.ts';
import { edgeFor } from '../edge/support/run.ts';
import { freePort } from './support/free-port.ts';

const FOLDER = join(import.meta.dirname, 'varnishtest');
// Its usage text is all that it says of itself, with exit code 1.
const PROGRAM = ['varnishtest', '/usr/bin/varnishtest'].find(
  (program) => spawnSync(program, ['-h']).error === undefined,
);
const kept = keeper();

describe.skipIf(PROGRAM === undefined)('in the eyes of varnishtest', () => {
  it.each(readdirSync(FOLDER).filter((name) => name.endsWith('.vtc')))('%s', async (name) => {
    const origin = await freePort();
    const edge = await kept(edgeFor(`http://127.0.0.1:${origin}`));
    const macros = {
      edge_addr: '127.0.0.1',
      edge_port: new URL(edge.url).port,
      origin_addr: '127.0.0.1',
      origin_port: String(origin),
    };
    const defined = Object.entries(macros).flatMap(([macro, value]) => ['-D', `${macro}=${value}`]);
    const said = await new Promise<string>((resolve) => {
      execFile(PROGRAM as string, ['-t', '20', ...defined, join(FOLDER, name)], (error, stdout, stderr) =>
        resolve(error === null ? 'passed' : stdout + stderr),
      );
    });
    expect(said).toBe('passed');
  });
});
