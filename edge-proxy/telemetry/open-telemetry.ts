import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Target } from '../../migration-plans/revision/revision.ts';
import type { ForwardFailure, ForwardResult } from '../forward/port.ts';
import { isTargetFailure } from './target-failure.ts';
import type { RequestSpan, TracedRequest, Tracing } from './tracing.ts';

/** Spans held while the collector is slow; the SDK drops what finds no room. */
const MAX_QUEUED_SPANS = 4_096;

/**
 * Sends spans to an OTLP collector (HTTP, protobuf). Of traces that begin here the share `OTEL_TRACES_SAMPLER_ARG` (0 to 1, default all) is
 * recorded; for others the caller's decision holds. Names and attributes follow OpenTelemetry's conventions for HTTP.
 */
export function startOpenTelemetry(endpoint: string, edge: string): Tracing {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'strangler-edge', 'service.instance.id': edge }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampledShare()) }),
    spanProcessors: [new BatchSpanProcessor({ exporter, maxQueueSize: MAX_QUEUED_SPANS })],
  });
  const tracer = provider.getTracer('strangler-edge');
  return {
    begin: (request) => new OpenTelemetrySpan(tracer, request),
    async close(deadlineMs) {
      await provider.forceFlush({ timeoutMillis: deadlineMs });
      await provider.shutdown();
    },
  };
}

class OpenTelemetrySpan implements RequestSpan {
  readonly traceId: string;
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #method: string;
  #attempt: Span | undefined;

  constructor(tracer: Tracer, request: TracedRequest) {
    this.#tracer = tracer;
    this.#method = request.method;
    const attributes: Attributes = {
      'http.request.method': request.method,
      'http.route': request.route,
      'client.address': request.clientAddress,
    };
    if (request.capability !== undefined) attributes['strangler.capability'] = request.capability;
    const parent = parentContext(request.traceparent);
    this.#span = tracer.startSpan(
      `${request.method} ${request.route}`,
      { kind: SpanKind.SERVER, attributes },
      parent,
    );
    this.traceId = this.#span.spanContext().traceId;
  }

  attemptStarts(target: Target): string {
    this.#attempt?.end();
    this.#attempt = this.#tracer.startSpan(
      `${this.#method} ${target}`,
      {
        kind: SpanKind.CLIENT,
        attributes: { 'http.request.method': this.#method, 'strangler.target': target },
      },
      trace.setSpan(ROOT_CONTEXT, this.#span),
    );
    const { traceId, spanId, traceFlags } = this.#attempt.spanContext();
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  attemptEnded(
    _target: Target,
    endpoint: string,
    status: number,
    failure: ForwardFailure | undefined,
    _ms: number,
  ): void {
    const span = this.#attempt;
    this.#attempt = undefined;
    if (span === undefined) return;
    span.setAttribute('server.address', endpoint);
    if (status > 0) span.setAttribute('http.response.status_code', status);
    if (failure !== undefined || status >= 400) {
      span.setAttribute('error.type', failure ?? String(status));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  }

  ended(result: ForwardResult): void {
    this.#attempt?.end();
    const span = this.#span;
    if (result.status > 0) span.setAttribute('http.response.status_code', result.status);
    span.setAttribute('strangler.answered_by', result.answeredBy ?? 'edge');
    if (result.fellBack) span.setAttribute('strangler.fell_back', true);
    if (result.failure !== undefined) span.setAttribute('error.type', result.failure);
    if (result.status >= 500 || (isTargetFailure(result) && !result.fellBack)) {
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  }
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

function parentContext(traceparent: string | undefined): typeof ROOT_CONTEXT {
  const parts = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (parts === null || traceparent?.startsWith('ff')) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(parts[3]!, 16) & TraceFlags.SAMPLED;
  const context = { traceId: parts[1]!, spanId: parts[2]!, traceFlags, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, context);
}

function sampledShare(): number {
  const share = Number(process.env.OTEL_TRACES_SAMPLER_ARG ?? '1');
  return share >= 0 && share <= 1 ? share : 1;
}
