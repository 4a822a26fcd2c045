/**
 * The plan of one capability after loading: defaults filled in, units resolved. Every consumer reads this form;
 * only `load.ts` and `schema.ts` know how it is written in YAML.
 *
 * Units: times in milliseconds, sizes in bytes, shares in basis points (10 000 = all).
 */
export interface Plan {
  apiVersion: 'strangler/v1';
  capability: string;
  description: string;
  routes: PlanRoute[];
  /**
   * Requests that stay out although a template of `routes` matches them: `/products/featured` beside a claim of `/products/:slug`.
   * Absent: none.
   */
  except?: PlanException[];
  service: PlanService;
  data: PlanData;
  /** In this order the first key that the request carries decides the bucket. */
  stickyBy: StickyKey[];
  /** How long a client that has just written reads from the owner. 0: never pinned. */
  readAfterWriteMs: number;
  shadow: ShadowPlan;
  compare: ComparePlan;
  redact: RedactRule[];
  gates: GatePlan;
  rollout: { stepsBp: number[] };
}

/** One claim: these methods on this template belong to the capability. */
export interface PlanRoute {
  /** Stable name used in metrics, evidence and reports: `GET /articles/:slug`. */
  id: string;
  /** Upper-case methods; `*` alone claims every method. `GET` claims `HEAD` too. */
  methods: string[];
  /** `/articles/:slug`, or with a tail: `/files/*`. */
  template: string;
  /** Whether a request may change data. Default: safe methods read, all others write (RFC 9110 section 9.2.1). */
  effect: 'read' | 'write';
  timeouts: Timeouts;
  /** False: never mirrored. */
  shadow: boolean;
  /** Share of its requests that are mirrored, by bucket of the sticky key. Absent: that of the plan. */
  sampleBp?: number;
}

export interface PlanException {
  methods: string[];
  template: string;
}

export interface Timeouts {
  connectMs: number;
  /** From the request sent to the head of the answer received. */
  headersMs: number;
  /** Between two pieces of a body, in either direction. 0: unlimited (server-sent events, downloads that pause). */
  idleMs: number;
  /** For the whole exchange. 0: unlimited. */
  totalMs: number;
}

export interface PlanService {
  /** Cloud Map service name. */
  name: string;
  /** Cloud Map namespace; undefined: the one of `strangler.yaml`. */
  namespace: string | undefined;
  scheme: 'http' | 'https';
}

export interface PlanData {
  /**
   * `shared-database`: the service works on the monolith's database; where most migrations start.
   * `own-database`: the tables are moved, one owner writes at a time.
   */
  stage: 'shared-database' | 'own-database';
  tables: string[];
}

export type StickyKey =
  | { by: 'header'; name: string }
  | { by: 'cookie'; name: string }
  | { by: 'client-address' };

export interface ShadowPlan {
  /** Share of reads that are mirrored, by bucket of the sticky key. */
  sampleBp: number;
  /** Share of mirrored reads that are sent a second time to the monolith. */
  noiseProbeBp: number;
  /** Bodies beyond this are compared by hash only. */
  maxBodyBytes: number;
  timeoutMs: number;
  /** Mirrored writes go here only; never to a service that shares live data. Headers are set (string) or removed (null). */
  sandbox: { service: PlanService; headers?: Record<string, string | null> } | undefined;
  /** Headers set (string) or removed (null) on mirrored requests, by target. */
  headers: { monolith: Record<string, string | null>; service: Record<string, string | null> };
}

export interface ComparePlan {
  /** Response headers compared, lower case. Undefined: the meaningful ones of `compare/headers.ts`. */
  headers: string[] | undefined;
  rules: CompareRule[];
}

/** What only a person can know. Each rule says why, whose it is and until when. */
export interface CompareRule {
  /** Stable within the plan; used in the rules audit. */
  id: string;
  /** Route ids (`PlanRoute.id`) it applies to; empty: all of the plan. */
  routes: string[];
  /** RFC 9535 JSONPath into a JSON body, CSS-like selector into HTML, or a header name. */
  at: { json: string } | { html: string } | { header: string };
  do:
    | { kind: 'ignore' }
    | { kind: 'unordered' }
    | { kind: 'keyed'; by: string }
    | { kind: 'tolerance'; absolute: number; relative: number }
    | { kind: 'format' }
    | { kind: 'idMap'; map: string };
  reason: string;
  owner: string;
  /** ISO date after which the rule is reported as expired and no longer applied. */
  expires: string | undefined;
}

/** Hidden before anything is stored; added to the defaults of `redact/`. */
export type RedactRule = { json: string } | { header: string } | { query: string } | { pattern: string };

/** A gate is a rule that evidence must meet before a phase may be entered, or that, broken, rolls it back. */
export interface GatePlan {
  canary: {
    minCompared: number;
    /** Upper Wilson bound (95 %) of the share of answers that differ beyond noise. */
    maxMismatchBp: number;
    /** Every read route must have been compared this often. */
    minComparedPerRoute: number;
  };
  cutover: {
    /** Requests answered by the service in the present canary. */
    minRequests: number;
    maxErrorBp: number;
    /** p95 of the service / p95 of the monolith. */
    maxLatencyRatio: number;
  };
  /** Broken in canary or cutover: the capability goes back by itself when `auto` is on. */
  rollback: { auto: boolean; maxErrorBp: number; minRequests: number };
}
