import { type Static, Type } from 'typebox';
import { Duration, Share, Size } from '../yaml/units.ts';

/** A plan as people write it in YAML. Types, the JSON Schema for editors, the reference and the checks of the loader all come from here. */
const closed = { additionalProperties: false } as const;

const Text = (description: string, options: object = {}) =>
  Type.String({ minLength: 1, maxLength: 2000, says: 'text', description, ...options });

const Count = (fallback: number, description: string) =>
  Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 1_000_000_000,
      default: fallback,
      says: 'a whole number from 0',
      description,
    }),
  );

export const CAPABILITY_NAME = '^[a-z][a-z0-9-]{0,62}$';
const CapabilityName = Type.String({
  pattern: CAPABILITY_NAME,
  says: 'a name of lower-case letters, digits and "-", such as order-history',
  description: 'Name of the business function that is carved out.',
});

const HeaderName = Type.String({
  pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$",
  says: 'a header name',
  description: 'Name of a header, in any letter case.',
});

const Service = (description: string) =>
  Type.Object(
    {
      name: Type.String({
        pattern: '^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$',
        says: 'a Cloud Map service name of letters, digits, "-" and "_", at most 63',
        description: 'Cloud Map service name.',
      }),
      namespace: Type.Optional(
        Type.String({
          pattern: '^[A-Za-z0-9._-]{1,128}$',
          says: 'a Cloud Map namespace name',
          description: 'Cloud Map namespace. Omitted: the one of strangler.yaml.',
        }),
      ),
      scheme: Type.Optional(
        Type.Enum(['http', 'https'], { default: 'http', description: 'How the service is spoken to.' }),
      ),
    },
    { ...closed, description },
  );

const Timeouts = Type.Object(
  {
    connect: Type.Optional(Duration({ default: '2s', description: 'To open a connection.' })),
    headers: Type.Optional(
      Duration({ default: '30s', description: 'From the request sent to the head of the answer.' }),
    ),
    idle: Type.Optional(
      Duration({
        default: '60s',
        description: 'Between two pieces of a body. 0: unlimited, for event streams.',
      }),
    ),
    total: Type.Optional(Duration({ default: '0', description: 'For the whole exchange. 0: unlimited.' })),
  },
  { ...closed, description: 'Time limits.' },
);

const RouteText = Type.String({
  minLength: 3,
  maxLength: 1200,
  says: 'a route such as GET /products/:slug/reviews',
  description:
    'METHOD[,METHOD…] and a path template, such as GET /products/:slug or POST,PUT /api/x or * /files/*.',
});

const RouteMap = Type.Object(
  {
    route: RouteText,
    effect: Type.Optional(
      Type.Enum(['read', 'write'], {
        description:
          'Whether requests may change data. Omitted: GET, HEAD, OPTIONS and TRACE read, all others write.',
      }),
    ),
    shadow: Type.Optional(Type.Boolean({ default: true, description: 'false: never mirrored.' })),
    sample: Type.Optional(
      Share({ description: 'Share of its requests that are mirrored. Omitted: `shadow.sample`.' }),
    ),
    timeouts: Type.Optional(Timeouts),
  },
  { ...closed, says: 'a map with "route"' },
);

const Sticky = Type.Union([
  Type.Enum(['client-address'], { type: 'string', says: '"client-address"' }),
  Type.Object(
    {
      cookie: Type.Optional(Text('Name of a cookie.')),
      header: Type.Optional(HeaderName),
    },
    { ...closed, minProperties: 1, maxProperties: 1, says: 'a map such as { cookie: sid }' },
  ),
]);

const HeaderChanges = (target: string) =>
  Type.Optional(
    Type.Record(
      Type.String(),
      Type.Union([Type.String({ maxLength: 4096 }), Type.Null()], {
        says: 'text, or null to remove the header',
      }),
      { description: `On mirrored requests to the ${target}: text sets a header, null removes it.` },
    ),
  );

