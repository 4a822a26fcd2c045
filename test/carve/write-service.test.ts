import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeService } from '../../cli/carve/write/write.ts';
import { files, origin, tree } from './write/service.ts';

const CHILD = join(import.meta.dirname, 'write/child.ts');
let parent: string;
let out: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'carve-write-'));
  out = join(parent, 'services/reviews');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const write = (version = 1) => writeService({ out, origin, files: files(version) });
/** Without folders and files that only this run needed. */
const left = (): string[] => Object.keys(tree(parent)).filter((path) => path.includes('.carve-'));

function inChild(version: number, dieBefore = ''): { steps: string[]; signal: string | null; said: string } {
  const { stdout, signal } = spawnSync(process.execPath, [CHILD, out, String(version), dieBefore], {
    encoding: 'utf8',
  });
  const steps = stdout.split('\n').flatMap((line) => (line.startsWith('step ') ? [line.slice(5)] : []));
  return { steps, signal, said: stdout };
}

describe('writing a service', () => {
  it('puts every file there with its mode and a manifest, and nothing beside', async () => {
    const { unchanged, actions } = await write();
    expect(unchanged).toBe(false);
    expect(actions.every(({ kind }) => kind === 'add')).toBe(true);
    const written = tree(out);
    for (const { path, text, executable } of files(1))
      expect(written[path]).toBe(`${executable ? 'x ' : ''}${text}`);
    expect(Object.keys(written)).toHaveLength(files(1).length + 2);
    const manifest = readFileSync(join(out, 'service.carve.json'), 'utf8');
    expect(manifest).not.toContain(parent);
    expect(JSON.parse(manifest)).toMatchObject({ version: 1, capability: 'reviews' });
    expect(left()).toEqual([]);
  });
  it('writes the same bytes for the same input, and says so when asked again', async () => {
    await write();
    const first = tree(out);
    expect(await write()).toMatchObject({ unchanged: true });
    expect(tree(out)).toEqual(first);
    rmSync(out, { recursive: true });
    await write();
    expect(tree(out)).toEqual(first);
  });
  it('updates what nobody touched, removes what is no longer made, and leaves files of the team', async () => {
    await write();
    mkdirSync(join(out, 'docs'));
    writeFileSync(join(out, 'docs/ours.md'), 'team\n');
    await write(2);
    const after = tree(out);
    expect(after['src/reviews.js']).toContain('version = 2');
    expect(after['src/new/deep/added.js']).toBe('added\n');
    expect(Object.keys(after).some((path) => path.startsWith('src/old'))).toBe(false);
    expect(after['docs/ours.md']).toBe('team\n');
    expect(left()).toEqual([]);
  });
  it('keeps what the team changed, merges where both did, also a second time', async () => {
    await write();
    const code = join(out, 'src/reviews.js');
    writeFileSync(code, readFileSync(code, 'utf8').replace('line11 = 11', 'line11 = 1111'));
    expect(await write()).toMatchObject({ unchanged: true });
    const second = await write(2);
    expect(second.actions).toContainEqual(expect.objectContaining({ kind: 'merge', path: 'src/reviews.js' }));
    expect(readFileSync(code, 'utf8')).toMatch(/version = 2[\s\S]*line11 = 1111/);
    await write(3);
    expect(readFileSync(code, 'utf8')).toMatch(/version = 3[\s\S]*line11 = 1111/);
    expect(await write(3)).toMatchObject({ unchanged: true });
  });
  it('refuses with every file that can’t be brought together, and changes nothing', async () => {
    await write();
    writeFileSync(join(out, 'src/reviews.js'), 'all mine\n');
    mkdirSync(join(out, 'src/new/deep'), { recursive: true });
    writeFileSync(join(out, 'src/new/deep/added.js'), 'mine too\n');
    const before = tree(parent);
    await expect(write(2)).rejects.toMatchObject({
      code: 'CARVE_CONFLICT',
      exitCode: 5,
      findings: [
        { message: expect.stringContaining('src/reviews.js') },
        { message: expect.stringContaining('added.js') },
      ],
    });
    expect(tree(parent)).toEqual(before);
  });
  it('merges nothing blindly when the originals are lost', async () => {
    await write();
    rmSync(join(out, 'service.carve.originals'));
    writeFileSync(join(out, 'src/reviews.js'), `${files(1)[1]?.text}// team\n`);
    await expect(write(2)).rejects.toMatchObject({
      findings: [{ message: expect.stringContaining('not known any more') }],
    });
  });
  it('only decides in a dry run', async () => {
    const outcome = await writeService({ out, origin, files: files(1), dryRun: true });
    expect(outcome.actions).toHaveLength(files(1).length);
    expect(tree(parent)).toEqual({});
  });
  it('writes what trying the service has recorded, and keeps it while nothing else changes', async () => {
    const record = (text: string) => ({
      out,
      origin,
      recordedIn: 'test/contract/',
      check: async () => [{ path: 'test/contract/a.json', text }],
    });
    await writeService({ ...record('first\n'), files: files(1) });
    expect(tree(out)['test/contract/a.json']).toBe('first\n');
    expect(await writeService({ ...record('second\n'), files: files(1) })).toMatchObject({ unchanged: true });
    await writeService({ out, origin, recordedIn: 'test/contract/', files: files(2) });
    expect(tree(out)['test/contract/a.json']).toBe('first\n');
    await writeService({ ...record('second\n'), files: files(3) });
    expect(tree(out)['test/contract/a.json']).toBe('second\n');
  });
  it('leaves nothing behind when a check refuses, not even folders made for it', async () => {
    const refusal = writeService({
      out,
      origin,
      files: files(1),
      check: async ({ files: view }) => {
        expect([...view.keys()]).toEqual(files(1).map(({ path }) => path));
        throw new Error('the gate says no');
      },
    });
    await expect(refusal).rejects.toThrow('the gate says no');
    expect(spawnSync('find', [parent, '-mindepth', '1'], { encoding: 'utf8' }).stdout).toBe('');
  });
  it('overwrites nothing that the team writes while the gates run', async () => {
    await write();
    const refusal = writeService({
      out,
      origin,
      files: files(2),
      check: async () => {
        writeFileSync(join(out, 'src/reviews.js'), 'just now\n');
        return undefined;
      },
    });
    await expect(refusal).rejects.toMatchObject({ code: 'CARVE_CONFLICT' });
    expect(tree(out)['src/reviews.js']).toBe('just now\n');
    expect(left()).toEqual([]);
  });
});

