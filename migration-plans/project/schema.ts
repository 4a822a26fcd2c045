import { type Static, Type } from 'typebox';
import { OBSERVE_LIMITS } from '../observe/observation.ts';
import { Duration, Size } from '../yaml/units.ts';

/** `strangler.yaml` as people write it. Types, the JSON Schema for editors and the checks of the loader all come from here. */
const closed = { additionalProperties: false } as const;
const count = (fallback: number, description: string) =>
  Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: fallback,
      says: 'a whole number from 1',
      description,
    }),
  );

const bound = (minimum: number, maximum: number, fallback: number, description: string) =>
  Type.Optional(
    Type.Integer({
      minimum,
      maximum,
      default: fallback,
      says: `a whole number from ${minimum} to ${maximum}`,
      description,
    }),
  );

const Url = (description: string) =>
  Type.String({
    pattern: '^https?://[^\\s/?#@]+(/[^\\s?#]*)?$',
    says: 'an http or https URL such as http://127.0.0.1:3000',
    description,
  });
const Listen = (fallback: string, description: string) =>
  Type.Optional(
    Type.String({
      pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9_.-]+):\\d{1,5}$',
      says: 'HOST:PORT such as 127.0.0.1:8080',
      default: fallback,
      description,
    }),
  );
const Text = (description: string, options: object = {}) =>
  Type.String({ minLength: 1, maxLength: 4096, says: 'text', description, ...options });

const TimeoutsYaml = Type.Object(
  {
    connect: Type.Optional(Duration({ default: '2s', description: 'To open a connection.' })),
    headers: Type.Optional(
      Duration({ default: '60s', description: 'From the request sent to the head of the answer.' }),
    ),
    idle: Type.Optional(
      Duration({ default: '0', description: 'Between two pieces of a body. 0: unlimited.' }),
    ),
    total: Type.Optional(Duration({ default: '0', description: 'For the whole exchange. 0: unlimited.' })),
  },
  { ...closed, description: 'Time limits of requests that no plan claims.' },
);

const Limits = Type.Object(
  {
    connections: count(20_000, 'Client connections open at the same time; more are refused.'),
    inFlight: count(4_000, 'Requests being answered at the same time; more get 503 with Retry-After.'),
    upstreamConnections: count(256, 'Connections to one upstream address.'),
    queue: count(1_000, 'Requests waiting for a connection to one upstream.'),
    queueTimeout: Type.Optional(Duration({ default: '5s', description: 'Longest wait for a connection.' })),
    requestHead: Type.Optional(
      Duration({ default: '15s', description: 'For a client to send its request head.' }),
    ),
    requestIdle: Type.Optional(
      Duration({ default: '60s', description: 'Between two pieces of a request body.' }),
    ),
    keepAlive: Type.Optional(
      Duration({ default: '65s', description: 'How long an idle client connection is kept.' }),
    ),
    headerSize: Type.Optional(Size({ default: '32KiB', description: 'Request line and headers together.' })),
    requestBody: Type.Optional(
      Size({ description: 'Largest request body. Omitted: the monolith decides, as without an edge.' }),
    ),
  },
  { ...closed, description: 'What one edge process holds at most.' },
);

const Observe = Type.Object(
  {
    places: bound(100, 50_000, OBSERVE_LIMITS.places, 'Different places in all paths together.'),
    words: bound(8, 1_000, OBSERVE_LIMITS.words, 'Words beside each other before they are taken for values.'),
    depth: bound(2, 32, OBSERVE_LIMITS.depth, 'Segments of a path that are told apart; the rest is `*`.'),
    newPathsPerSecond: bound(
      1,
      100_000,
      OBSERVE_LIMITS.newPathsPerSecond,
      'Paths not seen lately that are read a second; of those beyond one in 32 is, and stands for all.',
    ),
  },
  { ...closed, description: 'Bounds of what one edge process learns of routes.' },
);

