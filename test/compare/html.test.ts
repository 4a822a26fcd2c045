import { describe, expect, it } from 'vitest';
import { parseSelector } from '../../migration-plans/compare/html/selector.ts';
import { compareText, rule, told, withRules } from './support.ts';

const html = 'text/html; charset=utf-8';
const page = (body: string) =>
  `<!doctype html><html><head><title>T</title></head><body>${body}</body></html>`;
const compare = (left: string, right: string, ...rules: ReturnType<typeof rule>[]) =>
  compareText(page(left), page(right), html, withRules(...rules));

describe('the same page written differently', () => {
  it.each([
    ['order and quotes of attributes', `<a href="/x" title='y'>t</a>`, '<a title=y href=/x>t</a>'],
    ['order and repetition of classes', '<p class="a b">t</p>', '<p class=" b  a a">t</p>'],
    [
      'white space between blocks',
      '<ul><li>a</li><li>b</li></ul>',
      '<ul>\n  <li> a </li>\n  <li>b\n</li></ul>\n',
    ],
    ['entities', '<p>a &amp; b &lt; &quot;c&quot; é</p>', '<p>a &#38; b &#x3c; "c" &eacute;</p>'],
    ['boolean attributes', '<input checked>', '<input checked="checked">'],
    ['end tags that may be left out', '<p>a<p>b', '<p>a</p><p>b</p>'],
    ['letter case of names', '<DIV ID="x">t</DIV>', '<div id="x">t</div>'],
    [
      'data for scripts',
      '<script type="application/json">{"a":1,"b":2}</script>',
      '<script type="application/json">{ "b": 2, "a": 1 }</script>',
    ],
  ])('is equal: %s', (_name, left, right) => {
    expect(told(compare(left, right))).toEqual([]);
  });
});

describe('a page that differs', () => {
  it.each([
    ['text', '<p>a</p>', '<p>b</p>', 'value html:html > body > p text→text'],
    ['double escaping', '<p>a &amp; b</p>', '<p>a &amp;amp; b</p>', 'value html:html > body > p text→text'],
    [
      'markup that became text',
      '<p><b>x</b></p>',
      '<p>&lt;b&gt;x&lt;/b&gt;</p>',
      'type html:html > body > p > b <b>→text',
    ],
    ['an attribute', '<a href="/a">t</a>', '<a href="/b">t</a>', 'value html:html > body > a@href path→path'],
    [
      'an attribute that is missing',
      '<a href="/a" rel="nofollow">t</a>',
      '<a href="/a">t</a>',
      'missing html:html > body > a[rel=nofollow]@rel attribute→absent',
    ],
    [
      'an element that is missing',
      '<ul><li>a</li><li>b</li></ul>',
      '<ul><li>a</li></ul>',
      'length html:html > body > ul shorter by <li>',
    ],
    [
      'order',
      '<ul><li>a</li><li>b</li><li>c</li></ul>',
      '<ul><li>c</li><li>b</li><li>a</li></ul>',
      'order html:html > body > ul children',
    ],
    [
      'a space between words',
      '<b>a</b> <b>b</b>',
      '<b>a</b><b>b</b>',
      'length html:html > body shorter by text',
    ],
    [
      'space in preformatted text',
      '<pre>a  b</pre>',
      '<pre>a b</pre>',
      'value html:html > body > pre text≈text',
    ],
    ['a comment', '<!-- v1 --><p>a</p>', '<!-- v2 --><p>a</p>', 'value html:html > body > comment text≈text'],
    [
      'a script',
      '<script>let a = 1;</script>',
      '<script>let a = 2;</script>',
      'value html:html > body > script text≈text',
    ],
    [
      'data for scripts',
      '<script type="application/json" id="state">{"a":1}</script>',
      '<script type="application/json" id="state">{"a":"1"}</script>',
      'type html:script#state $.a number→string',
    ],
    [
      'a template',
      '<template><p>a</p></template>',
      '<template><p>b</p></template>',
      'value html:html > body > template > p text→text',
    ],
  ])('is told: %s', (_name, left, right, expected) => {
    expect(told(compare(left, right))).toEqual([expected]);
  });

  it('tells the document type', () => {
    expect(compareText('<!doctype html><p>a', '<p>a', html).equal).toBe(false);
  });

  it('tells an insertion in a long list once', () => {
    const items = Array.from({ length: 300 }, (_, i) => `<li>item ${i}</li>`);
    expect(told(compare(`<ul>${items.join('')}</ul>`, `<ul><li>new</li>${items.join('')}</ul>`))).toEqual([
      'length html:html > body > ul longer by <li>',
    ]);
  });
});

