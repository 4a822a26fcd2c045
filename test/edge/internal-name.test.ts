import { describe, expect, it } from 'vitest';
import { setUpEdge } from '../../cli/edge/setup.ts';
import type { StartEdgeOptions } from '../../edge-proxy/server.ts';
import { startEdge } from '../../edge-proxy/server.ts';
import { normaliseProject } from '../../migration-plans/project/normalise.ts';
import { temporaryFolder } from '../local-stack/temporary-folder.ts';
import { keeper } from './support/keep.ts';
import { origin } from './support/origin.ts';

const kept = keeper();

/** A monolith that believes that it is asked at its own address, whatever the client says. */
async function selfish() {
  const monolith = await kept(
    origin('monolith', (_request, response) => {
      const { host, hostname } = new URL(monolith.url);
      response.writeHead(302, [
        ['Location', `http://${host}/login?next=%2F`],
        ['Set-Cookie', `session=1; Path=/; Domain=${hostname}; HttpOnly`],
        ['Set-Cookie', 'theme=dark; Domain=example.org'],
      ] as never);
      response.end();
      return true;
    }),
  );
  return monolith;
}

/** The edge that strangler.yaml with this `monolith` describes. */
async function edgeOf(monolith: { url: string; rewrite?: boolean }, over: Partial<StartEdgeOptions> = {}) {
  const folder = temporaryFolder();
  const project = normaliseProject({ version: 1, monolith } as never, `${folder}/strangler.yaml`);
  const setup = await setUpEdge({
    ...{ project, monolith: monolith.url, cloudMapEndpoint: 'http://127.0.0.1:9', name: 'test' },
    ...{ overrideSecret: '0123456789abcdef', drainMs: 1_000 },
  });
  await kept({ close: async () => setup.close?.() });
  return kept(
    startEdge({
      ...setup.options,
      listen: { host: '127.0.0.1', port: 0 },
      log: { level: 'silent' },
      accessLog: false,
      ...over,
    }),
  );
}

const asked = (url: string, headers: Record<string, string> = {}) =>
  fetch(url, { redirect: 'manual', headers });

describe('a monolith that only knows its internal name', () => {
  it('has its redirects and cookies turned to the address of the client, where strangler.yaml says so', async () => {
    const { url } = await selfish();
    const edge = await edgeOf({ url, rewrite: true });
    const answer = await asked(`${edge.url}/cart`);
    expect(answer.headers.get('location')).toBe(`${edge.url}/login?next=%2F`);
    expect(answer.headers.getSetCookie()).toEqual([
      'session=1; Path=/; HttpOnly',
      'theme=dark; Domain=example.org',
    ]);
  });

  it('is passed on as it speaks otherwise', async () => {
    const { url } = await selfish();
    const edge = await edgeOf({ url });
    const answer = await asked(`${edge.url}/cart`);
    expect(answer.headers.get('location')).toBe(`${url}/login?next=%2F`);
    expect(answer.headers.getSetCookie()[0]).toBe('session=1; Path=/; Domain=127.0.0.1; HttpOnly');
  });

  it('sends browsers back to https where a trusted proxy in front ends TLS, and believes nobody else', async () => {
    const { url } = await selfish();
    const said = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' };
    const trusting = await edgeOf({ url, rewrite: true }, { trustProxy: ['loopback'] });
    const wary = await edgeOf({ url, rewrite: true });
    expect((await asked(trusting.url, said)).headers.get('location')).toBe(
      'https://shop.example/login?next=%2F',
    );
    expect((await asked(wary.url, said)).headers.get('location')).toBe(`${wary.url}/login?next=%2F`);
  });
});