const Edge = Type.Object(
  {
    listen: Listen('127.0.0.1:8080', 'Where users come in.'),
    admin: Listen('127.0.0.1:9901', 'Health, metrics and the admin API. Keep it off public networks.'),
    trustProxy: Type.Optional(
      Type.Union(
        [
          Type.Boolean({ description: 'false: forwarding headers of clients are not believed.' }),
          Type.Array(Text('Address or CIDR block of a proxy in front, or "loopback".'), { maxItems: 100 }),
        ],
        {
          default: false,
          description: 'Proxies in front of the edge whose forwarding headers are believed.',
        },
      ),
    ),
    answerHeader: Type.Optional(
      Type.Union(
        [
          Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$', says: 'a header name' }),
          Type.Literal(false, { type: 'boolean', says: 'false' }),
        ],
        {
          default: 'x-strangler-target',
          description: 'Answer header that says who answered; false: none.',
        },
      ),
    ),
    observe: Type.Optional(
      Type.Union([Type.Boolean({ description: 'false: nothing is observed.' }), Observe], {
        default: true,
        description:
          'Which routes are called, how often and how fast, for `strangler observe`: with or without plans, no values of paths or queries.',
      }),
    ),
    secret: Type.Optional(
      Text(
        // biome-ignore lint/suspicious/noTemplateCurlyInString: shown to people as they write it in YAML
        'Secret for tester overrides and pins, at least 32 characters. Take it from the environment: ${STRANGLER_SECRET}.',
        {
          minLength: 32,
          says: 'text of at least 32 characters',
          secret: true,
        },
      ),
    ),
    workers: count(1, 'Processes that share the port.'),
    drain: Type.Optional(
      Duration({ default: '30s', description: 'How long requests may finish after a stop was asked for.' }),
    ),
    tls: Type.Optional(
      Type.Object(
        {
          certificate: Text('PEM file, relative to this file.'),
          key: Text('PEM file, relative to this file.'),
        },
        { ...closed, description: 'TLS and HTTP/2 to clients. The files are read again when they change.' },
      ),
    ),
    timeouts: Type.Optional(TimeoutsYaml),
    limits: Type.Optional(Limits),
  },
  { ...closed, description: 'The proxy.' },
);

const Process = Type.Object(
  {
    command: Type.Array(Text('A word of the command.', { minLength: 0 }), {
      minItems: 1,
      maxItems: 100,
      says: 'a list of words such as [npm, start]',
      description: 'Program and arguments; no shell is involved.',
    }),
    cwd: Type.Optional(Text('Folder to run it in, relative to this file.', { default: '.' })),
    env: Type.Optional(
      Type.Record(Type.String(), Type.String({ maxLength: 4096, says: 'text (quote numbers)' }), {
        propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
        description: 'Environment variables it gets besides those of the shell.',
      }),
    ),
    ready: Type.Optional(
      Type.String({
        pattern: '^/[^\\s]*$',
        says: 'a path such as /healthz',
        description: 'Answered with 2xx once the process can serve.',
      }),
    ),
    capability: Type.Optional(
      Text('The capability whose service this process is. Omitted: it is the monolith or a helper.'),
    ),
  },
  { ...closed },
);

export const ProjectYaml = Type.Object(
  {
    version: Type.Literal(1, { description: 'Version of this format.' }),
    monolith: Type.Object(
      {
        url: Url('Where the monolith answers.'),
        rewrite: Type.Optional(
          Type.Boolean({
            description:
              'true: absolute redirects to the host of `url`, and cookies for it, are turned to the address that the client used. For a monolith that ignores `Host` and only knows its own name. Omitted: nothing is changed.',
          }),
        ),
      },
      { ...closed, description: 'The application that is taken apart.' },
    ),
    edge: Type.Optional(Edge),
    stateStore: Type.Optional(
      Type.Object(
        {
          url: Type.Optional(
            Type.String({
              pattern: '^postgres(ql)?://',
              maxLength: 4096,
              says: 'a URL that begins with postgresql://',
              secret: true,
              description:
                'PostgreSQL that a fleet of edges shares. Omitted: an embedded one under .strangler/.',
            }),
          ),
        },
        { ...closed, description: 'Where revisions, evidence and the audit trail are kept.' },
      ),
    ),
    cloudMap: Type.Optional(
      Type.Object(
        {
          endpoint: Type.Optional(
            Type.String({
              pattern: '^(local|https?://[^\\s]+)$',
              says: '"local" or an http(s) URL',
              description: 'Omitted: AWS itself. local: the endpoint that `strangler dev` starts.',
            }),
          ),
          namespace: Type.Optional(
            Type.String({
              pattern: '^[A-Za-z0-9._-]{1,128}$',
              says: 'a Cloud Map namespace name',
              default: 'strangler',
              description: 'Namespace of services whose plan names none.',
            }),
          ),
          region: Type.Optional(
            Type.String({
              pattern: '^[a-z0-9-]{1,32}$',
              says: 'an AWS region such as eu-central-1',
              default: 'us-east-1',
              description: 'AWS region.',
            }),
          ),
        },
        { ...closed, description: 'AWS Cloud Map, through which services are found.' },
      ),
    ),
    plans: Type.Optional(
      Text('Folder of the plan files, relative to this file.', { default: 'migration-plans' }),
    ),
    dev: Type.Optional(
      Type.Object(
        {
          processes: Type.Optional(
            Type.Record(Type.String(), Process, {
              propertyNames: { pattern: '^[a-z][a-z0-9-]{0,62}$' },
              description: 'By name.',
            }),
          ),
        },
        { ...closed, description: 'What `strangler dev` starts besides the toolkit’s own parts.' },
      ),
    ),
  },
  {
    ...closed,
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'strangler.yaml',
    description:
      // biome-ignore lint/suspicious/noTemplateCurlyInString: shown to people as they write it in YAML
      'Settings of a project. ${NAME} in a text is replaced by the environment variable of that name.',
  },
);
export type ProjectYaml = Static<typeof ProjectYaml>;
