/** Names that an architect would choose for a capability: from its models, its routes and its folders. */
import { type Findings, subjectOf, type Units } from './units.ts';
import { wordsOf } from './words.ts';

/** Words that tell who uses something or in which layer it lies, not what it is about. */
const GENERIC = new Set([
  ...[
    'admin',
    'internal',
    'public',
    'private',
    'management',
    'manage',
    'manager',
    'backoffice',
    'dashboard',
    'portal',
  ],
  ...[
    'me',
    'my',
    'self',
    'current',
    'info',
    'misc',
    'general',
    'other',
    'index',
    'root',
    'home',
    'view',
    'page',
    'web',
  ],
  ...[
    'service',
    'controller',
    'router',
    'route',
    'repository',
    'middleware',
    'util',
    'utility',
    'helper',
    'lib',
    'src',
  ],
  ...[
    'app',
    'api',
    'rest',
    'http',
    'server',
    'main',
    'common',
    'shared',
    'core',
    'config',
    'db',
    'database',
    'prisma',
  ],
  ...[
    'infrastructure',
    'domain',
    'module',
    'feature',
    'package',
    'integration',
    'dto',
    'type',
    'interface',
    'dao',
  ],
  ...[
    'base',
    'abstract',
    'endpoint',
    'store',
    'data',
    'query',
    'command',
    'job',
    'task',
    'worker',
    'list',
    'item',
  ],
  ...[
    'use',
    'usecase',
    'business',
    'entity',
    'model',
    'handler',
    'plugin',
    'component',
    'system',
    'presentation',
  ],
]);

interface Evidence {
  score: number;
  /** Spellings, the one of a URL first. */
  forms: Map<string, number>;
}

export function nameOf(
  inside: ReadonlySet<string>,
  findings: Findings,
  units: Units,
  taken: ReadonlySet<string>,
): string {
  const evidence = new Map<string, Evidence>();
  const note = (text: string, score: number, weight: number): void => {
    const form = slug(text);
    const key = wordsOf(form).join('-');
    if (key === '' || form === '' || /^v\d+$/.test(form)) return;
    const known = evidence.get(key) ?? { score: 0, forms: new Map<string, number>() };
    known.score += wordsOf(form).every((word) => GENERIC.has(word)) ? score * 0.2 : score;
    known.forms.set(form, (known.forms.get(form) ?? 0) + weight);
    evidence.set(key, known);
  };
  fromRoutes(inside, findings, units, note);
  fromModels(inside, findings, units, note);
  fromFolders(inside, units, note);
  const ranked = [...evidence].sort(([a, x], [b, y]) => y.score - x.score || (a < b ? -1 : 1));
  for (const [, { forms }] of ranked) {
    const [best] = [...forms].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    if (best !== undefined && !taken.has(best[0])) return best[0];
  }
  for (let number = 1; ; number += 1) if (!taken.has(`part-${number}`)) return `part-${number}`;
}

type Note = (text: string, score: number, weight: number) => void;

/** What most of the routes are about, the more so if few routes elsewhere are about the same. */
function fromRoutes(inside: ReadonlySet<string>, findings: Findings, units: Units, note: Note): void {
  const subject = subjectOf(findings);
  const counts = new Map<string, { own: number; all: number }>();
  let total = 0;
  for (const route of findings.routes) {
    const own = (units.routeUnits.get(`route:${route.method} ${route.path}`) ?? []).some((unit) =>
      inside.has(unit),
    );
    if (own) total += 1;
    const word = subject(route.path);
    const count = counts.get(word) ?? { own: 0, all: 0 };
    count.all += 1;
    if (own) count.own += 1;
    counts.set(word, count);
  }
  for (const [word, { own, all }] of counts)
    if (own > 0) note(word, (own / total) * (0.5 + (0.5 * own) / all), 10);
}

/** Models by their whole name and by the words they begin with: `Review`, `ReviewVote` and `ReviewReport` are about reviews. */
function fromModels(inside: ReadonlySet<string>, findings: Findings, units: Units, note: Note): void {
  const used = new Map<string, number>();
  for (const { to, weight } of units.edges) used.set(to, (used.get(to) ?? 0) + weight);
  const use = (models: readonly { name: string }[]): number =>
    models.reduce((sum, model) => sum + 1 + (used.get(`model:${model.name}`) ?? 0), 0);
  const own = findings.models.filter((model) => inside.has(`model:${model.name}`));
  const heads = new Map<string, string>();
  for (const model of own) {
    const parts = model.name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').split(/[\s_-]+/);
    for (let length = 1; length <= parts.length; length += 1) {
      const head = parts.slice(0, length).join('-');
      heads.set(wordsOf(head).join('-'), head);
    }
  }
  const begins = (name: string, key: string): boolean => `${wordsOf(name).join('-')}-`.startsWith(`${key}-`);
  for (const [key, head] of heads) {
    const fitting = own.filter((model) => begins(model.name, key));
    const elsewhere = findings.models.filter((model) => begins(model.name, key)).length - fitting.length;
    const named = own.some((model) => wordsOf(model.name).join('-') === key);
    // The model that the others point to is what they are about.
    const pointed = own.filter((model) =>
      model.relations.some((relation) => relation.owning && wordsOf(relation.target).join('-') === key),
    ).length;
    const share = use(fitting) / use(own);
    const exclusive = fitting.length / (fitting.length + elsewhere);
    note(head, (0.6 * share * exclusive + (pointed / own.length) * 0.3) * (named ? 1 : 0.6), 2);
  }
}

/** Folders that hold most of the code and little else. */
function fromFolders(inside: ReadonlySet<string>, units: Units, note: Note): void {
  const counts = new Map<string, { own: number; all: number }>();
  let total = 0;
  for (const unit of units.units.values()) {
    if (unit.file === undefined) continue;
    const own = inside.has(unit.id);
    if (own) total += 1;
    const parts = unit.file.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const key = parts.slice(0, depth).join('/');
      const count = counts.get(key) ?? { own: 0, all: 0 };
      count.all += 1;
      if (own) count.own += 1;
      counts.set(key, count);
    }
  }
  const best = new Map<string, number>();
  for (const [path, { own, all }] of counts) {
    const name = path.split('/').at(-1) ?? '';
    if (own > 0) best.set(name, Math.max(best.get(name) ?? 0, (own / total) * (own / all)));
  }
  for (const [name, value] of best) note(name, 1.15 * value, 5);
}

export function slug(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/\.[a-z0-9]+$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '');
}

/** Whether a word tells nothing about what a thing is. */
export function isGeneric(word: string): boolean {
  return wordsOf(word).every((part) => GENERIC.has(part));
}
