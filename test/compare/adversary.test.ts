import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { CapturedAnswer } from '../../migration-plans/compare/answer.ts';
import { compareAnswers } from '../../migration-plans/compare/compare.ts';
import { answer, PLAIN } from './support.ts';

/** Pairs made to fool the comparison: what a client would notice may not be called equal, what none could may not be told. */

const json = (text: string): CapturedAnswer => answer(text);
const as = (type: string, text: string | Uint8Array, ...headers: string[]): CapturedAnswer =>
  answer(text, { type, headers });
const html = (text: string): CapturedAnswer => as('text/html', text);
const head = (...headers: string[]): CapturedAnswer => answer('{}', { headers });
const untyped = (text: string): CapturedAnswer => ({ ...answer(text), rawHeaders: [] });

type Pair = [name: string, left: CapturedAnswer, right: CapturedAnswer];

const different: Pair[] = [
  // JSON
  ['a composed and a decomposed é', json('{"a":"\u00e9"}'), json('{"a":"e\u0301"}')],
  ['two lone surrogates', json('{"a":"\\ud800"}'), json('{"a":"\\udc00"}')],
  ['a replaced character', json('{"a":"\\ud800"}'), json('{"a":"\ufffd"}')],
  ['a member named __proto__', json('{"__proto__":1}'), json('{}')],
  ['a member named constructor', json('{"constructor":{}}'), json('{"toString":{}}')],
  ['a name with a dot', json('{"a.b":1}'), json('{"a":{"b":1}}')],
  ['an empty name', json('{"":1}'), json('{}')],
  ['the first of duplicate members', json('{"a":1,"a":2}'), json('{"a":3,"a":2}')],
  ['the order of duplicate members', json('{"a":1,"a":2}'), json('{"a":2,"a":1}')],
  ['an empty body and null', json(''), json('null')],
  ['null and the word', json('null'), json('"null"')],
  ['depth of empty lists', json('[[]]'), json('[[[]]]')],
  ['which element repeats', json('[1,1,2]'), json('[1,2,2]')],
  ['elements moved between lists', json('[[1,2],[3]]'), json('[[1],[2,3]]')],
  ['the last digit of a long decimal', json('[0.1234567890123456789]'), json('[0.1234567890123456788]')],
  ['digits beyond an exponent', json('[1e-400]'), json('[0]')],
  ['text behind the document', json('{"a":1}'), json('{"a":1} x')],
  [
    'one character in the middle of a long text',
    json(`["${'a'.repeat(5000)}b${'a'.repeat(5000)}"]`),
    json(`["${'a'.repeat(5000)}c${'a'.repeat(5000)}"]`),
  ],
  ['an invisible character', json('{"a":"x"}'), json('{"a":"x\u200b"}')],
  ['a no-break space', json('{"a":"x y"}'), json('{"a":"x\u00a0y"}')],
  ['an escaped slash is none, an escaped backslash is', json('{"a":"\\\\/"}'), json('{"a":"\\/"}')],
  [
    'a number in quotes inside a list of alike',
    json(`[${'1,'.repeat(500)}1]`),
    json(`[${'1,'.repeat(250)}"1",${'1,'.repeat(249)}1]`),
  ],
  // JSON that says it is something else
  ['white space in a text of JSON served as HTML', html('{"a":"x  y"}'), html('{"a":"x y"}')],
  [
    'markup in a text of JSON served as HTML',
    html('{"a":"<b hidden>x</b>"}'),
    html('{"a":"<b hidden=\'\'>x</b>"}'),
  ],
  [
    'a line end in JSON lines',
    as('application/x-ndjson', '{"a":1}\n{"a":2}'),
    as('application/x-ndjson', '[{"a":1},{"a":2}]'),
  ],
  // HTML
  ['a space between custom elements', html('<x-a>1</x-a> <x-a>2</x-a>'), html('<x-a>1</x-a><x-a>2</x-a>')],
  [
    'a space between images and text',
    html('a <picture><img src=x></picture> b'),
    html('a<picture><img src=x></picture>b'),
  ],
  ['words run together around a script', html('a <script>x</script> b'), html('a<script>x</script>b')],
  ['hidden until found', html('<p hidden>x</p>'), html('<p hidden=until-found>x</p>')],
  ['a disabled field that is enabled', html('<input disabled>'), html('<input>')],
  ['an empty and a missing value', html('<input value>'), html('<input>')],
  ['a no-break space in a page', html('<p>a&nbsp;b</p>'), html('<p>a b</p>')],
  ['space in preformatted text', html('<pre>a  b</pre>'), html('<pre>a b</pre>')],
  ['space in a text area', html('<textarea>a  b</textarea>'), html('<textarea>a b</textarea>')],
  ['space in a script', html('<script>f("a  b")</script>'), html('<script>f("a b")</script>')],
  ['a text escaped twice', html('<p>&lt;b&gt;</p>'), html('<p>&amp;lt;b&amp;gt;</p>')],
  ['text that became markup', html('<p>&lt;b&gt;x&lt;/b&gt;</p>'), html('<p><b>x</b></p>')],
  [
    'a form field within and outside of its form',
    html('<form><input name=a></form>'),
    html('<form></form><input name=a>'),
  ],
  ['the content of a template', html('<template><p>a</p></template>'), html('<template><p>b</p></template>')],
  [
    'the order of options',
    html('<select><option>a<option>b</select>'),
    html('<select><option>b<option>a</select>'),
  ],
  ['a quirky and a standard page', html('<!doctype html><p>a'), html('<p>a')],
  ['a letter case in an id', html('<p id=a>x'), html('<p id=A>x')],
  ['words run together by a missing element', html('a<br>b'), html('ab')],
  ['an element of another namespace', html('<svg><a href=x>t</a></svg>'), html('<svg></svg><a href=x>t</a>')],
  // Text and CSV
  ['another delimiter', as('text/csv', 'a,b\n1,2\n'), as('text/csv', 'a;b\n1;2\n')],
  ['a byte order mark', as('text/csv', 'a,b\n1,2\n'), as('text/csv', '\ufeffa,b\n1,2\n')],
  ['columns that changed places', as('text/csv', 'a,b\n1,2\n'), as('text/csv', 'b,a\n2,1\n')],
  ['a leading zero', as('text/csv', 'a\n007\n'), as('text/csv', 'a\n7\n')],
  ['a space before a field', as('text/csv', 'a,b\n1,2\n'), as('text/csv', 'a,b\n1, 2\n')],
  ['an empty row', as('text/csv', 'a\n\n1\n'), as('text/csv', 'a\n1\n')],
  ['white space at the end of a line', as('text/plain', 'a \nb'), as('text/plain', 'a\nb')],
  ['a line twice', as('text/plain', 'a\na\nb'), as('text/plain', 'a\nb\nb')],
  ['one empty line at the end', as('text/plain', 'a\n\n'), as('text/plain', 'a\n')],
  [
    'line ends of a type that is not text',
    as('application/octet-stream', 'a\nb'),
    as('application/octet-stream', 'a\r\nb'),
  ],
  // Encodings
  [
    'the same bytes in another charset',
    as('text/plain; charset=utf-8', 'é'),
    as('text/plain; charset=latin1', 'é'),
  ],
  [
    'a body cut off while compressed',
    as('application/json', zlib.gzipSync('{"a":1}'), 'Content-Encoding', 'gzip'),
    as('application/json', zlib.gzipSync('{"a":1}').subarray(0, 20), 'Content-Encoding', 'gzip'),
  ],
  [
    'a compressed body that does not say so',
    as('application/json', zlib.gzipSync('{"a":1}'), 'Content-Encoding', 'gzip'),
    as('application/json', zlib.gzipSync('{"a":1}')),
  ],
  [
    'another text in a second member of gzip',
    as('text/plain', Buffer.concat([zlib.gzipSync('a'), zlib.gzipSync('b')]), 'Content-Encoding', 'gzip'),
    as('text/plain', zlib.gzipSync('a'), 'Content-Encoding', 'gzip'),
  ],
  // Headers
  [
    'a clock an hour ahead',
    head('Date', 'Sun, 01 Mar 2026 12:00:00 GMT'),
    head('Date', 'Sun, 01 Mar 2026 13:00:01 GMT'),
  ],
  ['an empty and a missing header', head('X-Next', ''), head()],
  [
    'a value in another directive',
    head('Cache-Control', 'max-age=60, s-maxage=600'),
    head('Cache-Control', 'max-age=600, s-maxage=60'),
  ],
  ['a cookie that is not secure', head('Set-Cookie', 'a=1; Secure'), head('Set-Cookie', 'a=1')],
  ['a cookie that is deleted', head('Set-Cookie', 'a=1; Max-Age=60'), head('Set-Cookie', 'a=1; Max-Age=0')],
  [
    'a session for the whole domain',
    head('Set-Cookie', 'a=1'),
    head('Set-Cookie', 'a=1; Domain=example.com'),
  ],
  [
    'an address with another host',
    head('Location', 'https://shop.example/a'),
    head('Location', 'http://127.0.0.1:3000/a'),
  ],
  ['the letter case of a path', head('Location', '/A'), head('Location', '/a')],
  [
    'a policy that allows more',
    head('Content-Security-Policy', "script-src 'self'"),
    head('Content-Security-Policy', "script-src 'self' 'unsafe-inline'"),
  ],
  [
    'an allowed origin',
    head('Access-Control-Allow-Origin', 'https://a.example'),
    head('Access-Control-Allow-Origin', '*'),
  ],
  ['a media type that is guessed', json('{}'), untyped('{}')],
  ['a charset left out of a page', as('text/html; charset=utf-8', '<p>a'), as('text/html', '<p>a')],
  ['no content and an empty one', answer('', { status: 204 }), answer('', { status: 200 })],
];

