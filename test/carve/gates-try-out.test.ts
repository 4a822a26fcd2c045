import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApplication } from '../../cli/carve/gates/application.ts';
import { startGateDatabase } from '../../cli/carve/gates/database.ts';
import { linkPackages, supplyOf, wantedBy } from '../../cli/carve/gates/packages.ts';
import { generateClient } from '../../cli/carve/gates/prisma.ts';
import { tryOut } from '../../cli/carve/gates/try-out.ts';
import { MAKERS } from '../../cli/carve/makers.ts';
import { type ProducedService, produce } from '../../cli/carve/produce.ts';
import type { ServiceView } from '../../cli/carve/write/write.ts';
import { stranglerHere } from '../cli/run-command.ts';
import { notesMonolith } from './gates/notes-monolith.ts';
import { tree } from './write/service.ts';

let folder: string;
let formerTmp: string | undefined;
/** Other tests use the machine's own folder for temporary files at the same time. */
const inTmp = (): string[] => readdirSync(tmpdir());

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'try-out-')));
  // PostgreSQL's user passes through it when the tests run as root.
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'tmp'));
  formerTmp = process.env.TMPDIR;
  process.env.TMPDIR = join(folder, 'tmp');
  notesMonolith(join(folder, 'monolith'));
  notesMonolith(join(folder, 'bare'), false);
});
afterAll(() => {
  if (formerTmp === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = formerTmp;
  rmSync(folder, { recursive: true, force: true });
});

async function service(from: string): Promise<ProducedService> {
  const { service: made } = await produce(
    { capability: 'notes', dir: join(folder, from), capabilities: ['notes=notes.js,Note,Tag'] },
    MAKERS,
  );
  if (made === undefined) throw new Error('refused');
  return made;
}

/** The service with one of its files changed as a faulty carve would have. */
function changed(made: ProducedService, path: string, change: (text: string) => string): ProducedService {
  const files = made.files.map((file) => (file.path === path ? { ...file, text: change(file.text) } : file));
  return { ...made, files };
}

const options = (more: object = {}): Parameters<typeof tryOut>[2] => ({
  monolith: join(folder, 'monolith'),
  install: false,
  cwd: folder,
  seed: undefined,
  requests: undefined,
  monolithCommand: undefined,
  monolithUrl: undefined,
  onProgress: () => undefined,
  signal: new AbortController().signal,
  ...more,
});

const attempt = (made: ProducedService, more: object = {}): ReturnType<typeof tryOut> => {
  const files: ServiceView['files'] = new Map(
    made.files.map(({ path, text, executable = false }) => [path, { content: text, executable }]),
  );
  return tryOut(made, { target: join(folder, 'nowhere'), files, removed: [] }, options(more));
};

describe('a sound service', { timeout: 180_000 }, () => {
  it('passes all gates, is written with contract tests, the same a second time, and leaves nothing else', async () => {
    const before = tree(join(folder, 'monolith'));
    const leftovers = inTmp();
    const carve = (out: string, ...more: string[]) =>
      stranglerHere(
        [
          'carve',
          'notes',
          '--from',
          'monolith',
          '--out',
          out,
          '--capability',
          'notes=notes.js,Note,Tag',
          ...more,
        ],
        { cwd: folder },
      );
    const first = await carve('first', '--json');
    expect(first.code, first.stdout + first.stderr).toBe(0);
    const { gates, written } = first.json<{
      written: boolean;
      gates: { gate: string; status: string; summary: string }[];
    }>();
    expect(written).toBe(true);
    expect(gates.map(({ gate, status }) => `${gate} ${status}`)).toEqual([
      'types passed',
      'boots passed',
      'answers passed',
    ]);
    expect(gates[2]?.summary).toContain('4 of 4 routes answered with success (as nobody: 4)');
    await carve('second');
    expect(tree(join(folder, 'second'))).toEqual(tree(join(folder, 'first')));
    expect((await carve('first')).stdout).toContain('nothing to do');
    expect((await carve('first', '--check')).code).toBe(0);
    expect(tree(join(folder, 'monolith'))).toEqual(before);
    expect(inTmp()).toEqual(leftovers);
  });
  it('has contract tests that pass against it, and fail against one that answers otherwise', async () => {
    const made = join(folder, 'first');
    const database = await startGateDatabase(new AbortController().signal);
    try {
      const { wanted, own } = wantedBy(made, ['package.json']);
      linkPackages(made, supplyOf(wanted, [join(folder, 'monolith'), import.meta.dirname]).found, own);
      expect(
        await generateClient(made, {
          command: 'prisma generate --schema prisma/schema.prisma',
          variable: 'DATABASE_URL',
          schemaFiles: ['prisma/schema.prisma'],
          signal: new AbortController().signal,
        }),
      ).toEqual({ substituted: false });
      const url = await database.create('service');
      const migration = join(made, 'prisma/migrations/0_init/migration.sql');
      await database.run('service', [{ name: 'tables', sql: readFileSync(migration, 'utf8') }]);
      // Rows of tables that the service does not have are the monolith's.
      const seed = readFileSync(join(made, 'test/contract/seed.sql'), 'utf8')
        .split('\n')
        .filter((line) => !line.includes('Author'))
        .join('\n');
      await database.run('service', [{ name: 'rows', sql: seed }]);
      const contract = async (): Promise<number | null> => {
        const started = await startApplication({
          folder: made,
          command: 'exec node service/main.js',
          env: { DATABASE_URL: url, REGISTRATION: 'off' },
          readyPath: '/readyz',
          limitMs: 60_000,
          signal: new AbortController().signal,
        });
        if ('failed' in started) throw new Error(`${started.failed}\n${started.said.join('\n')}`);
        const ran = spawnSync(process.execPath, ['--test', 'test/contract/contract.test.mjs'], {
          cwd: made,
          env: { PATH: process.env.PATH, BASE_URL: started.app.url },
          encoding: 'utf8',
        });
        await started.app.stop();
        return ran.status;
      };
      expect(await contract()).toBe(0);
      // The rows were written to: now it answers otherwise.
      expect(await contract()).not.toBe(0);
    } finally {
      await database.stop();
    }
  });
});

describe('a faulty service', { timeout: 180_000 }, () => {
  it('that answers otherwise is refused, with what differs in plain words', async () => {
    const made = changed(await service('monolith'), 'notes.js', (text) =>
      text
        .replace("orderBy: { id: 'desc' }", "orderBy: { id: 'asc' }")
        .replace("'no such note'", "'missing'"),
    );
    const { gates, recorded } = await attempt(made);
    expect(gates.map(({ status }) => status)).toEqual(['passed', 'passed', 'failed']);
    const said = gates[2]?.details.join('\n');
    expect(said).toContain('GET /notes/no-such-row (no such row): $.error: the monolith says');
    expect(said).toMatch(/GET \/notes \(a row/);
    expect(recorded).toBeUndefined();
  });
  it('that does not start is refused, with its last words', async () => {
    const made = changed(
      await service('monolith'),
      'app.js',
      (text) => `throw new Error('boom at start');\n${text}`,
    );
    const { gates } = await attempt(made);
    expect(gates.map(({ status }) => status)).toEqual(['passed', 'failed', 'not-run']);
    expect(gates[1]?.details.join('\n')).toContain('boom at start');
  });
  it('that does not parse, or imports what is not there, is refused before it is started', async () => {
    const made = changed(
      await service('monolith'),
      'notes.js',
      (text) => `${text}\nrequire('./gone');\nconst = 1;\n`,
    );
    const { gates } = await attempt(made);
    expect(gates.map(({ status }) => status)).toEqual(['failed', 'not-run', 'not-run']);
    expect(gates[0]?.details.join('\n')).toMatch(/notes\.js:\d+: /);
    const absent = changed(await service('monolith'), 'notes.js', (text) => `${text}\nrequire('./gone');\n`);
    expect((await attempt(absent)).gates[0]?.details).toEqual([
      expect.stringMatching(/notes\.js:\d+: nothing is found for \.\/gone/),
    ]);
  });
});

describe('what can’t be tried', { timeout: 180_000 }, () => {
  it('is told as not run, never as passed: packages that are not installed', async () => {
    const made = changed(await service('bare'), 'package.json', (text) =>
      text.replace('"express": "5.3.0"', '"express": "4.0.1"'),
    );
    const { gates } = await attempt(made);
    expect(gates.map(({ status }) => status)).toEqual(['not-run', 'not-run', 'not-run']);
    expect(gates[1]).toMatchObject({
      summary: 'packages are not installed',
      remedy: expect.stringContaining('--install'),
      details: [expect.stringContaining('express@4.0.1')],
    });
  });
  it('files of requests and rows that can’t be used end the carve', async () => {
    const made = await service('monolith');
    writeFileSync(join(folder, 'r.json'), '{ "a": 1 }');
    await expect(attempt(made, { requests: 'r.json' })).rejects.toMatchObject({ code: 'CARVE_BAD_REQUESTS' });
    writeFileSync(join(folder, 'r.json'), '[{ "method": "GET", "url": "http://elsewhere/" }]');
    await expect(attempt(made, { requests: 'r.json' })).rejects.toMatchObject({ code: 'CARVE_BAD_REQUESTS' });
    await expect(attempt(made, { seed: 'none.sql' })).rejects.toMatchObject({ code: 'CARVE_NO_SEED' });
  });
  it('requests and rows of one’s own are taken', async () => {
    const made = await service('monolith');
    writeFileSync(join(folder, 'r.json'), '[{ "method": "GET", "url": "/notes/mine" }]');
    writeFileSync(join(folder, 's.sql'), `INSERT INTO "Note" (slug, text) VALUES ('mine', 'my own')`);
    const { gates, recorded } = await attempt(made, { requests: 'r.json', seed: 's.sql' });
    expect(gates[2]).toMatchObject({ status: 'passed', summary: expect.stringContaining('1 of 1 answers') });
    const paths = recorded?.map(({ path }) => path) ?? [];
    expect(paths).not.toContain('test/contract/seed.sql');
    expect(recorded?.find(({ path }) => path.includes('get-notes'))?.text).toContain('my own');
  });
  it('a monolith that does not start: how to say it', async () => {
    const { gates } = await attempt(await service('monolith'), { monolithCommand: 'exit 7' });
    expect(gates.map(({ status }) => status)).toEqual(['passed', 'passed', 'not-run']);
    expect(gates[2]).toMatchObject({
      remedy: expect.stringContaining('--monolith-command'),
      summary: expect.stringContaining('7'),
    });
  });
  it('leaves nothing behind when it is interrupted', async () => {
    const made = await service('monolith');
    const controller = new AbortController();
    const before = inTmp();
    const running = attempt(made, {
      signal: controller.signal,
      onProgress: (line: string) => {
        if (line.startsWith('starting the service')) controller.abort();
      },
    });
    await running.catch(() => undefined);
    expect(inTmp()).toEqual(before);
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  });
});
