import { jsonpath } from 'json-p3';
import { parseSelector } from '../compare/html/selector.ts';
import type { Finding } from '../errors.ts';
import { didYouMean } from '../yaml/did-you-mean.ts';
import type { YamlSource } from '../yaml/source.ts';
import { formatShare, parseDuration, parseShare } from '../yaml/units.ts';
import { normalisePlan, routesNamed } from './normalise.ts';
import { parseRouteText } from './route-text.ts';
import type { PlanYaml, RuleYaml } from './schema.ts';

type Path = (string | number)[];
interface Context {
  yaml: PlanYaml;
  source: YamlSource;
  now: Date;
}

/** What a schema cannot say about one plan. Each rule collects all that it finds. */
const RULES: readonly ((context: Context) => Finding[])[] = [
  routesParse,
  exceptionsParse,
  methodsKnown,
  jsonPathsParse,
  selectorsParse,
  patternsAreCheap,
  actionsComplete,
  ruleRoutesExist,
  ruleIdsDiffer,
  expiryDates,
  sharesWithinAll,
  stepsRise,
  timeLimits,
  sandboxIsNotTheService,
];

export function checkPlanRules(yaml: PlanYaml, source: YamlSource, now: Date): Finding[] {
  return RULES.flatMap((rule) => rule({ yaml, source, now }));
}

function finding(
  { source }: Context,
  code: string,
  path: Path,
  message: string,
  remedy?: string,
  severity: Finding['severity'] = 'error',
): Finding {
  const place = source.placeOf(path);
  return { code, message, severity, place, ...(remedy === undefined ? {} : { remedy }) };
}

function routeTexts(yaml: PlanYaml): { path: Path; text: string }[] {
  return yaml.routes.map((entry, index) =>
    typeof entry === 'string'
      ? { path: ['routes', index], text: entry }
      : { path: ['routes', index, 'route'], text: entry.route },
  );
}

function routesParse(context: Context): Finding[] {
  return unparsable(context, routeTexts(context.yaml));
}

function exceptionsParse(context: Context): Finding[] {
  return unparsable(
    context,
    (context.yaml.except ?? []).map((text, index) => ({ path: ['except', index], text })),
  );
}

function unparsable(context: Context, texts: { path: Path; text: string }[]): Finding[] {
  return texts.flatMap(({ path, text }) => {
    const parsed = parseRouteText(text);
    return 'problem' in parsed ? [finding(context, 'PLAN_ROUTE', path, parsed.problem)] : [];
  });
}

/** Of RFC 9110, RFC 5789, WebDAV and common caches. An own method is legal, a mistyped one more likely. */
const METHODS =
  'GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT QUERY PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT SEARCH PURGE';

function methodsKnown(context: Context): Finding[] {
  const known = METHODS.split(' ');
  return routeTexts(context.yaml).flatMap(({ path, text }) => {
    const parsed = parseRouteText(text);
    if ('problem' in parsed) return [];
    return parsed.methods
      .filter((method) => method !== '*' && !known.includes(method))
      .map((method) => {
        const meant = didYouMean(method, known);
        const remedy = meant === undefined ? undefined : `Did you mean ${meant}?`;
        return finding(context, 'PLAN_METHOD', path, `${method} is no known HTTP method`, remedy, 'warning');
      });
  });
}

function rulesOf(yaml: PlanYaml): { rule: RuleYaml; path: Path }[] {
  return (yaml.compare?.rules ?? []).map((rule, index) => ({ rule, path: ['compare', 'rules', index] }));
}

function jsonPathsParse(context: Context): Finding[] {
  const paths: { path: Path; text: string | undefined }[] = [
    ...rulesOf(context.yaml).map(({ rule, path }) => ({ path: [...path, 'at', 'json'], text: rule.at.json })),
    ...(context.yaml.redact ?? []).map((rule, index) => ({
      path: ['redact', index, 'json'],
      text: rule.json,
    })),
  ];
  return paths.flatMap(({ path, text }) => {
    const problem = text === undefined ? undefined : problemOf(() => jsonpath.compile(text));
    return problem === undefined
      ? []
      : [
          finding(
            context,
            'PLAN_JSONPATH',
            path,
            `"${text}" is no JSONPath (RFC 9535): ${problem}`,
            'Write a path such as $.items[*].price.',
          ),
        ];
  });
}

