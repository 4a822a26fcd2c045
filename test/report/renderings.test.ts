import { createHash } from 'node:crypto';
import { parse } from 'parse5';
import { describe, expect, it } from 'vitest';
import { curlCommand } from '../../cli/report/curl.ts';
import { count, milliseconds, percent } from '../../cli/report/format.ts';
import { renderHtml } from '../../cli/report/html.ts';
import { renderJUnit } from '../../cli/report/junit.ts';
import { renderMarkdown } from '../../cli/report/markdown.ts';
import { sampleView } from './sample-view.ts';

interface Node {
  nodeName: string;
  attrs?: { name: string; value: string }[];
  childNodes?: Node[];
  value?: string;
}

function elements(node: Node): Node[] {
  return [node, ...(node.childNodes ?? []).flatMap(elements)];
}

describe('the HTML report', () => {
  const page = renderHtml(sampleView());
  const all = elements(parse(page) as Node);

  it('lets no payload become an element, an attribute or a script', () => {
    const scripts = all.filter((node) => node.nodeName === 'script');
    expect(scripts).toHaveLength(1);
    expect(all.filter((node) => node.nodeName === 'img')).toEqual([]);
    const attributes = all.flatMap((node) => node.attrs ?? []).map((attribute) => attribute.name);
    expect(attributes.filter((name) => name.startsWith('on'))).toEqual([]);
  });

  it('allows its one style and its one script by their hashes, and loads nothing', () => {
    const policy = all
      .flatMap((node) => node.attrs ?? [])
      .find((attribute) => attribute.value.startsWith("default-src 'none'"))!.value;
    for (const name of ['script', 'style']) {
      const text = all.find((node) => node.nodeName === name)!.childNodes![0]!.value!;
      const hash = createHash('sha256').update(text).digest('base64');
      expect(policy).toContain(`${name}-src 'sha256-${hash}'`);
    }
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  it('shows the sections in the order in which QA decides', () => {
    const order = [
      'verdict',
      'coverage',
      'funnel',
      'differences',
      'noise',
      'rules',
      'latency',
      'errors',
      'runs',
    ];
    const ids = all
      .filter((node) => node.nodeName === 'section')
      .map((node) => node.attrs!.find((attribute) => attribute.name === 'id')!.value);
    expect(ids).toEqual(order);
  });

  it('says that nothing is known when nothing was compared', () => {
    const view = { ...sampleView(0), compared: 0 };
    expect(renderHtml(view)).toContain('Nothing was compared, so nothing is known.');
    expect(renderHtml({ ...view, compared: 5 })).toContain('No difference beyond noise.');
  });
});

describe('the JUnit report', () => {
  it('counts its cases, fails for what is wrong and skips what is untested', () => {
    const xml = renderJUnit(sampleView());
    expect(xml).toContain('tests="9" failures="5" skipped="1"');
    expect(xml.match(/<testcase /g)).toHaveLength(9);
  });

  it('is well-formed whatever the payload', () => {
    const view = sampleView();
    view.clusters[0]!.title = 'a\u0000b\u001b]0;x\u0007 <&">\' \ud800';
    const xml = renderJUnit(view);
    expect(xml).not.toMatch(/[^\P{Cc}\n]/u);
    expect(xml).toContain('&lt;&amp;&quot;&gt;&apos;');
    expect(xml.isWellFormed()).toBe(true);
  });
});

describe('the Markdown report', () => {
  it('keeps every cluster in one row of the table', () => {
    const view = sampleView();
    view.clusters[0]!.title = 'pipe | new\nline @team <b>';
    const rows = renderMarkdown(view)
      .split('\n')
      .filter((line) => line.startsWith('| high') || line.startsWith('| medium') || line.startsWith('| low'));
    expect(rows).toHaveLength(3);
    expect(rows[0]).toContain('pipe \\| new line &#64;team &lt;b\\>');
  });

  it('names the untested routes', () => {
    expect(renderMarkdown(sampleView())).toContain('Never compared: `DELETE DELETE /orders/:id`');
  });
});

describe('figures', () => {
  it('never show a share that is not zero as zero', () => {
    expect([0, 1e-9, 0.00123, 0.031, 0.5, 1].map(percent)).toEqual([
      '0 %',
      '< 0.01 %',
      '0.12 %',
      '3.1 %',
      '50 %',
      '100 %',
    ]);
  });

  it('are readable at any size', () => {
    expect([0.4, 12.6, 1400, undefined].map(milliseconds)).toEqual(['0.4 ms', '13 ms', '1.4 s', '–']);
    expect(count(1234567)).toBe('1\u202f234\u202f567');
  });
});

it('a copied curl command cannot run anything but curl', () => {
  expect(curlCommand('http://127.0.0.1:3000/', 'GET', "/a?b=$(reboot)'`x`")).toBe(
    "curl --silent --show-error --include --path-as-is 'http://127.0.0.1:3000/a?b=$(reboot)'\\''`x`'",
  );
});
