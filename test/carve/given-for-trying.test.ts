import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { gateEnvironment, networkEnvironment } from '../../cli/carve/gates/run-process.ts';
import { askedIn, tryOut } from '../../cli/carve/gates/try-out.ts';
import type { ProducedService } from '../../cli/carve/produce.ts';

const cwd = tmpdir();
const options = (more: object): Parameters<typeof tryOut>[2] => ({
  monolith: join(tmpdir(), 'no-such-monolith'),
  install: false,
  cwd,
  seed: undefined,
  requests: undefined,
  monolithCommand: undefined,
  monolithUrl: undefined,
  onProgress: () => undefined,
  signal: new AbortController().signal,
  ...more,
});
const view = { target: undefined, files: new Map(), removed: [] } as never;

describe('what is given for trying a service', () => {
  it('is nothing, mostly', () => {
    expect(askedIn({ cwd, seed: undefined, requests: undefined })).toBeUndefined();
  });

  it('is refused before anything else, with the way out', () => {
    expect(() => askedIn({ cwd, seed: 'none.sql', requests: undefined })).toThrow(
      expect.objectContaining({ code: 'CARVE_NO_SEED', remedy: expect.stringContaining('INSERT') }),
    );
    expect(() => askedIn({ cwd, seed: undefined, requests: 'none.json' })).toThrow(
      expect.objectContaining({ code: 'CARVE_BAD_REQUESTS' }),
    );
  });

  it('is a monolith that answers', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const tried = tryOut({} as ProducedService, view, options({ monolithUrl: `http://127.0.0.1:${port}` }));
    await expect(tried).rejects.toMatchObject({
      code: 'CARVE_NO_MONOLITH',
      message: expect.stringContaining('ECONNREFUSED'),
      remedy: expect.stringContaining('--monolith-url'),
    });
  });
});

describe('the environment of what is tried', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  it('has no proxy and no certificate of this machine, which npm gets', () => {
    process.env = {
      PATH: '/bin',
      HTTPS_PROXY: 'http://proxy:3128',
      NODE_EXTRA_CA_CERTS: '/ca.pem',
      npm_config_registry: 'https://registry.example.com/',
      NPM_TOKEN: 'secret',
      DATABASE_URL: 'postgresql://us',
    };
    expect(networkEnvironment()).toEqual({
      HTTPS_PROXY: 'http://proxy:3128',
      NODE_EXTRA_CA_CERTS: '/ca.pem',
      npm_config_registry: 'https://registry.example.com/',
    });
    expect(Object.keys(gateEnvironment('/tmp/x'))).toEqual(['PATH']);
  });
});

it('an end by force while a service is tried writes nothing', async () => {
  const stop = new AbortController();
  stop.abort();
  const tried = tryOut(
    { spec: { layout: {} } } as never as ProducedService,
    view,
    options({ signal: stop.signal }),
  );
  await expect(tried).rejects.toMatchObject({ code: 'CARVE_INTERRUPTED', exitCode: 130 });
});
