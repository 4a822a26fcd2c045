import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findOverlaps } from '../../migration-plans/routing/overlap.ts';
import {
  covers,
  intersect,
  parseTemplate,
  shapeOf,
  type Template,
} from '../../migration-plans/routing/template.ts';

function template(text: string): Template {
  const parsed = parseTemplate(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.template;
}

describe('a template', () => {
  it.each([
    ['/', '/'],
    ['/a/', '/a/'],
    ['/a/:b/c', '/a/:/c'],
    ['/*', '/*'],
    ['/a/:b/*', '/a/:/*'],
    ['/caf%c3%a9/%7Eann', '/caf%C3%A9/~ann'],
    ['/straße', '/stra%C3%9Fe'],
    ['/.well-known/x', '/.well-known/x'],
    ['/a%20b/@c', '/a%20b/@c'],
  ])('%s is read', (text, shape) => expect(shapeOf(template(text))).toBe(shape));

  it.each([
    '',
    'a',
    'http://x/y',
    '//a',
    '/a//b',
    '/a/*/b',
    '/a*',
    '/:',
    '/:1',
    '/:a-b',
    '/x:a/:a b',
    '/:a/:a',
    '/a?b',
    '/a#b',
    '/{id}',
    '/a b',
    '/a;b',
    '/./a',
    '/a/..',
    '/%2e%2e',
    '/a%2Fb',
    '/a%5cb',
    '/%',
    '/%zz',
    '/%00',
    '/a\\b',
    '/\ud800',
    '/\u0007',
    `/${'a'.repeat(2000)}`,
    '/a'.repeat(40),
    '//*',
  ])('%j is refused with a reason', (text) => {
    const parsed = parseTemplate(text);
    expect('problem' in parsed && parsed.problem.length > 10).toBe(true);
  });
});

const segment = fc.constantFrom('a', 'b', ':x', ':y');
const anyTemplate = fc
  .tuple(
    fc.uniqueArray(segment, {
      maxLength: 4,
      selector: (text) => (text.startsWith(':') ? text : Symbol(text)),
    }),
    fc.constantFrom('', '*', '/'),
  )
  .map(([segments, end]) =>
    template(
      end === '*'
        ? `/${[...segments, '*'].join('/')}`
        : `/${segments.join('/')}${end === '/' && segments.length > 0 ? '/' : ''}`,
    ),
  );

/** All paths over a small alphabet, long enough to tell any two of these templates apart. */
const PATHS = (() => {
  const parts = ['a', 'b', 'c', ''];
  let level: string[][] = [[]];
  const all: string[][] = [];
  for (let depth = 0; depth < 6; depth++) {
    level = level.flatMap((path) => (path.at(-1) === '' ? [] : parts.map((part) => [...path, part])));
    all.push(...level);
  }
  return all;
})();

function matches({ segments, tail }: Template, path: string[]): boolean {
  if (tail ? path.length <= segments.length : path.length !== segments.length) return false;
  return segments.every((text, index) => (text === null ? path[index] !== '' : text === path[index]));
}

describe('two templates', () => {
  it('intersect in exactly the paths that both match, and cover what they say', () => {
    fc.assert(
      fc.property(anyTemplate, anyTemplate, (a, b) => {
        const common = intersect(a, b);
        let aCoversB = true;
        for (const path of PATHS) {
          const both = matches(a, path) && matches(b, path);
          expect(common !== undefined && matches(common, path)).toBe(both);
          if (matches(b, path) && !matches(a, path)) aCoversB = false;
        }
        expect(covers(a, b)).toBe(aCoversB);
        expect(intersect(b, a)).toEqual(common);
      }),
      { numRuns: 150 },
    );
  });
});

describe('overlaps of many claims', () => {
  const claim = fc.record({
    template: anyTemplate,
    methods: fc.subarray(['GET', 'POST', 'HEAD', '*'], { minLength: 1, maxLength: 2 }),
  });

  it('are those that comparing all pairs finds', () => {
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 14 }), (list) => {
        const claims = list.map((each, index) => ({ ...each, capability: `c${index}` }));
        const found = findOverlaps(claims, () => true, Number.POSITIVE_INFINITY).map(
          ({ first, second }) => `${first.capability}${second.capability}`,
        );
        const takes = (methods: string[], method: string): boolean =>
          methods.includes(method) || methods.includes('*') || (method === 'HEAD' && methods.includes('GET'));
        const expected = claims.flatMap((second, index) =>
          claims.slice(0, index).flatMap((first) => {
            const methods = ['GET', 'POST', 'HEAD', 'BREW'].some(
              (method) => takes(first.methods, method) && takes(second.methods, method),
            );
            return methods && intersect(first.template, second.template) !== undefined
              ? [`${first.capability}${second.capability}`]
              : [];
          }),
        );
        expect(found.sort()).toEqual(expected.sort());
        expect(new Set(found).size).toBe(found.length);
      }),
      { numRuns: 200 },
    );
  });

  it('are listed up to a limit', () => {
    const claims = Array.from({ length: 100 }, (_, index) => ({
      capability: `c${index}`,
      methods: ['GET'],
      template: template('/a'),
    }));
    expect(findOverlaps(claims, () => true, 7)).toHaveLength(7);
  });
});
