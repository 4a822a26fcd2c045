import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileTable } from '../../migration-plans/routing/compile.ts';
import { parseTemplate, type Template } from '../../migration-plans/routing/template.ts';
import { exception, plan, revision, route } from './plans.ts';

const SEGMENTS = ['a', 'b', ':x', 'ab'];
const METHODS = ['GET', 'POST', 'HEAD', '*'];

const templateText = fc
  .tuple(fc.array(fc.constantFrom(...SEGMENTS), { maxLength: 4 }), fc.constantFrom('', '*', '/'))
  .map(([segments, end]) => {
    const named = segments.map((segment, index) => (segment === ':x' ? `:x${index}` : segment));
    if (end === '*') return `/${[...named, '*'].join('/')}`;
    return `/${named.join('/')}${end === '/' && named.length > 0 ? '/' : ''}`;
  });
const claim = fc
  .tuple(fc.constantFrom(...METHODS), templateText)
  .map(([method, text]) => `${method} ${text}`);
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'HEAD', 'BREW'),
  segments: fc.array(fc.constantFrom('a', 'b', 'ab', 'c', ''), { maxLength: 5 }),
});

interface NaiveClaim {
  method: string;
  template: Template;
  id: string;
  owner: string;
}

function parse(text: string): Template {
  const parsed = parseTemplate(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.template;
}

/** Written from the documented rules alone: filter, then sort by precedence. */
function naive(
  claims: NaiveClaim[],
  exceptions: NaiveClaim[],
  method: string,
  path: string,
): string | undefined {
  const segments = path.slice(1).split('/');
  if (segments.slice(0, -1).includes('')) return undefined;
  const matches = (template: Template): boolean =>
    (template.tail
      ? segments.length > template.segments.length
      : segments.length === template.segments.length) &&
    template.segments.every((segment, at) =>
      segment === null ? segments[at] !== '' : segment === segments[at],
    );
  const methodRank = (named: string): number =>
    named === method ? 0 : named === 'GET' && method === 'HEAD' ? 1 : named === '*' ? 2 : -1;
  const rank = (template: Template): string =>
    `${template.segments.map((segment) => (segment === null ? 1 : 0)).join('')}${template.tail ? 2 : ''}`;
  const takes = (entry: NaiveClaim): boolean => methodRank(entry.method) >= 0 && matches(entry.template);
  const excepted = new Set(exceptions.filter(takes).map((entry) => entry.owner));
  const found = claims
    .map((entry, order) => ({ entry, order }))
    .filter(({ entry }) => takes(entry) && !excepted.has(entry.owner))
    .sort((a, b) => {
      const left = rank(a.entry.template);
      const right = rank(b.entry.template);
      if (left !== right) return left < right ? -1 : 1;
      return methodRank(a.entry.method) - methodRank(b.entry.method) || a.order - b.order;
    });
  return found[0]?.entry.id;
}

describe('the tree', () => {
  it('answers as a naive matcher does', () => {
    fc.assert(
      fc.property(
        fc.array(claim, { maxLength: 12 }),
        fc.array(claim, { maxLength: 12 }),
        fc.array(claim, { maxLength: 3 }),
        fc.array(request, { minLength: 1, maxLength: 30 }),
        (first, second, except, requests) => {
          const identified = (owner: string, texts: string[]) =>
            texts.map((text, index) => route(text, { id: `${owner}${index}` }));
          const claims = identified('a', first);
          const others = identified('b', second);
          const table = compileTable(
            revision([plan('a', claims, { except: except.map(exception) }), plan('b', others)]),
            { namespace: 'test' },
          );
          const toNaive =
            (owner: string) => (entry: { methods: string[]; template: string; id?: string }) => ({
              method: entry.methods[0]!,
              template: parse(entry.template),
              id: entry.id ?? '',
              owner,
            });
          const all = [...claims.map(toNaive('a')), ...others.map(toNaive('b'))];
          const exceptions = except.map(exception).map(toNaive('a'));
          for (const { method, segments } of requests) {
            const path = `/${segments.join('/')}`;
            expect(table.match(method, path)?.route.id, `${method} ${path}`).toBe(
              naive(all, exceptions, method, path),
            );
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('never throws and never claims an ambiguous path, whatever the bytes', () => {
    const table = compileTable(revision([plan('all', ['* /*', '* /:x', '* /a/:y/*'])]), {
      namespace: 'test',
    });
    const bytes = fc
      .array(
        fc.constantFrom('/', '.', '%', '2', 'e', 'E', 'f', '5', 'c', 'a', ';', '\\', '#', '?', '\u00ff', ' '),
      )
      .map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(bytes, fc.string({ unit: 'binary' })), (text) => {
        const claimed = table.match('GET', `/${text}`) !== undefined;
        const path = `/${text}`.split('?')[0]!;
        let decoded = path;
        try {
          decoded = decodeURIComponent(path.replace(/[\u0080-\u00ff]/g, 'x'));
        } catch {
          // Malformed UTF-8 in well-formed escapes is opaque to matching; the raw text still tells.
        }
        const risky =
          /(^|[/\\])\.{1,2}($|[/\\])|\/\/|\\|%(?![0-9a-f]{2})|[;#\s]/i.test(path) ||
          /(^|[/\\])\.{1,2}($|[/\\])/.test(decoded);
        if (risky) expect(claimed).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('compiles 1 000 plans of 10 routes quickly and finds each of them', () => {
    const plans = Array.from({ length: 1000 }, (_, number) =>
      plan(
        `cap-${number}`,
        Array.from({ length: 10 }, (_, index) => `GET /cap-${number}/items-${index}/:id/details`),
      ),
    );
    const table = compileTable(revision(plans), { namespace: 'test' });
    expect(table.routes).toHaveLength(10_000);
    for (const compiled of table.routes)
      expect(table.match('GET', compiled.route.template.replace(':id', '7'))).toBe(compiled);
    expect(table.routes.map((entry) => entry.index)).toEqual(table.routes.map((_, index) => index));
  });
});