const Shadow = Type.Object(
  {
    sample: Type.Optional(Share({ default: '100%', description: 'Share of reads that are mirrored.' })),
    noiseProbe: Type.Optional(
      Share({
        default: '20%',
        description:
          'Share of mirrored reads sent a second time to the monolith, to learn what differs by itself.',
      }),
    ),
    maxBody: Type.Optional(
      Size({ default: '1MiB', description: 'Longer bodies are compared by hash only.' }),
    ),
    timeout: Type.Optional(Duration({ default: '5s', description: 'For a mirrored request.' })),
    sandbox: Type.Optional(
      Type.Object(
        {
          service: Service(
            'A copy of the service with data of its own, under a name that no plan uses for its service.',
          ),
          headers: HeaderChanges('sandbox'),
        },
        {
          ...closed,
          description:
            'Where mirrored writes go, in order, once their users are answered. Omitted: writes are not mirrored.',
        },
      ),
    ),
    headers: Type.Optional(
      Type.Object(
        { monolith: HeaderChanges('monolith'), service: HeaderChanges('service') },
        { ...closed, description: 'Changes to the headers of mirrored requests.' },
      ),
    ),
  },
  { ...closed, description: 'How requests are mirrored while both targets are compared.' },
);

const Rule = Type.Object(
  {
    id: Type.Optional(
      Text('Stable name of the rule. Omitted: made from what it does and where.', { maxLength: 200 }),
    ),
    routes: Type.Optional(
      Type.Array(Text('A route as written under "routes".'), { description: 'Omitted: all of the plan.' }),
    ),
    at: Type.Object(
      {
        json: Type.Optional(Text('RFC 9535 JSONPath into a JSON body.')),
        html: Type.Optional(Text('Selector into an HTML body, such as input[name=_csrf]@value.')),
        header: Type.Optional(HeaderName),
      },
      { ...closed, minProperties: 1, maxProperties: 1, description: 'What the rule is about.' },
    ),
    do: Type.Object(
      {
        kind: Type.Enum(['ignore', 'unordered', 'keyed', 'tolerance', 'format', 'idMap'], {
          description:
            'ignore: not compared; unordered: order does not matter; keyed: elements are paired by a field; tolerance: numbers may differ; format: only the format must agree; idMap: ids of both sides are mapped.',
        }),
        by: Type.Optional(Text('keyed: the field that pairs elements.')),
        absolute: Type.Optional(Type.Number({ minimum: 0, description: 'tolerance: largest difference.' })),
        relative: Type.Optional(
          Type.Number({
            minimum: 0,
            maximum: 1,
            description: 'tolerance: largest difference as a part of the value.',
          }),
        ),
        map: Type.Optional(Text('idMap: name of the map.')),
      },
      { ...closed, description: 'How the two sides are compared there.' },
    ),
    reason: Text('Why this difference is right.'),
    owner: Text('Who answers for the rule.'),
    expires: Type.Optional(
      Type.String({
        pattern: '^\\d{4}-\\d{2}-\\d{2}$',
        says: 'a date such as 2027-01-31',
        description: 'Last day on which the rule applies.',
      }),
    ),
  },
  { ...closed },
);

const Compare = Type.Object(
  {
    headers: Type.Optional(
      Type.Array(HeaderName, {
        description: 'Answer headers that are compared. Omitted: the meaningful ones.',
      }),
    ),
    rules: Type.Optional(
      Type.Array(Rule, { maxItems: 500, description: 'What only a person can know about differences.' }),
    ),
  },
  { ...closed, description: 'How two answers are compared.' },
);

const Redact = Type.Object(
  {
    json: Type.Optional(Text('RFC 9535 JSONPath.')),
    header: Type.Optional(HeaderName),
    query: Type.Optional(Text('Name of a query parameter.')),
    pattern: Type.Optional(Text('Regular expression.', { maxLength: 500 })),
  },
  { ...closed, minProperties: 1, maxProperties: 1 },
);

