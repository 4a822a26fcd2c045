import { createServer, type ServerResponse } from 'node:http';

export interface RecordedCall {
  operation: string;
  input: Record<string, unknown>;
}

type Reply = { status?: number; body: Record<string, unknown> };

/**
 * Speaks as much of Cloud Map's wire protocol (AWS JSON 1.1) as a registration needs, and records what it is asked.
 * `intercept` may answer in its place.
 */
export async function startRecorder() {
  const calls: RecordedCall[] = [];
  const namespaces = new Map<string, string>();
  const services = new Map<string, string>();
  const instances = new Map<string, Record<string, string>>();
  const health = new Map<string, string>();
  let away = false;
  let intercept: ((call: RecordedCall) => Reply | undefined) | undefined;
  const listeners = new Set<() => void>();

  const failure = (type: string, more: Record<string, unknown> = {}): Reply => ({
    status: 400,
    body: { __type: type, Message: type, ...more },
  });
  const operations: Record<string, (input: Record<string, unknown>) => Reply> = {
    ListNamespaces: () => ({
      body: { Namespaces: [...namespaces].map(([Name, Id]) => ({ Name, Id, Type: 'HTTP' })) },
    }),
    CreateHttpNamespace: ({ Name }) => {
      if (namespaces.has(String(Name)))
        return failure('NamespaceAlreadyExists', { NamespaceId: namespaces.get(String(Name)) });
      namespaces.set(String(Name), `ns-${namespaces.size + 1}`);
      return { body: { OperationId: 'operation-namespace' } };
    },
    ListServices: () => ({ body: { Services: [...services].map(([Name, Id]) => ({ Name, Id })) } }),
    CreateService: ({ Name }) => {
      if (services.has(String(Name)))
        return failure('ServiceAlreadyExists', { ServiceId: services.get(String(Name)) });
      services.set(String(Name), `srv-${services.size + 1}`);
      return { body: { Service: { Id: services.get(String(Name)), Name } } };
    },
    RegisterInstance: ({ InstanceId, Attributes }) => {
      instances.set(String(InstanceId), Attributes as Record<string, string>);
      return { body: { OperationId: 'operation-register' } };
    },
    DeregisterInstance: ({ InstanceId }) => {
      if (!instances.delete(String(InstanceId))) return failure('InstanceNotFound');
      return { body: { OperationId: 'operation-deregister' } };
    },
    UpdateInstanceCustomHealthStatus: ({ InstanceId, Status }) => {
      if (!instances.has(String(InstanceId))) return failure('InstanceNotFound');
      health.set(String(InstanceId), String(Status));
      return { body: {} };
    },
    GetOperation: ({ OperationId }) => ({ body: { Operation: { Id: OperationId, Status: 'SUCCESS' } } }),
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (away) return request.socket.destroy();
      const operation = String(request.headers['x-amz-target']).replace('Route53AutoNaming_v20170314.', '');
      const call = {
        operation,
        input: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
      };
      calls.push(call);
      answer(response, intercept?.(call) ?? operations[operation]?.(call.input) ?? failure('InvalidInput'));
      for (const listener of listeners) listener();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    calls,
    namespaces,
    services,
    instances,
    health,
    /** From now on every connection is cut, or no longer. */
    setAway: (value: boolean) => {
      away = value;
    },
    setIntercept: (value: typeof intercept) => {
      intercept = value;
    },
    /** Resolves as soon as the condition holds; it is looked at after each call. */
    until: (condition: () => boolean) =>
      new Promise<void>((done) => {
        const look = () => {
          if (!condition()) return;
          listeners.delete(look);
          done();
        };
        listeners.add(look);
        look();
      }),
    stop: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, { status = 200, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(body));
}
