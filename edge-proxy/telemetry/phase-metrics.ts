import type { Registry } from 'prom-client';
import { DECISION_REASONS } from '../../migration-plans/routing/decision.ts';
import { FAILURES, STATUS_CLASSES } from './labels.ts';
import type { Meters, PhaseMeter } from './meters.ts';
import { counter, type Emit, gauge } from './scraped.ts';

const TARGETS = ['monolith', 'service'] as const;
const OUTCOMES = [...STATUS_CLASSES, ...FAILURES];

/** What is counted per capability and phase. */
export function phaseMetrics(meters: Meters, registry: Registry): void {
  const perTarget = (
    emit: Emit,
    names: readonly string[],
    label: string,
    of: (meter: PhaseMeter) => Float64Array,
  ) => {
    for (const meter of meters.phases()) {
      of(meter).forEach((value, index) => {
        if (value === 0) return;
        const target = TARGETS[Math.floor(index / names.length)]!;
        const { capability, phase } = meter;
        emit({ capability, phase, target, [label]: names[index % names.length]! }, value);
      });
    }
  };
  const perPhase = (emit: Emit, of: (meter: PhaseMeter) => number) => {
    for (const meter of meters.phases()) {
      emit({ capability: meter.capability, phase: meter.phase }, of(meter));
    }
  };
  const phase = ['capability', 'phase'];
  counter(
    registry,
    'strangler_decisions_total',
    'Routing decisions, by why a request went where it went.',
    [...phase, 'target', 'reason'],
    (emit) => perTarget(emit, DECISION_REASONS, 'reason', (meter) => meter.decisions),
  );
  counter(
    registry,
    'strangler_upstream_attempts_total',
    'Attempts at upstreams, by status class or kind of failure.',
    [...phase, 'target', 'outcome'],
    (emit) => perTarget(emit, OUTCOMES, 'outcome', (meter) => meter.attempts),
  );
  gauge(
    registry,
    'strangler_requests_in_flight',
    'Requests being answered now, by the target they were meant for.',
    [...phase, 'target'],
    (emit) => {
      for (const { capability, phase, inFlight } of meters.phases()) {
        TARGETS.forEach((target, index) => {
          emit({ capability, phase, target }, inFlight[index]!);
        });
      }
    },
  );
  counter(
    registry,
    'strangler_fallbacks_total',
    'Requests that the monolith answered after the service had failed.',
    phase,
    (emit) => perPhase(emit, (meter) => meter.fallbacks),
  );
  counter(
    registry,
    'strangler_retries_total',
    'Second and later attempts at the same target.',
    phase,
    (emit) => perPhase(emit, (meter) => meter.retries),
  );
  counter(
    registry,
    'strangler_request_body_bytes_total',
    'Bytes of request bodies passed on.',
    phase,
    (emit) => perPhase(emit, (meter) => meter.requestBytes),
  );
  counter(
    registry,
    'strangler_response_body_bytes_total',
    'Bytes of answer bodies passed on.',
    phase,
    (emit) => perPhase(emit, (meter) => meter.responseBytes),
  );
}