function selectorsParse(context: Context): Finding[] {
  return rulesOf(context.yaml).flatMap(({ rule, path }) => {
    const { html } = rule.at;
    const problem = html === undefined ? undefined : problemOf(() => parseSelector(html));
    return problem === undefined
      ? []
      : [
          finding(
            context,
            'PLAN_SELECTOR',
            [...path, 'at', 'html'],
            problem,
            'Write a selector such as input[name=_csrf]@value.',
          ),
        ];
  });
}

/** A repetition inside a repetition can take exponential time on a text that an attacker chose. */
const NESTED_REPETITION = /\((?:[^()\\]|\\.)*[+*}](?:[^()\\]|\\.)*\)[+*{]/;

function patternsAreCheap(context: Context): Finding[] {
  return (context.yaml.redact ?? []).flatMap(({ pattern }, index) => {
    if (pattern === undefined) return [];
    const path = ['redact', index, 'pattern'];
    const problem = problemOf(() => new RegExp(pattern, 'gu'));
    if (problem !== undefined) return [finding(context, 'PLAN_PATTERN', path, problem)];
    if (!NESTED_REPETITION.test(pattern)) return [];
    return [
      finding(
        context,
        'PLAN_PATTERN',
        path,
        `"${pattern}" repeats a repetition, which can take for ever`,
        'Rewrite it without a repetition inside a repeated group.',
      ),
    ];
  });
}

function actionsComplete(context: Context): Finding[] {
  const takes: Record<RuleYaml['do']['kind'], string[]> = {
    ignore: [],
    unordered: [],
    format: [],
    keyed: ['by'],
    tolerance: ['absolute', 'relative'],
    idMap: ['map'],
  };
  return rulesOf(context.yaml).flatMap(({ rule, path }) => {
    const { kind, ...given } = rule.do;
    const known = takes[kind];
    const set = Object.keys(given);
    const extra = set
      .filter((key) => !known.includes(key))
      .map((key) =>
        finding(context, 'PLAN_RULE', [...path, 'do', key], `"${key}" means nothing for the kind "${kind}"`),
      );
    if (known.length === 0 || known.some((key) => set.includes(key))) return extra;
    return [
      ...extra,
      finding(context, 'PLAN_RULE', [...path, 'do'], `the kind "${kind}" needs "${known.join('" or "')}"`),
    ];
  });
}

function ruleRoutesExist(context: Context): Finding[] {
  const { yaml } = context;
  const known = routeTexts(yaml).map(({ text }) => text);
  // Guessing compares with every route: a few guesses help a person, thousands only a hostile file.
  let guesses = 20;
  const { plan, routeOrigins } = normalisePlan(yaml);
  return rulesOf(yaml).flatMap(({ rule, path }) =>
    (rule.routes ?? []).flatMap((text, index) => {
      if (routesNamed(text, yaml, plan.routes, routeOrigins).length > 0) return [];
      const meant = guesses-- > 0 ? didYouMean(text, known) : undefined;
      return [
        finding(
          context,
          'PLAN_RULE',
          [...path, 'routes', index],
          `"${text}" is no route of this plan`,
          meant === undefined ? 'Write it as under "routes".' : `Did you mean "${meant}"?`,
        ),
      ];
    }),
  );
}

function ruleIdsDiffer(context: Context): Finding[] {
  const seen = new Set<string>();
  return rulesOf(context.yaml).flatMap(({ rule, path }) => {
    if (rule.id === undefined) return [];
    if (!seen.has(rule.id)) {
      seen.add(rule.id);
      return [];
    }
    return [finding(context, 'PLAN_RULE', [...path, 'id'], `another rule is called "${rule.id}" too`)];
  });
}

function expiryDates(context: Context): Finding[] {
  return rulesOf(context.yaml).flatMap(({ rule, path }) => {
    if (rule.expires === undefined) return [];
    const at = [...path, 'expires'];
    const day = new Date(`${rule.expires}T00:00:00Z`);
    if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== rule.expires)
      return [finding(context, 'PLAN_VALUE', at, `"${rule.expires}" is no day of the calendar`)];
    if (context.now.getTime() < day.getTime() + 86_400_000) return [];
    return [
      finding(
        context,
        'PLAN_RULE_EXPIRED',
        at,
        `the rule expired on ${rule.expires} and is no longer applied`,
        `Ask ${rule.owner} whether it still holds, then renew or remove it.`,
        'warning',
      ),
    ];
  });
}