const Gates = Type.Object(
  {
    canary: Type.Optional(
      Type.Object(
        {
          minCompared: Count(200, 'Answers compared in this shadow run.'),
          maxMismatch: Type.Optional(
            Share({
              default: '0.1%',
              description: 'Upper bound (95 %) of the share of answers that differ beyond noise.',
            }),
          ),
          minComparedPerRoute: Count(5, 'Comparisons of every read route.'),
        },
        { ...closed, description: 'Before the first canary.' },
      ),
    ),
    cutover: Type.Optional(
      Type.Object(
        {
          minRequests: Count(200, 'Requests answered by the service in this canary.'),
          maxError: Type.Optional(
            Share({ default: '1%', description: 'Share of them that may have failed.' }),
          ),
          maxLatencyRatio: Type.Optional(
            Type.Number({
              exclusiveMinimum: 0,
              maximum: 1000,
              default: 1.5,
              description: 'p95 of the service divided by p95 of the monolith.',
            }),
          ),
        },
        { ...closed, description: 'Before the service takes all.' },
      ),
    ),
    rollback: Type.Optional(
      Type.Object(
        {
          auto: Type.Optional(Type.Boolean({ default: true, description: 'Go back without being asked.' })),
          maxError: Type.Optional(
            Share({ default: '2%', description: 'Beyond it the capability goes back.' }),
          ),
          minRequests: Count(50, 'Requests before that is judged.'),
        },
        { ...closed, description: 'While in canary or cutover.' },
      ),
    ),
  },
  { ...closed, description: 'What the evidence must show before a phase may be entered.' },
);

export const PlanYaml = Type.Object(
  {
    apiVersion: Type.Literal('strangler/v1', { description: 'Version of this format.' }),
    capability: CapabilityName,
    description: Type.Optional(
      Type.String({ maxLength: 2000, default: '', says: 'text', description: 'For people.' }),
    ),
    routes: Type.Array(Type.Union([RouteText, RouteMap]), {
      minItems: 1,
      maxItems: 1000,
      description: 'What belongs to the capability. Everything else stays the monolith’s.',
    }),
    except: Type.Optional(
      Type.Array(RouteText, {
        maxItems: 1000,
        description: 'Requests that stay out although a template of "routes" matches them.',
      }),
    ),
    timeouts: Type.Optional(Timeouts),
    service: Type.Optional(Service('The extracted service. Omitted: named like the capability.')),
    data: Type.Optional(
      Type.Object(
        {
          stage: Type.Enum(['shared-database', 'own-database'], {
            description:
              'shared-database: the service works on the monolith’s database; own-database: the tables are moved.',
          }),
          tables: Type.Optional(
            Type.Array(Text('Name of a table or model.'), {
              maxItems: 1000,
              uniqueItems: true,
              default: [],
              description: 'What the capability owns.',
            }),
          ),
        },
        { ...closed, description: 'Whose database it is. Omitted: shared-database without tables.' },
      ),
    ),
    stickyBy: Type.Optional(
      Type.Array(Sticky, {
        minItems: 1,
        maxItems: 8,
        default: ['client-address'],
        description: 'The first key that a request carries decides its bucket.',
      }),
    ),
    readAfterWrite: Type.Optional(
      Duration({ default: '5s', description: 'How long a client that has written reads from the owner.' }),
    ),
    shadow: Type.Optional(Shadow),
    compare: Type.Optional(Compare),
    redact: Type.Optional(
      Type.Array(Redact, {
        maxItems: 500,
        description: 'Hidden before anything is stored, besides the defaults.',
      }),
    ),
    gates: Type.Optional(Gates),
    rollout: Type.Optional(
      Type.Object(
        {
          steps: Type.Array(Share({ description: 'A share.' }), {
            minItems: 1,
            maxItems: 50,
            default: ['5%', '25%', '50%'],
            description: 'Rising shares of the canary.',
          }),
        },
        { ...closed, description: 'How the canary grows.' },
      ),
    ),
  },
  {
    ...closed,
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Plan of a capability',
    description: 'What is to happen with one capability: migration-plans/<capability>.yaml.',
  },
);
export type PlanYaml = Static<typeof PlanYaml>;
export type TimeoutsYaml = Static<typeof Timeouts>;
export type RuleYaml = Static<typeof Rule>;
export type ServiceYaml = Static<ReturnType<typeof Service>>;
