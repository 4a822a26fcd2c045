import type { jsonpath } from 'json-p3';
import type { CompareRule, Plan } from '../plan/plan.ts';
import { parseSelector, type Selector } from './html/selector.ts';
import { PathMachine, parsePath, type Segment } from './path-machine.ts';

/** The rules that apply to one route, ready for use. Immutable but for caches. */
export interface CompiledRules {
  json: PathMachine<CompareRule> | undefined;
  /** JSON rules whose path depends on the document (filters, slices). */
  queried: readonly { rule: CompareRule; query: jsonpath.JSONPathQuery }[];
  html: readonly { rule: CompareRule; selector: Selector }[];
  /** By lower-case header name. */
  headers: ReadonlyMap<string, readonly CompareRule[]>;
  /** Header names compared; undefined: the meaningful ones. */
  headerNames: ReadonlySet<string> | undefined;
  /** What a person should know of the rules themselves: expired, or not readable. */
  notices: readonly string[];
}

/** Rules of a plan by route id, compiled once per revision. */
export interface RuleBook {
  forRoute(route: string): CompiledRules;
}

/** No rule at all. */
export const NO_RULES: CompiledRules = {
  json: undefined,
  queried: [],
  html: [],
  headers: new Map(),
  headerNames: undefined,
  notices: [],
};

/** Compiles the rules of a plan as they stand at `now`: expired ones are left out and noticed in every comparison. */
export function compileRules(plan: Plan, now: Date): RuleBook {
  const routes = new Map<string, CompiledRules>();
  return {
    forRoute(route) {
      let compiled = routes.get(route);
      if (compiled === undefined) {
        const rules = plan.compare.rules.filter(
          (rule) => rule.routes.length === 0 || rule.routes.includes(route),
        );
        compiled = compileSet(rules, plan.compare.headers, now);
        // Only the plan's own routes are kept; anything else asked for must not grow the book.
        if (plan.routes.some((known) => known.id === route)) routes.set(route, compiled);
      }
      return compiled;
    },
  };
}

/** A rule holds until the end of the day (UTC) that it names. */
export function isExpired(rule: CompareRule, now: Date): boolean {
  if (rule.expires === undefined) return false;
  const end = Date.parse(rule.expires) + (rule.expires.length <= 10 ? 86_400_000 : 0);
  // A date that can't be read must not keep a rule alive for ever.
  return Number.isNaN(end) || now.getTime() >= end;
}

function compileSet(
  rules: readonly CompareRule[],
  headerNames: string[] | undefined,
  now: Date,
): CompiledRules {
  const walked: { rule: CompareRule; segments: Segment[] }[] = [];
  const queried: CompiledRules['queried'][number][] = [];
  const html: CompiledRules['html'][number][] = [];
  const headers = new Map<string, CompareRule[]>();
  const notices: string[] = [];
  for (const rule of rules) {
    if (isExpired(rule, now)) {
      notices.push(`rule ${rule.id} expired on ${rule.expires} and was not applied`);
      continue;
    }
    try {
      if ('json' in rule.at) {
        const path = parsePath(rule.at.json);
        if (path.kind === 'walked') walked.push({ rule, segments: path.segments });
        else queried.push({ rule, query: path.query });
      } else if ('html' in rule.at) {
        html.push({ rule, selector: parseSelector(rule.at.html) });
      } else {
        const name = rule.at.header.toLowerCase();
        headers.set(name, [...(headers.get(name) ?? []), rule]);
      }
    } catch (error) {
      notices.push(
        `rule ${rule.id} can't be read and was not applied: ${error instanceof Error ? error.message : 'unknown error'}`,
      );
    }
  }
  return {
    json: walked.length === 0 ? undefined : new PathMachine(walked, (rule) => rule.do.kind === 'format'),
    queried,
    html,
    headers,
    headerNames:
      headerNames === undefined ? undefined : new Set(headerNames.map((name) => name.toLowerCase())),
    notices,
  };
}
