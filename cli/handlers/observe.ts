import { writeFile } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { inferInventory } from '../../migration-plans/observe/infer.ts';
import type { Inventory } from '../../migration-plans/observe/inventory.ts';
import type { Observations } from '../../migration-plans/observe/observation.ts';
import { openApiOf } from '../../migration-plans/observe/openapi.ts';
import { planSkeleton } from '../../migration-plans/observe/suggest-plan.ts';
import type { Call, CommandResult, Handler } from '../commands/command.ts';
import { projectOf } from '../controller/project.ts';
import { readLog } from '../observe/read-log.ts';
import { inventoryLines } from '../observe/render.ts';
import { observedBy } from '../observe/source.ts';
import { sanitise } from '../terminal/sanitise.ts';
import { parseCount, parseDuration, parsePercent } from '../terminal/units.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 100_000;

/** The inventory of a monolith in any language, from traffic alone: what edges saw, or an access log. */
export const observe: Handler = async (call) => {
  const { options, terminal, cwd } = call;
  const { observed, title, server, source } = await sourceOf(call);
  const minimum = options.text('minConfidence');
  const inventory = above(
    inferInventory(observed),
    minimum === undefined ? 0 : parsePercent(minimum, '--min-confidence') / 10_000,
  );
  const suggestion = options.text('suggestPlan');
  if (suggestion !== undefined) return skeleton(inventory, suggestion);
  const written: string[] = [];
  const openapi = options.text('openapi');
  if (openapi !== undefined) {
    const path = resolve(cwd, openapi);
    const url = options.text('server') ?? server;
    const document = openApiOf(inventory, { title, ...(url === undefined ? {} : { server: url }) });
    await writeFile(path, `${JSON.stringify(document, null, 2)}\n`);
    written.push(`wrote ${relative(cwd, path) || path}`);
  }
  const limitText = options.text('limit');
  const lines =
    inventory.routes.length === 0
      ? nothingSeen(inventory)
      : inventoryLines(inventory, {
          style: terminal.style,
          now: Date.now(),
          limit: limitText === undefined ? DEFAULT_LIMIT : parseCount(limitText, '--limit', 1, MAX_LIMIT),
          verbose: terminal.modes.verbose,
        });
  return { document: { source, ...inventory }, lines: [...lines, ...written] };
};

interface Source {
  observed: Observations;
  title: string;
  server: string | undefined;
  source: { kind: 'log'; file: string; lines: number; unreadable: number } | { kind: 'edges' };
}

async function sourceOf(call: Call): Promise<Source> {
  const { options, terminal, cwd, signal } = call;
  const since = sinceOf(options.text('since'));
  const from = options.text('from');
  if (from === undefined) {
    const project = await projectOf(call);
    const observed = await observedBy(project, since, signal);
    const { url } = project.monolith;
    const known = URL.canParse(url) && new URL(url).port !== '0';
    return {
      observed,
      title: basename(project.root),
      server: known ? url : undefined,
      source: { kind: 'edges' },
    };
  }
  const file = resolve(cwd, from);
  const read = await readLog(file, {
    signal,
    onProgress: (lines) => terminal.progress(`${lines} lines …`),
    ...(since === undefined ? {} : { since }),
  });
  terminal.progress(undefined);
  const { observed, lines, unreadable } = read;
  if (unreadable > 0) terminal.note(`${unreadable} of ${lines} lines are no requests and were passed over`);
  return {
    observed,
    title: basename(file),
    server: undefined,
    source: { kind: 'log', file, lines, unreadable },
  };
}

/** `2h` ago, or an ISO time. Milliseconds since the epoch. */
function sinceOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
    const at = Date.parse(text);
    if (!Number.isNaN(at)) return at;
  }
  return Date.now() - parseDuration(text, '--since');
}

function above(inventory: Inventory, minimum: number): Inventory {
  if (minimum === 0) return inventory;
  const routes = inventory.routes.filter(({ confidence }) => confidence >= minimum);
  return { ...inventory, routes, calls: routes.reduce((sum, { calls }) => sum + calls, 0) };
}

function nothingSeen({ skipped }: Inventory): string[] {
  const unmatched = skipped.unmatched ?? 0;
  return [
    unmatched === 0
      ? 'nothing was observed yet'
      : `no route was observed yet; ${unmatched} calls were answered as not there`,
    'strangler edge stands before a monolith and observes; strangler observe --from access.log begins with what there is',
  ];
}

/** `reviews=/products/:slug/reviews,/api/reviews` → a plan to begin with. */
function skeleton(inventory: Inventory, suggestion: string): CommandResult {
  const [, capability = '', list = ''] = /^([a-z][a-z0-9-]{0,62})=(.+)$/.exec(suggestion) ?? [];
  const prefixes = list.split(',').filter((prefix) => prefix.startsWith('/'));
  if (capability === '' || prefixes.length === 0 || prefixes.length !== list.split(',').length)
    throw new StranglerError(
      'OBSERVE_BAD_SUGGESTION',
      `--suggest-plan wants CAPABILITY=/PATH,…, not "${suggestion}"`,
      {
        remedy: 'For example --suggest-plan reviews=/products/:slug/reviews,/api/reviews.',
        exitCode: EXIT.usage,
      },
    );
  const { yaml, routes, left } = planSkeleton(inventory, capability, prefixes);
  if (yaml === undefined)
    throw new StranglerError(
      'OBSERVE_NOTHING_BELOW',
      `no route that is sure enough was seen at or below ${prefixes.join(', ')}`,
      {
        remedy: 'Look at `strangler observe`: paths are written as there, parameters as :name.',
      },
    );
  const unsure = left.map(
    ({ method, path, confidence }) => `# ${method} ${path}: only ${Math.round(confidence * 100)} % sure`,
  );
  return {
    document: { capability, routes, plan: yaml, left },
    lines: [...`${yaml}${unsure.join('\n')}`.trimEnd().split('\n')].map(sanitise),
  };
}