function sharesWithinAll(context: Context): Finding[] {
  const { shadow, gates, rollout } = context.yaml;
  const shares: [Path, string | undefined][] = [
    [['shadow', 'sample'], shadow?.sample],
    [['shadow', 'noiseProbe'], shadow?.noiseProbe],
    [['gates', 'canary', 'maxMismatch'], gates?.canary?.maxMismatch],
    [['gates', 'cutover', 'maxError'], gates?.cutover?.maxError],
    [['gates', 'rollback', 'maxError'], gates?.rollback?.maxError],
    ...context.yaml.routes.flatMap((entry, index): [Path, string | undefined][] =>
      typeof entry === 'string' ? [] : [[['routes', index, 'sample'], entry.sample]],
    ),
    ...(rollout?.steps ?? []).map((step, index): [Path, string] => [['rollout', 'steps', index], step]),
  ];
  return shares.flatMap(([path, text]) =>
    text !== undefined && parseShare(text) > 10_000
      ? [finding(context, 'PLAN_VALUE', path, `${text} is more than everything`, 'A share is at most 100%.')]
      : [],
  );
}

function stepsRise(context: Context): Finding[] {
  const steps = (context.yaml.rollout?.steps ?? []).map(parseShare);
  return steps.flatMap((step, index) => {
    const path = ['rollout', 'steps', index];
    const before = steps[index - 1] ?? 0;
    if (step === 0) return [finding(context, 'PLAN_VALUE', path, 'a step of 0 % is no step')];
    if (step > before) return [];
    return [
      finding(
        context,
        'PLAN_VALUE',
        path,
        `steps rise, but ${formatShare(step)} follows ${formatShare(before)}`,
      ),
    ];
  });
}

function timeLimits(context: Context): Finding[] {
  const sets: { path: Path; timeouts: PlanYaml['timeouts'] }[] = [
    { path: ['timeouts'], timeouts: context.yaml.timeouts },
    ...context.yaml.routes.map((entry, index) => ({
      path: ['routes', index, 'timeouts'],
      timeouts: typeof entry === 'string' ? undefined : entry.timeouts,
    })),
  ];
  return sets.flatMap(({ path, timeouts }) =>
    (['connect', 'headers'] as const).flatMap((key) => {
      const text = timeouts?.[key];
      if (text === undefined || parseDuration(text) > 0) return [];
      return [
        finding(
          context,
          'PLAN_VALUE',
          [...path, key],
          `"${key}" must be longer than 0: a request must not wait for ever`,
        ),
      ];
    }),
  );
}

function sandboxIsNotTheService(context: Context): Finding[] {
  const { yaml } = context;
  const sandbox = yaml.shadow?.sandbox?.service;
  if (sandbox === undefined) return [];
  const { service } = normalisePlan(yaml).plan;
  if (sandbox.name !== service.name || sandbox.namespace !== service.namespace) return [];
  return [
    finding(
      context,
      'PLAN_SANDBOX',
      ['shadow', 'sandbox', 'service'],
      'the sandbox is the service itself: mirrored writes would change live data',
      'Run a second instance of the service with data of its own, under another service name.',
    ),
  ];
}

/** The first line of what parsing threw; undefined if it did not. */
function problemOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!.slice(0, 200);
  }
}