describe('a folder that can’t be the service’s', () => {
  it.each([
    ['holds files of somebody', () => writeFileSync(join(out, 'mine.txt'), ''), 'CARVE_OUT_TAKEN'],
    ['has a manifest of another version', () => manifest('{ "version": 9 }'), 'CARVE_BAD_MANIFEST'],
    ['has half a manifest', () => manifest('{ "version": 1, "cap'), 'CARVE_BAD_MANIFEST'],
    ['has a manifest without its fields', () => manifest('{ "version": 1 }'), 'CARVE_BAD_MANIFEST'],
  ])('%s', async (_, prepare, code) => {
    mkdirSync(out, { recursive: true });
    prepare();
    const before = tree(parent);
    await expect(write()).rejects.toMatchObject({ code, remedy: expect.any(String) });
    expect(tree(parent)).toEqual(before);
  });
  const manifest = (text: string): void => writeFileSync(join(out, 'service.carve.json'), text);
  it('is the service of another capability', async () => {
    await write();
    await expect(
      writeService({ out, origin: { ...origin, capability: 'orders' }, files: files(1) }),
    ).rejects.toMatchObject({ code: 'CARVE_OUT_OTHER' });
  });
  it('is a link, or has links where files would be written', async () => {
    mkdirSync(join(parent, 'elsewhere'));
    mkdirSync(join(parent, 'services'));
    symlinkSync(join(parent, 'elsewhere'), out);
    await expect(write()).rejects.toMatchObject({ code: 'CARVE_OUT_LINK' });
    rmSync(out);
    await write();
    rmSync(join(out, 'src'), { recursive: true });
    symlinkSync(join(parent, 'elsewhere'), join(out, 'src'));
    await expect(write(2)).rejects.toMatchObject({ code: 'CARVE_LINK', findings: expect.any(Array) });
    expect(tree(join(parent, 'elsewhere'))).toEqual({});
  });
  it('is a file, or lies below one', async () => {
    writeFileSync(join(parent, 'services'), 'a file');
    await expect(write()).rejects.toMatchObject({ code: 'CARVE_OUT_TAKEN' });
    out = join(parent, 'services');
    await expect(write()).rejects.toMatchObject({ code: 'CARVE_OUT_TAKEN' });
  });
  it('may be empty, or hold what says nothing', async () => {
    mkdirSync(out, { recursive: true });
    await write();
    rmSync(out, { recursive: true });
    mkdirSync(out);
    writeFileSync(join(out, '.gitkeep'), '');
    await write();
    expect(Object.keys(tree(out))).toContain('.gitkeep');
    expect(left()).toEqual([]);
  });
});

