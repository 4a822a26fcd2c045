import { Type } from 'typebox';
import { PHASES } from './revision.ts';

/**
 * The shape of a stored revision's content, checked when it is read from a database or a disk: what an edge compiles its routes from must
 * not be able to crash it or to smuggle values of another type into it. Unknown keys are let through: a newer toolkit may have written them.
 */
const ShareBp = Type.Integer({ minimum: 0, maximum: 10_000 });
const Milliseconds = Type.Integer({ minimum: 0, maximum: 1e12 });
const Count = Type.Integer({ minimum: 0 });
const Methods = Type.Array(Type.String({ pattern: "^(\\*|[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40})$" }), {
  minItems: 1,
});
const TargetSchema = Type.Union([Type.Literal('monolith'), Type.Literal('service')]);

const Service = Type.Object({
  name: Type.String({ minLength: 1 }),
  namespace: Type.Optional(Type.String()),
  scheme: Type.Union([Type.Literal('http'), Type.Literal('https')]),
});

const Route = Type.Object({
  id: Type.String(),
  methods: Methods,
  template: Type.String({ pattern: '^/' }),
  effect: Type.Union([Type.Literal('read'), Type.Literal('write')]),
  timeouts: Type.Object({
    connectMs: Milliseconds,
    headersMs: Milliseconds,
    idleMs: Milliseconds,
    totalMs: Milliseconds,
  }),
  shadow: Type.Boolean(),
  sampleBp: Type.Optional(ShareBp),
});

const Sticky = Type.Union([
  Type.Object({ by: Type.Literal('header'), name: Type.String() }),
  Type.Object({ by: Type.Literal('cookie'), name: Type.String() }),
  Type.Object({ by: Type.Literal('client-address') }),
]);

const HeaderChanges = Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]));

const Rule = Type.Object({
  id: Type.String(),
  routes: Type.Array(Type.String()),
  at: Type.Union([
    Type.Object({ json: Type.String() }),
    Type.Object({ html: Type.String() }),
    Type.Object({ header: Type.String() }),
  ]),
  do: Type.Union([
    Type.Object({ kind: Type.Literal('ignore') }),
    Type.Object({ kind: Type.Literal('unordered') }),
    Type.Object({ kind: Type.Literal('keyed'), by: Type.String() }),
    Type.Object({ kind: Type.Literal('tolerance'), absolute: Type.Number(), relative: Type.Number() }),
    Type.Object({ kind: Type.Literal('format') }),
    Type.Object({ kind: Type.Literal('idMap'), map: Type.String() }),
  ]),
  reason: Type.String(),
  owner: Type.String(),
  expires: Type.Optional(Type.String()),
});

export const PlanSchema = Type.Object({
  apiVersion: Type.Literal('strangler/v1'),
  capability: Type.String(),
  description: Type.String(),
  routes: Type.Array(Route),
  except: Type.Optional(
    Type.Array(Type.Object({ methods: Methods, template: Type.String({ pattern: '^/' }) })),
  ),
  service: Service,
  data: Type.Object({
    stage: Type.Union([Type.Literal('shared-database'), Type.Literal('own-database')]),
    tables: Type.Array(Type.String()),
  }),
  stickyBy: Type.Array(Sticky),
  readAfterWriteMs: Milliseconds,
  shadow: Type.Object({
    sampleBp: ShareBp,
    noiseProbeBp: ShareBp,
    maxBodyBytes: Count,
    timeoutMs: Milliseconds,
    sandbox: Type.Optional(Type.Object({ service: Service, headers: Type.Optional(HeaderChanges) })),
    headers: Type.Object({ monolith: HeaderChanges, service: HeaderChanges }),
  }),
  compare: Type.Object({ headers: Type.Optional(Type.Array(Type.String())), rules: Type.Array(Rule) }),
  redact: Type.Array(
    Type.Union([
      Type.Object({ json: Type.String() }),
      Type.Object({ header: Type.String() }),
      Type.Object({ query: Type.String() }),
      Type.Object({ pattern: Type.String() }),
    ]),
  ),
  gates: Type.Object({
    canary: Type.Object({ minCompared: Count, maxMismatchBp: ShareBp, minComparedPerRoute: Count }),
    cutover: Type.Object({ minRequests: Count, maxErrorBp: ShareBp, maxLatencyRatio: Type.Number() }),
    rollback: Type.Object({ auto: Type.Boolean(), maxErrorBp: ShareBp, minRequests: Count }),
  }),
  rollout: Type.Object({ stepsBp: Type.Array(ShareBp) }),
});

export const StateSchema = Type.Object({
  phase: Type.Enum([...PHASES]),
  weightBp: ShareBp,
  owner: TargetSchema,
  epoch: Type.Integer({ minimum: 0 }),
  killed: Type.Boolean(),
  since: Type.String({ maxLength: 40 }),
});
