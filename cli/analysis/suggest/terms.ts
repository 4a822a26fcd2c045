/**
 * Words of the domain: the part of a path that tells what a route is about, a model's name, a file's name without its
 * layer. Units that share a word belong together more often than calls alone show, above all in layered code.
 */
import { type Findings, topicOf, type Units } from './units.ts';
import { wordsOf } from './words.ts';

const LAYERS = new Set([
  'controller',
  'service',
  'router',
  'route',
  'repository',
  'repo',
  'handler',
  'model',
  'module',
  'index',
  'plugin',
  'resolver',
  'usecase',
  'use',
  'case',
  'guard',
  'middleware',
  'util',
  'helper',
  'lib',
  'src',
  'app',
  'api',
  'apps',
  'server',
  'main',
  'common',
  'shared',
  'core',
  'config',
  'db',
  'database',
  'prisma',
  'infrastructure',
  'domain',
  'feature',
  'package',
  'integration',
  'dto',
  'type',
  'interface',
  'dao',
  'v1',
  'v2',
  'base',
  'abstract',
  'http',
  'rest',
  'endpoint',
  'table',
  'store',
  'data',
  'query',
  'mutation',
  'command',
  'event',
  'listener',
  'job',
  'task',
  'worker',
  'get',
  'create',
  'update',
  'delete',
  'list',
  'wrap',
  'async',
]);

/** Words by unit. */
export function termsOf(findings: Findings, units: Units): Map<string, Set<string>> {
  const terms = new Map<string, Set<string>>();
  const add = (unit: string, word: string): void => {
    if (word.length < 3 || LAYERS.has(word)) return;
    const set = terms.get(unit) ?? new Set();
    set.add(word);
    terms.set(unit, set);
  };
  for (const unit of units.units.values()) {
    if (unit.kind === 'model') add(unit.id, wordsOf(unit.label).join(''));
    if (unit.kind === 'model') add(unit.id, wordsOf(unit.label)[0] ?? '');
    if (unit.kind !== 'file' || unit.file === undefined) continue;
    const parts = unit.file.split('/');
    const stem = wordsOf((parts.pop() ?? '').replace(/\.[cm]?[jt]sx?$/, '')).filter(
      (word) => !LAYERS.has(word),
    );
    add(unit.id, stem[0] ?? '');
    add(unit.id, stem.join(''));
    const folder = parts.reverse().find((part) => !wordsOf(part).every((word) => LAYERS.has(word)));
    if (folder !== undefined) add(unit.id, wordsOf(folder).join(''));
  }
  const topic = topicOf(findings);
  for (const route of findings.routes) {
    const word = wordsOf(topic(route.path)).join('');
    for (const unit of units.routeUnits.get(`route:${route.method} ${route.path}`) ?? []) add(unit, word);
  }
  return terms;
}