describe('kill -9', { timeout: 120_000 }, () => {
  /** Files are staged alike: two of them are enough. */
  const few = (steps: string[]): string[] => {
    const staged = steps.filter((step) => step.startsWith('stage '));
    return steps.filter((step) => !staged.slice(1, -1).includes(step));
  };
  it('at any step of a first carve leaves the folder absent or whole, and the next one clears up', async () => {
    const steps = few(inChild(1).steps);
    const whole = tree(out);
    expect(steps.length).toBeGreaterThan(3);
    for (const step of steps) {
      rmSync(join(parent, 'services'), { recursive: true, force: true });
      const { signal } = inChild(1, step);
      expect(signal).toBe('SIGKILL');
      expect([{}, whole]).toContainEqual(tree(out));
      await write();
      expect(tree(out)).toEqual(whole);
      expect(left()).toEqual([]);
    }
  });
  it('at any step of a second carve: the next one first puts back what was there', async () => {
    await write();
    writeFileSync(join(out, 'team.txt'), 'team\n');
    const before = tree(out);
    const steps = few(inChild(2).steps);
    const after = tree(out);
    expect(steps).toContain('replace src/reviews.js');
    for (const step of steps) {
      rmSync(join(parent, 'services'), { recursive: true, force: true });
      await write();
      writeFileSync(join(out, 'team.txt'), 'team\n');
      expect(inChild(2, step).signal).toBe('SIGKILL');
      // The same input as before the killed one: what is found must be that, however far it came.
      if (step !== 'done') {
        await write();
        expect(tree(out)).toEqual(before);
      }
      await write(2);
      expect(tree(out)).toEqual(after);
      expect(left()).toEqual([]);
    }
  });
  it('puts nothing back over what somebody has written since', async () => {
    await write();
    inChild(2, 'replace service.carve.json');
    writeFileSync(join(out, 'src/reviews.js'), `${files(2)[1]?.text}// by hand since\n`);
    await write(1);
    expect(tree(out)['src/reviews.js']).toContain('by hand since');
  });
});

describe('two carves at once', () => {
  it('of one service: the second is refused, the first one goes on', async () => {
    const first = spawn(process.execPath, [CHILD, out, '1', '', 'wait'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => first.once('exit', resolve));
    let said = '';
    first.stdout.on('data', (data) => {
      said += data;
    });
    while (!said.includes('checking')) await sleep(10);
    await expect(write()).rejects.toMatchObject({
      code: 'CARVE_BUSY',
      message: expect.stringContaining(String(first.pid)),
    });
    first.stdin.write('go\n');
    expect(await ended).toBe(0);
    expect(await write()).toMatchObject({ unchanged: true });
  });
});

describe('a file system that refuses', () => {
  it('a read-only parent: said with what to do, nothing written', () => {
    mkdirSync(join(parent, 'services'));
    chmodSync(parent, 0o755);
    chmodSync(join(parent, 'services'), 0o555);
    const env = { ...process.env, ...(process.getuid?.() === 0 && { AS_NOBODY: '1' }) };
    const { stdout } = spawnSync(process.execPath, [CHILD, out, '1'], { encoding: 'utf8', env });
    chmodSync(join(parent, 'services'), 0o755);
    expect(stdout).toContain('error CARVE_CANT_WRITE');
    expect(stdout).toContain('EACCES');
    expect(tree(parent)).toEqual({});
  });
  it('a disk that takes no more: everything is taken away again', () => {
    // A limit on the size of files stands for the full disk: the write itself fails.
    const command = `ulimit -f 1; exec "${process.execPath}" "${CHILD}" "${out}" 5`;
    const { stdout, signal } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    expect(signal).toBeNull();
    expect(stdout).toContain('error CARVE_CANT_WRITE');
    expect(tree(parent)).toEqual({});
  });
});
