import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csrfInPage, formsIn } from '../../../cli/carve/gates/sign-in/pages.ts';

describe('forms of a page', () => {
  it('are what a browser would send', () => {
    const [form, ...more] = formsIn(
      `<form action="../save?x=1" method="post">
        <input type="hidden" name="_csrf" value="v1"><input name="title" value="A &amp; B"><input type="checkbox" name="terms">
        <input type="radio" name="size" value="s"><input type="radio" name="size" value="m">
        <input name="off" disabled value="1"><input type="file" name="picture"><input type="reset" name="r">
        <div><textarea name="text">two
words</textarea></div>
        <select name="country"><option value="">choose</option><option value="DE">Germany</option></select>
        <select name="unit"><option>kg</option><option selected>g</option></select>
        <input value="nameless"><button name="action" value="save">Save</button><button name="action" value="drop">Drop</button>
      </form>`,
      '/books/7/edit',
    );
    expect(more).toEqual([]);
    expect(form).toMatchObject({ action: '/books/save', method: 'POST' });
    expect(form?.fields.map(({ name, type, value }) => `${name} ${type} ${value}`)).toEqual([
      '_csrf hidden v1',
      'title text A & B',
      'terms checkbox on',
      'size radio s',
      'text textarea two\nwords',
      'country select DE',
      'unit select g',
      'action submit save',
    ]);
  });
  it('without an action go to the page itself, by GET', () => {
    expect(
      formsIn('<form><input name=q></form><form action="" method=Post></form>', '/search'),
    ).toMatchObject([
      { action: '/search', method: 'GET' },
      { action: '/search', method: 'POST' },
    ]);
  });
  it('of another host keep their path only; addresses that are none are the page’s own', () => {
    const actions = ['https://elsewhere.example/pay', 'http://[broken', 'javascript:alert(1)'];
    const html = actions.map((action) => `<form action="${action}"></form>`).join('');
    expect(formsIn(html, '/here').map(({ action }) => action)).toEqual(['/pay', '/here', 'alert(1)']);
  });
});

describe('what protects forms', () => {
  it.each([
    ['<input type=hidden name=_csrf value=v>', { field: '_csrf', header: 'x-csrf-token', value: 'v' }],
    [
      '<input name=authenticity_token value=v>',
      { field: 'authenticity_token', header: 'x-csrf-token', value: 'v' },
    ],
    [
      '<input name=__RequestVerificationToken value=v>',
      { field: '__RequestVerificationToken', header: 'x-csrf-token', value: 'v' },
    ],
    ['<meta name=csrf-token content=v>', { field: '_csrf', header: 'x-csrf-token', value: 'v' }],
    ['<meta name=csrf-token content="">', undefined],
    ['<input name=token value=v>', undefined],
    ['<textarea name=_csrf>v</textarea>', undefined],
    ['<!-- <input name=_csrf value=v> -->', undefined],
  ])('%s', (html, expected) => {
    expect(csrfInPage(html)).toEqual(expected);
  });
});

describe('a hostile page', () => {
  it('that nests without end is read, or left', () => {
    const deep = `${'<div>'.repeat(60_000)}<form method=post><input name=_csrf value=v>`;
    expect(() => formsIn(deep, '/')).not.toThrow();
    expect(() => csrfInPage(deep)).not.toThrow();
  });
  it('with forms without end gives the first 200', () => {
    expect(formsIn('<form><input name=a></form>'.repeat(5_000), '/')).toHaveLength(200);
  });
  it('of any text is read', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (html) => {
        formsIn(html, '/x');
        csrfInPage(html);
      }),
      { numRuns: 50 },
    );
  });
});
