import { type Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface ExchangeOptions {
  host: string;
  port: number;
  method: string;
  path: string;
  headers?: Record<string, string | number>;
  body?: Buffer | undefined;
  agent: Agent;
  /** Milliseconds without anything moving; then it rejects. Default: 15 000. */
  timeoutMs?: number;
}

export interface ExchangeAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** One request and its whole answer. Rejects when the connection fails, the answer breaks off or nothing comes. */
export function exchange(options: ExchangeOptions): Promise<ExchangeAnswer> {
  const { host, port, method, path, headers, body, agent, timeoutMs = 15_000 } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host, port, method, path, agent, ...(headers && { headers }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
        response.on('error', reject);
      },
    );
    request.setTimeout(timeoutMs, () =>
      request.destroy(new Error(`no answer within ${timeoutMs / 1_000} s`)),
    );
    request.on('error', reject);
    request.end(body);
  });
}
