import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { readCertificate } from '../../edge-proxy/tls/certificate.ts';
import { reloadCertificate } from '../../edge-proxy/tls/reload.ts';
import { keeper } from './support/keep.ts';
import { origin } from './support/origin.ts';
import { rawClient } from './support/raw.ts';
import { edgeFor, until } from './support/run.ts';

const kept = keeper();
const fixture = (name: string) => join(import.meta.dirname, 'fixtures', `${name}.pem`);
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** Files of a certificate that can be renewed. */
async function files() {
  const folder = await mkdtemp(join(tmpdir(), 'edge-tls-'));
  folders.push(folder);
  const certFile = join(folder, 'tls.crt');
  const keyFile = join(folder, 'tls.key');
  const install = async (cert: string, key = cert) => {
    await copyFile(fixture(`${cert}.cert`), certFile);
    await copyFile(fixture(`${key}.key`), keyFile);
  };
  await install('first');
  return { certFile, keyFile, install };
}

function get(url: string, agent?: Agent): Promise<{ status: number; body: string; name: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { rejectUnauthorized: false, ...(agent ? { agent } : { agent: false }) },
      (answer) => {
        const name = (answer.socket as TLSSocket).getPeerCertificate().subject.CN;
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          body += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode!, body, name: String(name) }));
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

describe('TLS to clients', () => {
  it('shows the certificate of the files, and a renewed one to new connections without a restart', async () => {
    const monolith = await kept(origin('monolith'));
    const tls = await files();
    const edge = await kept(edgeFor(monolith.url, { tls: { ...tls, http2: false, reloadMs: 10 } }));
    expect(edge.url).toMatch(/^https:/);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await get(`${edge.url}/a`, agent)).toMatchObject({
      status: 200,
      body: 'monolith GET /a',
      name: 'first.edge.test',
    });
    await tls.install('second');
    await until(
      async () => (await get(`${edge.url}/b`)).name === 'second.edge.test',
      'the new certificate is shown',
    );
    expect((await get(`${edge.url}/c`, agent)).status).toBe(200);
    agent.destroy();
    const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text();
    const { expires } = await readCertificate(tls);
    expect(metrics).toContain(`strangler_tls_certificate_expiry_timestamp_seconds ${expires / 1000}`);
  });

  it('is refused at the start with files that do not fit', async () => {
    const monolith = await kept(origin('monolith'));
    const tls = await files();
    await tls.install('first', 'second');
    await expect(edgeFor(monolith.url, { tls })).rejects.toMatchObject({ code: 'EDGE_TLS', exitCode: 2 });
    await expect(edgeFor(monolith.url, { tls: { ...tls, certFile: '/nowhere' } })).rejects.toMatchObject({
      code: 'EDGE_TLS',
      place: { file: '/nowhere' },
    });
    await expect(readCertificate({ ...tls, certFile: tls.keyFile })).rejects.toMatchObject({
      code: 'EDGE_TLS',
    });
    await expect(readCertificate({ ...tls, keyFile: tls.certFile })).rejects.toMatchObject({
      code: 'EDGE_TLS',
    });
  });

  it('drains: idle connections are closed, also ones that never finished their handshake', async () => {
    const monolith = await kept(origin('monolith'));
    const edge = await edgeFor(monolith.url, { tls: await files() });
    const agent = new Agent({ keepAlive: true });
    await get(`${edge.url}/a`, agent);
    const { port } = new URL(edge.url);
    const half = await kept(rawClient(`http://127.0.0.1:${port}`));
    expect(await edge.drain(3_000)).toMatchObject({ cut: 0, problems: [] });
    await half.ended();
    agent.destroy();
  });
});

describe('renewing a certificate', () => {
  it('keeps the present one while the new files do not fit, and says so once', async () => {
    const tls = await files();
    const shown: string[] = [];
    const refused: unknown[] = [];
    const reload = reloadCertificate({
      files: tls,
      current: await readCertificate(tls),
      holder: { setSecureContext: ({ cert }) => void shown.push(cert) },
      intervalMs: 3_600_000,
      onChange: () => {},
      onRefused: (error) => refused.push(error),
    });
    await reload.check();
    await tls.install('second', 'first');
    await reload.check();
    await reload.check();
    expect({ shown: shown.length, refused: refused.length, failures: reload.failures() }).toEqual({
      shown: 0,
      refused: 1,
      failures: 1,
    });
    await tls.install('second');
    await reload.check();
    expect(shown).toHaveLength(1);
    expect(reload.current().fingerprint).toBe((await readCertificate(tls)).fingerprint);
    reload.close();
  });
});
