import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { EdgeParts } from '../../../edge-proxy/edge.ts';
import type { Forwarder, ForwardJob, ForwardResult, Upstream } from '../../../edge-proxy/forward/port.ts';

/** Where requests go, by service key (`default/reviews`). Changed by tests while the edge runs. */
export interface StandInServices {
  [serviceKey: string]: string | undefined;
}

interface Place extends Upstream {
  url(): string | undefined;
}

/**
 * A plain forwarder on node:http for tests of everything around it: what the edge decides, counts and closes.
 * How requests are forwarded is tested with the real one.
 */
export function standIn(services: StandInServices): EdgeParts {
  return {
    upstreams({ options }) {
      const agent = new Agent({ keepAlive: true });
      const places = new Map<string, Place>();
      const monolith: Place = {
        name: 'monolith',
        target: 'monolith',
        available: () => true,
        url: () => options.monolith,
      };
      let count = 0;
      const forwarder: Forwarder = {
        forward(job) {
          count += 1;
          forward(agent, job, job.primary as Place, false, () => {
            count -= 1;
          });
        },
        upgrade(job) {
          const url = new URL((job.primary as Place).url()!);
          const upstream = connect(Number(url.port), url.hostname, () => {
            const { method, rawHeaders } = job.request;
            let head = `${method} ${job.request.url} HTTP/1.1\r\n`;
            for (let i = 0; i < rawHeaders.length; i += 2)
              head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
            upstream.write(`${head}\r\n`);
            upstream.write(job.head);
            upstream.pipe(job.socket).pipe(upstream);
          });
          let over = false;
          const end = () => {
            upstream.destroy();
            job.socket.destroy();
            if (over) return;
            over = true;
            job.observer.done(result(job.primary.target, 101));
          };
          for (const side of [upstream, job.socket]) side.on('error', end).on('close', end);
        },
        inFlight: () => count,
        async close() {
          agent.destroy();
        },
      };
      return {
        forwarder,
        monolith,
        serviceOf({ serviceKey }) {
          let place = places.get(serviceKey);
          if (!place) {
            const url = () => services[serviceKey];
            place = { name: serviceKey, target: 'service', available: () => url() !== undefined, url };
            places.set(serviceKey, place);
          }
          return place;
        },
        async use() {},
        seen(serviceKey) {
          const up = services[serviceKey] === undefined ? 0 : 1;
          return { endpoints: up, healthy: up, versions: up ? ['1.0.0'] : [] };
        },
        figures: () => [],
        close: () => forwarder.close(0),
      };
    },
  };
}

function forward(agent: Agent, job: ForwardJob, place: Place, fellBack: boolean, over: () => void): void {
  const startedAt = performance.now();
  const traceparent = job.observer.attemptStarts?.(place.target);
  const headers = [...job.request.rawHeaders];
  if (traceparent !== undefined) headers.push('traceparent', traceparent);
  const url = place.url();
  const failed = (failure: 'connect' | 'cut') => {
    job.observer.attempt(place.target, place.name, 0, failure, performance.now() - startedAt);
    if (job.fallback && !fellBack) {
      forward(agent, job, job.fallback as Place, true, over);
      return;
    }
    const named = job.answerHeaders(undefined, 502);
    if (!job.response.headersSent) job.response.writeHead(502, named as string[]);
    job.response.end();
    over();
    job.observer.done({ ...result(undefined, 502), failure, fellBack });
  };
  if (url === undefined) {
    failed('connect');
    return;
  }
  const { hostname, port } = new URL(url);
  const { method, url: path } = job.request;
  const sent = httpRequest(
    { agent, host: hostname, port, method, path, headers },
    (answer: IncomingMessage) => {
      const status = answer.statusCode!;
      job.observer.attempt(place.target, place.name, status, undefined, performance.now() - startedAt);
      if (status === 503 && job.fallback && !fellBack) {
        answer.resume();
        return forward(agent, job, job.fallback as Place, true, over);
      }
      const own = job.answerHeaders(place.target, status);
      const kept = answer.rawHeaders.filter(
        (_, i, all) => !/^(connection|keep-alive)$/i.test(all[i - (i % 2)]!),
      );
      job.capture?.head(status, answer.rawHeaders);
      job.response.writeHead(status, [...kept, ...own] as string[]);
      answer.on('data', (chunk: Buffer) => job.capture?.chunk(chunk));
      answer.pipe(job.response);
      job.response.on('finish', () => {
        job.capture?.end();
        over();
        job.observer.done({ ...result(place.target, status), fellBack });
      });
    },
  );
  sent.on('error', () => failed(sent.reusedSocket ? 'cut' : 'connect'));
  job.request.pipe(sent);
}

function result(answeredBy: ForwardResult['answeredBy'], status: number): ForwardResult {
  return {
    answeredBy,
    status,
    failure: undefined,
    fellBack: false,
    retries: 0,
    requestBytes: 0,
    responseBytes: 0,
  };
}
