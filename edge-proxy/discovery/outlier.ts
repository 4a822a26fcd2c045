import type { EjectionReason, Outcome } from './port.ts';

/** When an endpoint is taken out for a while. Names and defaults follow Envoy's outlier detection; departures say why. */
export interface OutlierSettings {
  /** Failures in a row, of any kind. */
  consecutiveServerErrors: number;
  /** Failures in a row with which a gateway says that nobody is behind it: 502, 503, 504, no connection, no answer in time. */
  consecutiveGatewayErrors: number;
  /** Failed connections in a row. */
  consecutiveConnectErrors: number;
  /** How often success rates are compared, in milliseconds. */
  intervalMs: number;
  /** Length of the first ejection; the n-th is n times as long. */
  baseEjectionMs: number;
  maxEjectionMs: number;
  /**
   * Share of the endpoints that may be out at a time, but always at least one. Failed connections are not bound by it: unlike
   * errors, which may be the fault of what an instance depends on, they are no matter of opinion, and an instance that was
   * killed stays listed as healthy. The panic threshold guards against ejecting too much.
   */
  maxEjectionPercent: number;
  /** Success rates are compared among at least so many endpoints … */
  successRateMinimumHosts: number;
  /** … that each had so many requests in the interval. */
  successRateRequestVolume: number;
  /** An endpoint is out when its rate is below the mean by more than so many standard deviations. */
  successRateStdevFactor: number;
}

export const OUTLIER_DEFAULTS: OutlierSettings = {
  consecutiveServerErrors: 5,
  consecutiveGatewayErrors: 5,
  consecutiveConnectErrors: 5,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionPercent: 10,
  successRateMinimumHosts: 5,
  successRateRequestVolume: 100,
  successRateStdevFactor: 1.9,
};

/** What ejection knows of one endpoint. Changed in place: it is touched by every request. */
export interface OutlierRecord {
  serverErrors: number;
  gatewayErrors: number;
  connectErrors: number;
  /** Back from an ejection and not proven yet: the first failure ejects again, instead of as many as the first time. */
  probation: boolean;
  /** Ejections so far, less one for each interval gone well. */
  times: number;
  /** 0: not ejected. */
  ejectedUntil: number;
  intervalRequests: number;
  intervalSuccesses: number;
}

export function newOutlierRecord(): OutlierRecord {
  return {
    serverErrors: 0,
    gatewayErrors: 0,
    connectErrors: 0,
    probation: false,
    times: 0,
    ejectedUntil: 0,
    intervalRequests: 0,
    intervalSuccesses: 0,
  };
}

/** Takes note of how a request ended, and says why the endpoint should go, if it should. */
export function observe(
  record: OutlierRecord,
  outcome: Outcome,
  settings: OutlierSettings,
): EjectionReason | undefined {
  if (outcome === 'cancelled') return undefined;
  record.intervalRequests += 1;
  if (outcome === 'ok') {
    record.intervalSuccesses += 1;
    record.serverErrors = 0;
    record.gatewayErrors = 0;
    record.connectErrors = 0;
    record.probation = false;
    return undefined;
  }
  record.serverErrors += 1;
  record.gatewayErrors = outcome === 'server-error' ? 0 : record.gatewayErrors + 1;
  record.connectErrors = outcome === 'connect-error' ? record.connectErrors + 1 : 0;
  const needed = (threshold: number) => (record.probation ? 1 : threshold);
  // the most telling reason first
  if (record.connectErrors >= needed(settings.consecutiveConnectErrors)) return 'consecutive-connect-errors';
  if (record.gatewayErrors >= needed(settings.consecutiveGatewayErrors)) return 'consecutive-gateway-errors';
  if (record.serverErrors >= needed(settings.consecutiveServerErrors)) return 'consecutive-server-errors';
  return undefined;
}

/** Whether one more endpoint may be out. */
export function mayEject(
  reason: EjectionReason,
  ejected: number,
  total: number,
  settings: OutlierSettings,
): boolean {
  if (reason === 'consecutive-connect-errors') return true;
  return ejected < Math.max(1, Math.floor((total * settings.maxEjectionPercent) / 100));
}

export function eject(record: OutlierRecord, now: number, settings: OutlierSettings): void {
  record.times += 1;
  record.ejectedUntil = now + Math.min(settings.baseEjectionMs * record.times, settings.maxEjectionMs);
}

/** Back in, on probation. */
export function readmit(record: OutlierRecord): void {
  record.ejectedUntil = 0;
  record.serverErrors = 0;
  record.gatewayErrors = 0;
  record.connectErrors = 0;
  record.probation = true;
}

/**
 * The endpoints whose success rate of the last interval is too far below the others': below mean − factor × σ, over those with
 * enough requests, when there are enough of those. σ is that of the population, as in Envoy.
 */
export function successRateOutliers<Record extends OutlierRecord>(
  records: readonly Record[],
  settings: OutlierSettings,
): Record[] {
  const counted = records.filter(
    (record) => record.ejectedUntil === 0 && record.intervalRequests >= settings.successRateRequestVolume,
  );
  if (counted.length === 0 || counted.length < settings.successRateMinimumHosts) return [];
  const rateOf = (record: OutlierRecord) => record.intervalSuccesses / record.intervalRequests;
  const mean = counted.reduce((sum, record) => sum + rateOf(record), 0) / counted.length;
  const variance = counted.reduce((sum, record) => sum + (rateOf(record) - mean) ** 2, 0) / counted.length;
  const floor = mean - settings.successRateStdevFactor * Math.sqrt(variance);
  return counted.filter((record) => rateOf(record) < floor);
}

/** Begins a new interval: counts start over, and an endpoint that stayed in is forgiven one ejection. */
export function beginInterval(record: OutlierRecord): void {
  record.intervalRequests = 0;
  record.intervalSuccesses = 0;
  if (record.ejectedUntil === 0 && record.times > 0) record.times -= 1;
}
