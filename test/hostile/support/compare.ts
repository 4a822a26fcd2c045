import { RawClient } from '../../forward/support/raw-client.ts';
import { type RawOrigin, startRawOrigin } from '../../forward/support/raw-origin.ts';
import { readAnswer } from '../../forward/support/read-answer.ts';
import { CLIENT_CASES, type ClientCase } from '../client-cases.ts';
import { UPSTREAM_CASES, type UpstreamCase } from '../upstream-cases.ts';
import { misbehaving } from './misbehaving-origin.ts';
import { installed, type RunningProxy, startHaproxy, startNginx, startOurs } from './proxies.ts';
import { READINGS, readRequests } from './readers.ts';
import { startRecordingOrigin } from './recording-origin.ts';

/** What one proxy did with one case, in a few words, and whether it let through what the case is about. */
export interface Verdict {
  text: string;
  through: boolean;
}

export interface Row {
  side: 'client' | 'origin';
  name: string;
  /** By proxy: `edge`, `nginx`, `haproxy`. */
  verdicts: Record<string, Verdict>;
  /** Why the edge may let through what the others refuse; undefined: it may not. */
  laxer: string | undefined;
}

/** A proxy that neither answers nor closes is not waited for longer, in milliseconds. */
const PATIENCE_MS = 500;

type Start = (origin: number) => Promise<RunningProxy>;

/** The proxies of this machine: the edge first. */
export function contestants(): Start[] {
  const nginx = installed('nginx');
  const haproxy = installed('haproxy');
  return [
    startOurs,
    ...(nginx === undefined ? [] : [(origin: number) => startNginx(nginx, origin)]),
    ...(haproxy === undefined ? [] : [(origin: number) => startHaproxy(haproxy, origin)]),
  ];
}

/** The same bytes through each of them. `passedOnly`: only cases that the edge lets through, which is what must be explained. */
export async function compare(starts: readonly Start[], passedOnly = false): Promise<Row[]> {
  const wanted = ({ expected }: { expected: object }): boolean => !passedOnly || 'passed' in expected;
  const clientCases = CLIENT_CASES.filter(wanted);
  const upstreamCases = UPSTREAM_CASES.filter(wanted);
  const clients = await Promise.all(starts.map((start) => clientVerdicts(start, clientCases)));
  const origins = await Promise.all(starts.map((start) => originVerdicts(start, upstreamCases)));
  return [
    ...clientCases.map(({ name, laxer }, index) => row('client', name, laxer, clients, index)),
    ...upstreamCases.map(({ name, laxer }, index) => row('origin', name, laxer, origins, index)),
  ];
}

interface Run {
  proxy: string;
  verdicts: Verdict[];
}

function row(side: Row['side'], name: string, laxer: string | undefined, runs: Run[], index: number): Row {
  const verdicts = Object.fromEntries(runs.map((run) => [run.proxy, run.verdicts[index]!]));
  return { side, name, verdicts, laxer };
}

/** The edge lets through what every other one keeps back, and nobody has said why. */
export function unexplained(rows: readonly Row[]): string[] {
  return rows
    .filter(({ verdicts: { edge, ...others }, laxer }) => {
      const peers = Object.values(others);
      return edge?.through === true && laxer === undefined && peers.every(({ through }) => !through);
    })
    .map(({ side, name }) => `${side}: ${name}`);
}

async function clientVerdicts(start: Start, cases: readonly ClientCase[]): Promise<Run> {
  const origin = await startRecordingOrigin();
  const proxy = await start(origin.port);
  const verdicts: Verdict[] = [];
  for (const { bytes } of cases) {
    origin.forget();
    const { received, closed } = await ask(proxy.port, bytes);
    const recorded = origin.recorded();
    const counts = READINGS.map((reading) =>
      recorded.map((text) => readRequests(text, reading).requests.length).join(),
    );
    const requests = recorded.flatMap((text) => readRequests(text, READINGS[0]!).requests).length;
    const ambiguous = counts.some((count) => count !== counts[0]);
    const passed = ambiguous ? 'ambiguous' : requests > 0 ? `passed ×${requests}` : 'part';
    verdicts.push({
      text: `${recorded.length === 0 ? 'refused' : passed}, ${told(received, closed)}`,
      through: requests > 0 || ambiguous,
    });
  }
  await proxy.close();
  await origin.close();
  return { proxy: proxy.name, verdicts };
}

async function originVerdicts(start: Start, cases: readonly UpstreamCase[]): Promise<Run> {
  let script = misbehaving(cases[0]!);
  const origin: RawOrigin = await startRawOrigin((connection) => script(connection));
  const proxy = await start(origin.port);
  const verdicts: Verdict[] = [];
  for (const each of cases) {
    for (const { socket } of origin.connections.splice(0)) socket.destroy();
    script = misbehaving(each);
    const { received, closed } = await ask(
      proxy.port,
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    const answer = received.length === 0 ? undefined : parsed(received, closed);
    const whole = answer !== undefined && answer.status < 500 && answer.complete;
    const split = /\n\s*Set-Cookie: evil|poison/i.test(received.toString('latin1'));
    verdicts.push({
      text: `${split ? 'SPLIT, ' : ''}${whole ? 'passed' : answer && answer.status < 500 ? 'cut' : 'refused'}, ${told(received, closed)}`,
      through: whole || split,
    });
  }
  await proxy.close();
  await origin.close();
  return { proxy: proxy.name, verdicts };
}

function told(received: Buffer, closed: boolean): string {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(received.toString('latin1', 0, 20))?.[1];
  return `${status ?? (received.length === 0 ? 'no answer' : 'bare bytes')}${closed ? '' : ', left open'}`;
}

function parsed(received: Buffer, closed: boolean): { status: number; complete: boolean } | undefined {
  try {
    return readAnswer(received, 'GET', closed);
  } catch {
    return undefined;
  }
}

async function ask(port: number, bytes: string): Promise<{ received: Buffer; closed: boolean }> {
  const client = await RawClient.connect(port);
  client.send(bytes);
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([client.untilClosed(), patience]);
  clearTimeout(timer);
  const { closed, bytes: received } = client;
  client.destroy();
  return { received, closed };
}