const equal: Pair[] = [
  [
    'indentation of a head',
    html('<head><meta name=a><script>x</script><title>t</title></head>'),
    html('<head>\n <meta name=a>\n <script>x</script>\n <title>t</title>\n</head>'),
  ],
  ['escapes of the same characters', json('{"a":"\\u00e9\\/\\n"}'), json('{"a":"é/\\u000a"}')],
  ['escapes in a name', json('{"\\u0061":1}'), json('{"a":1}')],
  ['exponents', json('[1e3,1.50,-0]'), json('[1000.0,15e-1,0]')],
  ['white space between everything', json(' { "a" : [ 1 , 2 ] } '), json('{"a":[1,2]}')],
  ['key order of JSON served as text', as('text/plain', '{"a":1,"b":2}'), as('text/plain', '{"b":2,"a":1}')],
  ['key order of JSON served as a page', html('{"a":1,"b":2}'), html('{ "b": 2, "a": 1 }')],
  [
    'indentation of a page',
    html('<ul><li>a</li><li>b</li></ul>'),
    html('<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>\n'),
  ],
  [
    'a page with and without optional tags',
    html('<table><tr><td>a</table>'),
    html('<table><tbody><tr><td>a</td></tr></tbody></table>'),
  ],
  ['quotes in CSV', as('text/csv', 'a,b\r\n1,2\r\n'), as('text/csv', '"a","b"\n"1","2"')],
  [
    'compressed and not',
    as('application/json', zlib.gzipSync('{"a":1}'), 'Content-Encoding', 'gzip'),
    json('{"a":1}'),
  ],
  [
    'clocks some seconds apart',
    head('Date', 'Sun, 01 Mar 2026 12:00:00 GMT'),
    head('Date', 'Sun, 01 Mar 2026 12:00:04 GMT'),
  ],
  [
    'a date from a cache',
    head('Date', 'Sun, 01 Mar 2026 12:00:00 GMT', 'Age', '4000'),
    head('Date', 'Sun, 01 Mar 2026 13:06:40 GMT'),
  ],
  ['a list in one line or two', head('Vary', 'Accept, Cookie'), head('Vary', 'cookie', 'Vary', 'accept')],
];

describe('what a client would notice', () => {
  it.each(different)('is found: %s', (_, left, right) => {
    expect(compareAnswers(left, right, PLAIN).equal).toBe(false);
    expect(compareAnswers(right, left, PLAIN).equal).toBe(false);
    expect(compareAnswers(left, left, PLAIN).differences).toEqual([]);
    expect(compareAnswers(right, right, PLAIN).differences).toEqual([]);
  });
});

describe('what no client could notice', () => {
  it.each(equal)('is equal: %s', (_, left, right) => {
    expect(compareAnswers(left, right, PLAIN).differences).toEqual([]);
    expect(compareAnswers(right, left, PLAIN).differences).toEqual([]);
  });
});
