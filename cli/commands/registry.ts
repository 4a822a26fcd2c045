import type { ArgumentSpec, CommandSpec, OptionSpec } from './command.ts';

const CAPABILITY: ArgumentSpec = {
  name: 'capability',
  description: 'a capability that has a plan, such as reviews',
  required: true,
  values: 'capability',
};

const NO_WAIT: OptionSpec = {
  flags: '--no-wait',
  description: 'do not wait until every edge serves the new revision',
};
const TIMEOUT: OptionSpec = {
  flags: '--timeout <duration>',
  description: 'longest wait for the edges, such as 30s',
  default: '30s',
};
const WAIT_FOR_EVIDENCE: OptionSpec = {
  flags: '--wait-for-evidence <duration>',
  description: 'when a gate is closed, wait so long for the evidence that opens it, such as 2m',
};
const FORCE: OptionSpec = {
  flags: '--force',
  description: 'go on although a gate is closed; needs --reason, and the audit trail says so',
};

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'init',
    summary: 'write strangler.yaml and an empty plan folder for a monolith at a URL',
    details: ['Asks nothing and overwrites nothing.'],
    examples: [
      { command: 'strangler init --monolith http://localhost:3000', does: 'in this folder' },
      { command: 'strangler init --monolith http://10.0.0.5 --dir shop', does: 'in a folder of its own' },
    ],
    options: [
      { flags: '--monolith <url>', description: 'where the monolith answers' },
      { flags: '--dir <folder>', description: 'folder of the project', default: 'this one' },
    ],
    load: async () => (await import('../handlers/init.ts')).init,
  },
  {
    name: 'dev',
    summary: 'start the local stack: PostgreSQL, Cloud Map, monolith, services, edge',
    details: [
      'Runs until Ctrl-C, which stops everything in order; a second Ctrl-C stops at once. Parts that crash are started again.',
      'With --json each event is one line.',
    ],
    examples: [
      { command: 'strangler dev', does: 'start everything, print the URLs' },
      { command: 'strangler dev --listen 127.0.0.1:8000', does: 'with the edge on a port of your choice' },
      { command: 'strangler dev --verbose', does: 'with the output of every part' },
    ],
    options: [
      { flags: '--listen <host:port>', description: 'where users come in', default: 'edge.listen' },
      { flags: '--admin <host:port>', description: 'health and metrics of the edge', default: 'edge.admin' },
      { flags: '--no-apply', description: 'do not apply the plans when nothing was ever applied' },
    ],
    streams: true,
    load: async () => (await import('../handlers/dev.ts')).dev,
  },
  {
    name: 'edge',
    summary: 'start one edge in the foreground',
    details: [
      'SIGTERM and Ctrl-C drain it: requests under way are finished. A second one ends it at once.',
      'Without any plan it needs no state store and passes everything to the monolith.',
    ],
    examples: [
      { command: 'strangler edge', does: 'as strangler.yaml says' },
      {
        command: 'strangler edge --listen 0.0.0.0:8080 --admin 127.0.0.1:9901',
        does: 'on addresses of your choice',
      },
    ],
    options: [
      { flags: '--listen <host:port>', description: 'where users come in', default: 'edge.listen' },
      { flags: '--admin <host:port>', description: 'health, metrics, admin API', default: 'edge.admin' },
      { flags: '--monolith <url>', description: 'where the monolith answers', default: 'monolith.url' },
      { flags: '--cloud-map <url>', description: 'Cloud Map endpoint', default: 'cloudMap.endpoint' },
      { flags: '--workers <n>', description: 'processes that share the port', default: 'edge.workers' },
      { flags: '--drain <duration>', description: 'how long requests may finish', default: 'edge.drain' },
    ],
    streams: true,
    load: async () => (await import('../handlers/edge.ts')).edge,
  },
  {
    name: 'analyze',
    summary: 'read a Node monolith: routes, models, coupling; suggest capabilities with scores',
    details: ['Nothing of the project is run or changed, and nothing needs to be installed in it.'],
    examples: [
      { command: 'strangler analyze', does: 'the project in this folder' },
      { command: 'strangler analyze ../shop --html seams.html', does: 'with a picture to explore, offline' },
      {
        command: 'strangler analyze --capability reviews=src/reviews,Review,Vote',
        does: 'score a grouping of your own beside the found ones',
      },
    ],
    arguments: [
      {
        name: 'dir',
        description: 'folder of the project (default: this one)',
        required: false,
        values: 'folder',
      },
    ],
    options: [
      {
        flags: '--capability <name=members>',
        description: 'a grouping to score: folders, files and models; may be repeated',
        repeatable: true,
      },
      { flags: '--html <file>', description: 'write the picture as one offline page' },
      { flags: '--mermaid <file>', description: 'write the picture as Mermaid, for pull requests' },
    ],
    load: async () => (await import('../handlers/analyze.ts')).analyze,
  },
  {
    name: 'observe',
    summary: 'the routes of a monolith in any language, from traffic alone',
    details: [
      'An edge observes while it stands before the monolith, with plans or without: which routes are called, how often, how fast, with which parameters. Templates are inferred, and each says how sure it is. --verbose shows the evidence.',
      'Without an edge an access log will do: that of an edge, or one in Common or Combined Log Format (the defaults of Apache and nginx).',
    ],
    examples: [
      { command: 'strangler observe', does: 'what the edges of this project saw' },
      { command: 'strangler observe --since 24h --openapi openapi.json', does: 'also as OpenAPI 3.1' },
      {
        command: 'strangler observe --from access.log.gz',
        does: 'before there is an edge; no project is needed',
      },
      {
        command: 'strangler observe --suggest-plan reviews=/products/:slug/reviews,/api/reviews',
        does: 'a plan file to begin with',
      },
    ],
    options: [
      {
        flags: '--since <time>',
        description: 'only what was seen since, such as 2h, 7d or 2030-01-31',
        default: '30 days, which is all that is kept',
      },
      { flags: '--from <file>', description: 'an access log instead of what edges saw; .gz is unpacked' },
      { flags: '--openapi <file>', description: 'write the inventory as OpenAPI 3.1' },
      { flags: '--server <url>', description: 'the server that OpenAPI names', default: 'monolith.url' },
      {
        flags: '--suggest-plan <capability=paths>',
        description: 'print a plan for what was seen at or below these paths',
      },
      { flags: '--min-confidence <percent>', description: 'leave out what is less sure', default: '0' },
      { flags: '--limit <n>', description: 'routes in the table at most', default: '100' },
    ],
    load: async () => (await import('../handlers/observe.ts')).observe,
  },
  {
    name: 'carve',
    summary: 'extract a capability of a Node monolith as a service of its own',
    details: [
      'Before anything is written the service is tried in a folder of its own: it type-checks, boots, and answers as the monolith does on equal databases. Nothing in the monolith is changed unless --with-patch is given, and no file that the team changed is overwritten.',
      'What carve must not decide by itself is refused, with the choices; they are made in a file that is reviewed (--draft-decisions writes it). Exit code 3: something is undecided, or a gate failed or could not be run.',
      'Works without strangler.yaml, too: the plan then stands in the service’s folder.',
    ],
    examples: [
      {
        command: 'strangler carve reviews --from monolith --dry-run',
        does: 'what would move, be copied, become a call or stay, with reasons; nothing is written',
      },
      {
        command: 'strangler carve reviews --from monolith --draft-decisions',
        does: 'write reviews.decisions.yaml with everything that has to be decided',
      },
      { command: 'strangler carve reviews --from monolith', does: 'try it, then write services/reviews' },
      {
        command: 'strangler carve reviews --from monolith --check',
        does: 'after the monolith changed: what drifted (exit code 1)',
      },
    ],
    arguments: [
      {
        name: 'capability',
        description: 'one that analyze suggests, or one of --capability',
        required: true,
      },
    ],
    options: [
      { flags: '--from <dir>', description: 'folder of the monolith', default: 'this one' },
      {
        flags: '--out <dir>',
        description: 'folder of the service',
        default: 'services/CAPABILITY of the project or of this folder',
      },
      {
        flags: '--decisions <file>',
        description: 'the reviewed file that resolves refusals',
        default: 'CAPABILITY.decisions.yaml beside the plans',
      },
      {
        flags: '--capability <name=members>',
        description: 'a grouping of your own; may be repeated',
        repeatable: true,
      },
      { flags: '--dry-run', description: 'say what would happen, change nothing' },
      { flags: '--check', description: 'say what drifted since the service was carved, change nothing' },
      {
        flags: '--draft-decisions',
        description: 'write an entry for every open refusal, keeping those that are there',
      },
      { flags: '--with-patch', description: 'also change the monolith, so that the service can call it' },
      { flags: '--reverse-patch', description: 'take that change back' },
      { flags: '--skip-gates', description: 'write without trying the service' },
      { flags: '--install', description: 'let npm install what the gates need and the monolith has not' },
      { flags: '--seed <file.sql>', description: 'rows to compare on, instead of generated ones' },
      { flags: '--requests <file.json>', description: 'requests to compare, instead of generated ones' },
      { flags: '--monolith-command <command>', description: 'how the monolith is started for comparing' },
      { flags: '--monolith-url <url>', description: 'a running monolith to compare with' },
    ],
    load: async () => (await import('../handlers/carve.ts')).carve,
  },
  {
    name: 'plan validate',
    summary: 'check every plan file: all mistakes at once, with file, line and column',
    examples: [
      { command: 'strangler plan validate', does: 'the plan folder of the project' },
      { command: 'strangler plan validate plans/', does: 'another folder; no project is needed' },
    ],
    arguments: [
      {
        name: 'folder',
        description: 'folder of plan files (default: that of the project)',
        required: false,
        values: 'folder',
      },
    ],
    load: async () => (await import('../handlers/plan-validate.ts')).planValidate,
  },
  {
    name: 'plan show',
    summary: 'explain what a plan means, with every default filled in',
    examples: [
      { command: 'strangler plan show reviews', does: 'routes, service, data, gates, rollout' },
      { command: 'strangler plan show', does: 'all plans, one line each' },
    ],
    arguments: [{ ...CAPABILITY, required: false }],
    load: async () => (await import('../handlers/plan-show.ts')).planShow,
  },
  {
    name: 'plan diff',
    summary: 'what apply would change',
    examples: [{ command: 'strangler plan diff', does: 'the plan files against the newest revision' }],
    load: async () => (await import('../handlers/plan-diff.ts')).planDiff,
  },
  {
    name: 'apply',
    summary: 'publish the plans as a new revision',
    details: ['Phases stay as they are: a new capability begins in phase monolith.'],
    examples: [
      { command: 'strangler apply', does: 'publish, and wait until every edge serves it' },
      { command: 'strangler apply --dry-run', does: 'say what would change' },
    ],
    options: [NO_WAIT, TIMEOUT],
    changes: true,
    load: async () => (await import('../handlers/apply.ts')).apply,
  },
  {
    name: 'status',
    summary: 'where every capability stands, and what blocks its next step',
    examples: [
      { command: 'strangler status', does: 'capabilities and edges' },
      { command: 'strangler status --json', does: 'the same for scripts' },
    ],
    load: async () => (await import('../handlers/status.ts')).status,
  },
  {
    name: 'shadow',
    summary: 'enter shadow: copies of safe requests go to the service, answers are compared',
    examples: [
      { command: 'strangler shadow reviews --reason "first comparison"', does: 'users notice nothing' },
    ],
    arguments: [CAPABILITY],
    options: [NO_WAIT, TIMEOUT],
    changes: true,
    load: async () => (await import('../handlers/steps.ts')).shadow,
  },
  {
    name: 'report',
    summary: 'write the QA report: go, no-go, or not enough evidence',
    examples: [
      { command: 'strangler report reviews', does: 'HTML, JSON, JUnit and Markdown into reports/reviews' },
      {
        command: 'strangler report reviews --out build/qa --fail-on no-go',
        does: 'for CI: exit code 3 on no-go',
      },
    ],
    arguments: [CAPABILITY],
    options: [
      { flags: '--out <folder>', description: 'where the files go', default: 'reports/<capability>' },
      {
        flags: '--fail-on <verdict>',
        description: 'exit with 3 on this verdict or a worse one',
        choices: ['no-go', 'insufficient-evidence'],
      },
    ],
    load: async () => (await import('../handlers/report.ts')).report,
  },
  {
    name: 'report accept',
    summary: 'write a rule into the plan file that hides one difference, with its reason',
    details: [
      'The rule is as narrow as it can be: the field, on its route, and a tolerance or the format rather than nothing at all. It holds once the plan is applied.',
      'A cluster is named by its id, or by as much of it as tells it from others. strangler report CAPABILITY accept CLUSTER does the same.',
    ],
    examples: [
      {
        command: 'strangler report accept reviews 3fa4 --reason "the app rounds as well"',
        does: 'keeps comments and layout of the plan file',
      },
      {
        command: 'strangler report accept reviews 3fa4 --reason "until 2.0" --expires 2030-01-31 --dry-run',
        does: 'shows the rule, writes nothing',
      },
    ],
    arguments: [
      CAPABILITY,
      { name: 'cluster', description: 'id of the difference, or how it begins', required: true },
    ],
    options: [
      {
        flags: '--as <kind>',
        description: 'what the rule does',
        choices: ['tolerance', 'format', 'unordered', 'ignore'],
        default: 'the narrowest that hides it',
      },
      { flags: '--owner <name>', description: 'who answers for the rule', default: 'you' },
      {
        flags: '--expires <day>',
        description: 'after this day it is no longer applied, such as 2030-01-31',
        default: 'never',
      },
    ],
    changes: true,
    load: async () => (await import('../handlers/report-accept.ts')).reportAccept,
  },
  {
    name: 'report replay',
    summary: 'send the stored examples again to both sides: fixed, or still different',
    details: [
      'Only requests with safe methods are sent, and none that had to be redacted. Credentials are never stored, so what needs a login cannot be told.',
      'Exit code 3 when something still differs.',
    ],
    examples: [
      { command: 'strangler report replay reviews', does: 'every difference of the report' },
      {
        command: 'strangler report replay reviews 3fa4 --service http://localhost:3101',
        does: 'one of them, against a service of your choice',
      },
    ],
    arguments: [
      CAPABILITY,
      { name: 'cluster', description: 'only this difference: its id, or how it begins', required: false },
    ],
    options: [
      {
        flags: '--monolith <url>',
        description: 'where the monolith answers',
        default: 'as the project says',
      },
      {
        flags: '--service <url>',
        description: 'where the service answers',
        default: 'that of strangler dev',
      },
    ],
    load: async () => (await import('../handlers/report-replay.ts')).reportReplay,
  },
  {
    name: 'report export',
    summary: 'turn the stored examples into contract tests for monolith and service',
    details: [
      'One file for vitest that needs nothing of this toolkit. It asks MONOLITH_URL and SERVICE_URL the same and compares what differed.',
    ],
    examples: [
      { command: 'strangler report export reviews --out test/contract', does: 'one test for each example' },
    ],
    arguments: [CAPABILITY],
    options: [
      { flags: '--out <folder>', description: 'where the file goes', default: 'contract-tests/<capability>' },
    ],
    load: async () => (await import('../handlers/report-export.ts')).reportExport,
  },
  {
    name: 'canary',
    summary: 'let the service answer a share of the reads',
    examples: [
      { command: 'strangler canary reviews --weight 5', does: '5 % of the users' },
      { command: 'strangler canary reviews', does: "the next step of the plan's rollout" },
      { command: 'strangler canary reviews --weight 25 --wait-for-evidence 2m', does: 'for scripts' },
    ],
    arguments: [CAPABILITY],
    options: [
      {
        flags: '--weight <percent>',
        description: 'share of the users, 0 to 100',
        default: "next step of the plan's rollout",
      },
      WAIT_FOR_EVIDENCE,
      FORCE,
      NO_WAIT,
      TIMEOUT,
    ],
    changes: true,
    load: async () => (await import('../handlers/steps.ts')).canary,
  },
  {
    name: 'cutover',
    summary: 'all traffic and the writes to the service; the way back stays open',
    examples: [
      { command: 'strangler cutover reviews --reason "canary was clean"', does: 'asks on a terminal' },
    ],
    arguments: [CAPABILITY],
    options: [WAIT_FOR_EVIDENCE, FORCE, NO_WAIT, TIMEOUT],
    changes: true,
    load: async () => (await import('../handlers/steps.ts')).cutover,
  },
  {
    name: 'rollback',
    summary: 'back to the monolith, at once',
    examples: [
      { command: 'strangler rollback reviews --reason "p95 doubled"', does: 'no gate stands in its way' },
    ],
    arguments: [CAPABILITY],
    options: [NO_WAIT, TIMEOUT],
    changes: true,
    load: async () => (await import('../handlers/steps.ts')).rollback,
  },
  {
    name: 'retire',
    summary: 'give up the way back',
    examples: [{ command: 'strangler retire reviews --yes', does: 'cannot be undone' }],
    arguments: [CAPABILITY],
    options: [NO_WAIT, TIMEOUT],
    changes: true,
    load: async () => (await import('../handlers/steps.ts')).retire,
  },
  {
    name: 'kill',
    summary: 'everything of a capability to the monolith at once, whatever its phase',
    examples: [{ command: 'strangler kill reviews --reason "wrong prices"', does: 'for emergencies' }],
    arguments: [CAPABILITY],
    options: [NO_WAIT, TIMEOUT],
    changes: true,
    load: async () => (await import('../handlers/steps.ts')).kill,
  },
  {
    name: 'unkill',
    summary: 'lift the kill switch again',
    examples: [{ command: 'strangler unkill reviews', does: 'the phase from before holds again' }],
    arguments: [CAPABILITY],
    options: [NO_WAIT, TIMEOUT],
    changes: true,
    load: async () => (await import('../handlers/steps.ts')).unkill,
  },
  {
    name: 'history',
    summary: 'the audit trail: who, why, on which evidence',
    examples: [
      { command: 'strangler history', does: 'newest first' },
      { command: 'strangler history reviews --limit 5', does: 'of one capability' },
    ],
    arguments: [{ ...CAPABILITY, required: false }],
    options: [{ flags: '--limit <n>', description: 'at most so many', default: '50' }],
    load: async () => (await import('../handlers/history.ts')).history,
  },
  {
    name: 'doctor',
    summary: 'check the installation and the wiring, with the fix for each finding',
    examples: [{ command: 'strangler doctor', does: 'exit code 1 when something is broken' }],
    load: async () => (await import('../handlers/doctor.ts')).doctor,
  },
  {
    name: 'completion',
    summary: 'print a completion script for a shell',
    examples: [
      { command: 'source <(strangler completion bash)', does: 'bash, and zsh alike' },
      { command: 'strangler completion fish | source', does: 'fish' },
    ],
    arguments: [
      { name: 'shell', description: 'bash, zsh or fish', required: true, values: ['bash', 'zsh', 'fish'] },
    ],
    load: async () => (await import('../handlers/completion.ts')).completion,
  },
  {
    name: '__complete',
    summary: 'what can follow the given words; completion scripts ask this',
    examples: [{ command: 'strangler __complete -- plan ""', does: 'diff, show, validate' }],
    arguments: [{ name: 'words', description: 'the words so far', required: false }],
    rest: true,
    hidden: true,
    load: async () => (await import('../handlers/completion.ts')).complete,
  },
];
