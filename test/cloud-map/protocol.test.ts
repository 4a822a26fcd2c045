import { request } from 'node:http';
import { connect } from 'node:net';
import { ServiceDiscovery } from '@aws-sdk/client-servicediscovery';
import { describe, expect, it } from 'vitest';
import { startCloudMapEndpoint } from '../../cli/cloud-map/server.ts';
import { refusal, startHarness } from './harness.ts';

const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=AKID/20300101/us-east-1/servicediscovery/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;
const HEADERS = {
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': 'Route53AutoNaming_v20170314.ListNamespaces',
  authorization: AUTHORIZATION,
};

interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: { __type?: string } & Record<string, unknown>;
}

function send(
  url: string,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { method = 'POST', path = '/', headers = HEADERS, body = '{}' } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, path, headers, agent: false }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: text === '' ? {} : JSON.parse(text),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(method === 'GET' ? undefined : body);
  });
}

async function endpointUrl(): Promise<string> {
  return (await startHarness()).endpoint.url;
}

describe('the protocol', () => {
  it('answers in the content type of AWS JSON 1.1, with a request id', async () => {
    const { status, headers, body } = await send(await endpointUrl());
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/x-amz-json-1.1');
    expect(headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
    expect(body).toEqual({ Namespaces: [] });
  });

  it('writes times as seconds since the epoch with milliseconds', async () => {
    const { endpoint, sdk, advance } = await startHarness();
    advance(87);
    const { OperationId } = await sdk.createHttpNamespace({ Name: 'shop' });
    const headers = { ...HEADERS, 'x-amz-target': 'Route53AutoNaming_v20170314.GetOperation' };
    const { body } = await send(endpoint.url, { headers, body: JSON.stringify({ OperationId }) });
    expect(body).toMatchObject({ Operation: { CreateDate: Date.UTC(2030, 0, 1) / 1000 + 0.087 } });
  });

  it('names a modelled error in the body and in a header', async () => {
    const headers = { ...HEADERS, 'x-amz-target': 'Route53AutoNaming_v20170314.GetService' };
    const answer = await send(await endpointUrl(), { headers, body: '{"Id":"none"}' });
    expect(answer.status).toBe(400);
    expect(answer.body.__type).toBe('ServiceNotFound');
    expect(answer.headers['x-amzn-errortype']).toBe('ServiceNotFound');
    expect(answer.headers['x-amzn-requestid']).toBeDefined();
  });

  it.each([
    ['no target', { 'x-amz-target': '' }],
    ['another service', { 'x-amz-target': 'DynamoDB_20120810.ListTables' }],
    ['an unknown operation', { 'x-amz-target': 'Route53AutoNaming_v20170314.Nothing' }],
    ['a property of objects', { 'x-amz-target': 'Route53AutoNaming_v20170314.constructor' }],
  ])('answers UnknownOperationException for %s', async (_what, header) => {
    const { status, body } = await send(await endpointUrl(), { headers: { ...HEADERS, ...header } });
    expect([status, body.__type]).toEqual([400, 'UnknownOperationException']);
  });

  it.each([
    ['GET', '/'],
    ['PUT', '/'],
    ['POST', '/other'],
  ])('has nothing at %s %s', async (method, path) => {
    const { status, body } = await send(await endpointUrl(), { method, path });
    expect([status, body.__type]).toEqual([400, 'UnknownOperationException']);
  });

  it.each([['{'], ['{"Name":'], ['<xml/>']])(
    'answers SerializationException for the body %s',
    async (body) => {
      const answer = await send(await endpointUrl(), { body });
      expect([answer.status, answer.body.__type]).toEqual([400, 'SerializationException']);
    },
  );

  it.each([
    ['application/json'],
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['application/x-amz-json-1.0'],
  ])('refuses the content type %s', async (type) => {
    const { status, body } = await send(await endpointUrl(), {
      headers: { ...HEADERS, 'content-type': type },
    });
    expect([status, body.__type]).toEqual([415, 'UnsupportedMediaTypeException']);
  });

  it('refuses a body beyond the limit', async () => {
    const body = JSON.stringify({ NextToken: 'x'.repeat(300 * 1024) });
    const answer = await send(await endpointUrl(), { body });
    expect([answer.status, answer.body.__type]).toEqual([413, 'RequestEntityTooLargeException']);
  });
});

describe('the signature', () => {
  it('must be there', async () => {
    const { authorization: _left, ...headers } = HEADERS;
    const { status, body } = await send(await endpointUrl(), { headers });
    expect([status, body.__type]).toEqual([403, 'MissingAuthenticationTokenException']);
  });

  it.each([
    ['another scheme', 'Bearer token'],
    ['another service', AUTHORIZATION.replace('servicediscovery', 's3')],
    ['no signature', AUTHORIZATION.replace(/, Signature.*/, '')],
    ['a short signature', AUTHORIZATION.slice(0, -1)],
  ])('must have the form of AWS: %s', async (_what, authorization) => {
    const { status, body } = await send(await endpointUrl(), { headers: { ...HEADERS, authorization } });
    expect([status, body.__type]).toEqual([403, 'IncompleteSignatureException']);
  });
});

describe('browsers', () => {
  it.each([
    ['a page of any origin', { origin: 'http://127.0.0.1:3000' }],
    ['a host name that was rebound to loopback', { host: 'attacker.example' }],
  ])('are kept out: %s', async (_what, header) => {
    const { status, body } = await send(await endpointUrl(), { headers: { ...HEADERS, ...header } });
    expect([status, body.__type]).toEqual([403, 'AccessDeniedException']);
  });

  it.each([
    ['127.0.0.1:80'],
    ['data-127.0.0.1:80'],
    ['localhost'],
    ['data-localhost:1'],
    ['cloudmap.localhost'],
    ['[::1]:8'],
  ])('while clients that name the host %s come in', async (host) => {
    expect((await send(await endpointUrl(), { headers: { ...HEADERS, host } })).status).toBe(200);
  });
});

describe('the host prefix of Discover operations', () => {
  it('is not needed, and no obstacle to a client that goes through a proxy setting', async () => {
    const { endpoint, service, sdk } = await startHarness();
    await service();
    const name = { NamespaceName: 'shop', ServiceName: 'reviews' };
    expect((await sdk.discoverInstances(name)).Instances).toEqual([]);

    const headers = { ...HEADERS, 'x-amz-target': 'Route53AutoNaming_v20170314.DiscoverInstances' };
    const path = `http://data-127.0.0.1:${endpoint.port}/`;
    const answer = await send(endpoint.url, { path, headers, body: JSON.stringify(name) });
    expect([answer.status, answer.body.Instances]).toEqual([200, []]);
  });

  it('is what the SDK asks for unless it is told not to', async () => {
    const { endpoint } = await startHarness();
    const sdk = new ServiceDiscovery({
      endpoint: endpoint.url,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const error = await refusal(sdk.discoverInstances({ NamespaceName: 'a', ServiceName: 'b' }));
    expect(error.message).toContain('data-127.0.0.1');
    sdk.destroy();
  });
});

describe('starting', () => {
  it('says which port is taken, and releases what it had opened', async () => {
    const { endpoint } = await startHarness();
    const second = startCloudMapEndpoint({ port: endpoint.port });
    await expect(second).rejects.toMatchObject({
      code: 'CLOUD_MAP_PORT_TAKEN',
      message: expect.stringContaining(String(endpoint.port)),
      cause: expect.objectContaining({ code: 'EADDRINUSE' }),
    });
  });

  it('says when the address is none of this machine', async () => {
    await expect(startCloudMapEndpoint({ host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'CLOUD_MAP_HOST',
    });
  });

  it('listens on loopback only, and is gone after close', async () => {
    const endpoint = await startCloudMapEndpoint();
    expect(endpoint.url).toBe(`http://127.0.0.1:${endpoint.port}`);
    await endpoint.close();
    const outcome = await new Promise((resolve) => {
      const socket = connect(endpoint.port, '127.0.0.1');
      socket.once('connect', () => resolve('connected')).once('error', (error) => resolve(error));
    });
    expect(outcome).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
