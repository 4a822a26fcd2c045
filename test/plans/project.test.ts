import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StranglerError } from '../../migration-plans/errors.ts';
import {
  findProject,
  loadProject,
  parseProject,
  requireProject,
} from '../../migration-plans/project/load.ts';

const MINIMAL = 'version: 1\nmonolith: { url: http://127.0.0.1:3000 }\n';
const read = (text: string, env: Record<string, string> = {}) =>
  parseProject(text, '/srv/shop/strangler.yaml', env);

function mistakes(text: string, env: Record<string, string> = {}): string[] {
  try {
    read(text, env);
    return [];
  } catch (error) {
    const { code, exitCode, findings } = error as StranglerError;
    expect([code, exitCode]).toEqual(['PROJECT_INVALID', 2]);
    return findings.map(({ place, message }) => `${place?.line}:${place?.column} ${message}`);
  }
}

describe('strangler.yaml', () => {
  it('needs a version and a monolith; everything else has a default', () => {
    expect(read(MINIMAL)).toMatchObject({
      root: '/srv/shop',
      stateDir: '/srv/shop/.strangler',
      plansDir: '/srv/shop/migration-plans',
      monolith: { url: 'http://127.0.0.1:3000' },
      edge: {
        listen: { host: '127.0.0.1', port: 8080 },
        admin: { host: '127.0.0.1', port: 9901 },
        trustProxy: false,
        answerHeader: 'x-strangler-target',
        secret: undefined,
      },
      stateStore: { url: undefined },
      cloudMap: { endpoint: undefined },
      dev: { processes: {} },
    });
  });

  it('is read whole', () => {
    const project = read(`${MINIMAL}
edge: { listen: '[::1]:0', admin: localhost:0, trustProxy: [loopback, 10.0.0.0/8, '::1'], answerHeader: false, drain: 1m, limits: { headerSize: 16KiB, requestBody: 10MiB } }
stateStore: { url: postgresql://u:p@db/strangler }
cloudMap: { endpoint: local, namespace: shop, region: eu-central-1 }
plans: plans
dev:
  processes:
    shop: { command: [npm, start], cwd: monolith, env: { PORT: '3000' }, ready: /healthz }
    reviews: { command: [node, x.js], capability: reviews }
`);
    expect(project.edge).toMatchObject({
      listen: { host: '::1', port: 0 },
      trustProxy: ['loopback', '10.0.0.0/8', '::1'],
      answerHeader: false,
      drainMs: 60_000,
      limits: { headerBytes: 16_384, requestBodyBytes: 10_485_760 },
    });
    expect(project.cloudMap).toEqual({ endpoint: 'local', namespace: 'shop', region: 'eu-central-1' });
    expect(project.plansDir).toBe('/srv/shop/plans');
    expect(project.dev.processes).toEqual({
      shop: {
        name: 'shop',
        command: ['npm', 'start'],
        cwd: '/srv/shop/monolith',
        env: { PORT: '3000' },
        ready: '/healthz',
        capability: undefined,
      },
      reviews: {
        name: 'reviews',
        command: ['node', 'x.js'],
        cwd: '/srv/shop',
        env: {},
        ready: undefined,
        capability: 'reviews',
      },
    });
  });

  it('reports every mistake with its place', () => {
    expect(
      mistakes(`version: 1
monolit: { url: x }
monolith: { url: 127.0.0.1:3000 }
edge: { listen: 8080, answerHeader: true, workers: 0, limits: { quue: 1 } }
cloudMap: { endpoint: nowhere }
dev: { processes: { Shop: { command: npm start }, api: { env: { PORT: 3000 } } } }
`),
    ).toEqual([
      '2:1 unknown key "monolit"',
      '3:18 "monolith.url" must be an http or https URL such as http://127.0.0.1:3000, not "127.0.0.1:3000"',
      '4:17 "edge.listen" must be HOST:PORT such as 127.0.0.1:8080, not 8080',
      '4:37 "edge.answerHeader" is true, but must be "false"',
      '4:52 "edge.workers" must be a whole number from 1, not 0',
      '4:65 unknown key "quue" in "edge.limits"',
      '5:23 "cloudMap.endpoint" must be "local" or an http(s) URL, not "nowhere"',
      '6:21 "Shop" is not a name that is accepted in "dev.processes"',
      '6:38 "dev.processes.Shop.command" must be a list of words such as [npm, start], not "npm start"',
      '6:56 "dev.processes.api" needs "command"',
      '6:71 "dev.processes.api.env.PORT" must be text (quote numbers), not 3000',
    ]);
  });

  it('reports what only values together can get wrong', () => {
    expect(
      mistakes(`version: 1
monolith: { url: "http://[::1" }
edge: { listen: 127.0.0.1:99999, admin: 127.0.0.1:99999, trustProxy: [10.0.0.0/33, example.com] }
dev: { processes: { a: { command: [x], capability: r }, b: { command: [x], capability: r } } }
`).map((line) => line.split(' ')[0]),
    ).toEqual(['2:18', '3:17', '3:41', '3:41', '3:71', '3:84', '4:88']);
  });

  it.each(['2', '"1"', 'null', '0.9'])('version %s is refused by that alone', (version) => {
    const text = `version: ${version}\nunknown: 1\n`;
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'PROJECT_VERSION', exitCode: 2 }));
  });

  it('takes values from the environment, and says which are missing', () => {
    const text = `version: 1\nmonolith: { url: "http://\${HOST}:\${PORT}" }\nplans: $\${LITERAL}\n`;
    const project = read(text, { HOST: 'shop', PORT: '80' });
    expect(project.monolith.url).toBe('http://shop:80');
    expect(project.plansDir).toBe(`/srv/shop/\${LITERAL}`);
    expect(mistakes(text, { HOST: 'shop' })).toEqual(['2:18 the environment variable PORT is not set']);
    expect(mistakes(`${MINIMAL}plans: "\${A B}"\n`)).toEqual([
      `3:8 "\${A B}" is no reference to an environment variable`,
    ]);
    expect(mistakes(`${MINIMAL}plans: \${__proto__}\n`)).toEqual([
      '3:8 the environment variable __proto__ is not set',
    ]);
  });

  it('says what to do about a reference that YAML takes for a map', () => {
    const text = `${MINIMAL}stateStore: { url: \${URL} }\n`;
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        findings: [expect.objectContaining({ remedy: expect.stringContaining('quotes') })],
      }),
    );
  });

  it('a value of the environment cannot add to the file', () => {
    const project = read(`${MINIMAL}plans: \${P}\n`, { P: 'x\nstateStore: { url: postgresql://evil/x }' });
    expect(project.stateStore.url).toBeUndefined();
  });

  it('never shows a secret in a message', () => {
    const env = { S: 'hunter2', URL: 'mysql://u:hunter2@db/x' };
    const text = `${MINIMAL}edge: { secret: "\${S}" }\nstateStore: { url: "\${URL}" }\n`;
    expect(mistakes(text, env)).toHaveLength(2);
    expect(mistakes(text, env).join()).not.toContain('hunter2');
    expect(mistakes(`${MINIMAL}stateStore: { url: 'postgresql://u:hunter2@[x' }\n`).join()).not.toContain(
      'hunter2',
    );
  });
});

describe('finding the project', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'strangler-test-project-'));
    await mkdir(join(root, 'a/b/c'), { recursive: true });
    await writeFile(join(root, 'a/strangler.yaml'), MINIMAL);
  });
  afterAll(() => rm(root, { recursive: true }));

  it('walks up to the nearest file', async () => {
    expect(await findProject(join(root, 'a/b/c'))).toBe(join(root, 'a/strangler.yaml'));
    expect(await findProject(join(root, 'a'))).toBe(join(root, 'a/strangler.yaml'));
    expect(await findProject(root)).toBeUndefined();
    await expect(requireProject(root)).rejects.toMatchObject({
      code: 'PROJECT_NOT_FOUND',
      exitCode: 2,
      remedy: expect.stringContaining('strangler init'),
    });
    expect((await loadProject(join(root, 'a/strangler.yaml'), {})).root).toBe(join(root, 'a'));
    await expect(loadProject(join(root, 'none.yaml'))).rejects.toMatchObject({
      code: 'PROJECT_UNREADABLE',
      exitCode: 2,
    });
  });
});