describe('rules in pages', () => {
  it('ignore elements and attributes', () => {
    const ad = rule({ html: 'div.ad' }, { kind: 'ignore' });
    const token = rule({ html: 'form input[name=_csrf]@value' }, { kind: 'ignore' });
    const left = '<div class="ad">1</div><form><input name="_csrf" value="x"></form><p>t</p>';
    const right = '<div class="ad big">2<b>3</b></div><form><input name="_csrf" value="y"></form><p>t</p>';
    const comparison = compare(left, right, ad, token);
    expect(told(comparison)).toEqual([]);
    expect(comparison.hidden).toEqual({ [ad.id]: 1, [token.id]: 1 });
    expect(compare(left, right.replace('<p>t', '<p>u'), ad, token).equal).toBe(false);
    expect(compare(left, right.replace('name="_csrf" ', ''), ad, token).equal).toBe(false);
    expect(compare(left, left.replace('<div class="ad">1</div>', ''), ad, token).equal).toBe(true);
  });

  it('compare children in any order, or by a key', () => {
    const left = '<ul><li id="a">1</li><li id="b">2</li><li id="c">3</li></ul>';
    const right = '<ul><li id="c">3</li><li id="a">1</li><li id="b">2</li></ul>';
    expect(compare(left, right, rule({ html: 'ul' }, { kind: 'unordered' })).equal).toBe(true);
    expect(compare(left, right, rule({ html: 'ul' }, { kind: 'keyed', by: 'id' })).equal).toBe(true);
    expect(
      compare(left, right.replace('>3<', '>4<'), rule({ html: 'ul' }, { kind: 'unordered' })).equal,
    ).toBe(false);
    expect(
      compare(left, right.replace('>3<', '>4<'), rule({ html: 'ul' }, { kind: 'keyed', by: 'id' })).equal,
    ).toBe(false);
    const twice = compare(
      left.replace('"b"', '"a"'),
      right,
      rule({ html: 'ul' }, { kind: 'keyed', by: 'id' }),
    );
    expect(twice.equal).toBe(false);
    expect(twice.notices.join()).toContain('twice');
  });

  it('check formats and tolerances of texts', () => {
    const price = rule({ html: '.price' }, { kind: 'tolerance', absolute: 0.01, relative: 0 });
    const time = rule({ html: 'time@datetime' }, { kind: 'format' });
    const left = '<b class="price">10.00</b><time datetime="2030-01-01T00:00:00Z">x</time>';
    expect(compare(left, left.replace('10.00', '10.01').replace('00Z', '01Z'), price, time).equal).toBe(true);
    expect(compare(left, left.replace('10.00', '10.02'), price, time).equal).toBe(false);
    expect(compare(left, left.replace('2030-01-01T00:00:00Z', 'undefined'), price, time).equal).toBe(false);
  });

  it.each(['', '>', 'a >', 'a,b', 'a:hover', '[x', 'a > > b'])(
    'refuse what is no simple selector: "%s"',
    (selector) => {
      expect(() => parseSelector(selector)).toThrow(SyntaxError);
    },
  );
});

it('names a place the same whichever of many it is in, also where their ids count from one', () => {
  const paths = [7, 42].map((id) => {
    const at = (text: string) => `<article class="review" id="review-${id}"><h3>${text}</h3></article>`;
    return compare(at('Lovely'), at('Broken')).differences.map(({ path }) => path);
  });
  expect(paths[0]).toEqual(paths[1]);
  expect(paths[0]).toEqual([expect.stringMatching(/article\.review > h3$/)]);
});
