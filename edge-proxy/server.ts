import { type AdminServer, type AdminTarget, type ReportSource, startAdmin } from './admin/server.ts';
import { PRODUCTION_PARTS } from './composition.ts';
import { createEdge, type Edge, type EdgeParts } from './edge.ts';
import type { EdgeStatus } from './edge-status.ts';
import { type DrainOutcome, drain } from './lifecycle/drain.ts';
import { listening, type PublicListener, publicListener } from './listener.ts';
import { EDGE_LIMITS, type EdgeOptions } from './options.ts';
import { readCertificate, type TlsFiles } from './tls/certificate.ts';
import { type CertificateReload, reloadCertificate } from './tls/reload.ts';
import { within } from './within.ts';

/** Where the admin listener is, and who may use it. */
export interface AdminListen {
  host: string;
  port: number;
  /** Undefined: whatever needs a token is refused. */
  token?: string;
  /** Names, besides `localhost` and addresses, under which it may be called. */
  allowedHosts?: readonly string[];
  /** Metrics need the token as well. */
  protectMetrics?: boolean;
  /** Makes the pages below /report. Undefined: there are none. */
  report?: ReportSource;
}

/** A standalone edge: what it is made of, and where it listens. */
export interface StartEdgeOptions extends EdgeOptions {
  listen: { host: string; port: number; reusePort?: boolean };
  /** Undefined: none; whoever started this edge asks it by `control`. */
  admin?: AdminListen;
  /** Where the admin listener that speaks for this edge is, if it has none itself. */
  announcedAdminUrl?: string;
  /** Undefined: plain HTTP/1. */
  tls?: TlsFiles & {
    /** HTTP/2 is offered beside HTTP/1.1. Default: true. */
    http2?: boolean;
    /** Milliseconds between two looks for renewed files. */
    reloadMs?: number;
  };
  drain?: {
    /** Milliseconds between failing readiness and refusing connections. */
    delayMs?: number;
    /** Milliseconds for everything. */
    deadlineMs?: number;
  };
}

export interface RunningEdge {
  readonly url: string;
  /** Empty: it has no admin listener. */
  readonly adminUrl: string;
  readonly id: string;
  /** What the admin listener asks, for callers in this process. */
  readonly control: AdminTarget;
  status(): EdgeStatus;
  /** Finishes what is under way and closes. Called again, it answers with the same end. */
  drain(deadlineMs?: number): Promise<DrainOutcome>;
  /** Ends at once: what is under way is cut. */
  close(): Promise<void>;
}

const DRAIN = { delayMs: 0, deadlineMs: 30_000 };
/** An edge whose store does not answer listens after this long all the same, and says why it is not ready. Milliseconds. */
const START_LIMIT_MS = 10_000;

/**
 * Starts an edge as a process of its own would: admin listener, first revision, public listener, lease. Rejects with what
 * `checkOptions` and `readCertificate` throw, or `EDGE_LISTEN` when an address cannot be used; then nothing is left running.
 */
export async function startEdge(
  options: StartEdgeOptions,
  parts: EdgeParts = PRODUCTION_PARTS,
): Promise<RunningEdge> {
  const { tls } = options;
  const certificate = tls && (await readCertificate(tls));
  const edge = await createEdge({ secureCookies: tls !== undefined, ...options }, parts);
  const times = { ...DRAIN, ...options.drain };
  const limits = { ...EDGE_LIMITS, ...options.limits };
  const listener = publicListener(edge, { limits, certificate, http2: tls?.http2 ?? true });
  const reload = tls && certificate && watchCertificate(tls, certificate, listener, edge);
  let draining: Promise<DrainOutcome> | undefined;
  let admin: AdminServer | undefined;
  const control = adminTarget(edge, () => void shutDown(times));
  let url: string;

  try {
    admin = options.admin && (await listenForAdmin(control, options.admin));
    await within(START_LIMIT_MS, edge.start());
    url = await listener.listen(options.listen);
  } catch (error) {
    reload?.close();
    for (const { run } of edge.closing()) await run(0);
    await listener.app.close();
    await admin?.close();
    throw error;
  }
  const adminUrl = admin?.url ?? options.announcedAdminUrl ?? '';
  await edge.open({ url, adminUrl }, () => ({
    ...listener.figures(),
    certificate: reload && { expires: reload.current().expires, failures: reload.failures() },
  }));

  function shutDown(limit: { delayMs: number; deadlineMs: number }): Promise<DrainOutcome> {
    const { inFlight } = edge.handler;
    draining ??= drain(
      {
        announce: () => edge.announceDrain(),
        stopAccepting: () => listener.stopAccepting(),
        finished: () => inFlight.empty(),
        cutOff() {
          const { count } = inFlight;
          inFlight.forEach((entry) => {
            entry.cutOff();
          });
          return count;
        },
        closeConnections: () => listener.closeConnections(),
        closing: [
          { name: 'certificate', run: () => reload?.close() },
          ...edge.closing(),
          { name: 'listener', run: () => listener.app.close() },
          { name: 'admin', run: () => admin?.close() },
        ],
      },
      limit,
    );
    return draining;
  }

  return {
    url,
    adminUrl,
    id: edge.id,
    control,
    status: () => edge.status(),
    drain: (deadlineMs) => shutDown({ ...times, ...(deadlineMs === undefined ? {} : { deadlineMs }) }),
    async close() {
      await shutDown({ delayMs: 0, deadlineMs: 0 });
    },
  };
}

function watchCertificate(
  tls: NonNullable<StartEdgeOptions['tls']>,
  current: Awaited<ReturnType<typeof readCertificate>>,
  listener: PublicListener,
  edge: Edge,
): CertificateReload {
  return reloadCertificate({
    files: tls,
    current,
    holder: listener.server as unknown as Parameters<typeof reloadCertificate>[0]['holder'],
    ...(tls.reloadMs === undefined ? {} : { intervalMs: tls.reloadMs }),
    onChange: ({ expires, fingerprint }) =>
      edge.logger.info(
        { fingerprint, expires: new Date(expires).toISOString() },
        'showing a new certificate',
      ),
    onRefused: (error) =>
      edge.logger.error(
        { err: error },
        'new certificate files cannot be used; the present certificate stays',
      ),
  });
}

/** Rejects with `EDGE_LISTEN`. */
export function listenForAdmin(control: AdminTarget, at: AdminListen): Promise<AdminServer> {
  const { host, port, token, allowedHosts = [], protectMetrics = false, report } = at;
  return listening('admin', at, () =>
    startAdmin(control, {
      ...{ host, port, token, allowedHosts, protectMetrics },
      ...(report === undefined ? {} : { report }),
    }),
  );
}

function adminTarget(edge: Edge, beginDrain: () => void): AdminTarget {
  return {
    live: () => ({ ok: true, stage: edge.stage(), reasons: [] }),
    started: () => {
      const stage = edge.stage();
      const ok = stage !== 'starting';
      return { ok, stage, reasons: ok ? [] : ['the edge is starting'] };
    },
    ready: () => edge.ready(),
    metrics: async () => ({ contentType: edge.metrics.contentType, text: await edge.metrics.text() }),
    samples: () => edge.metrics.json(),
    status: () => edge.status(),
    kills: () => edge.kills(),
    kill: (capability, killed) => edge.kill(capability, killed),
    drain: beginDrain,
  };
}
