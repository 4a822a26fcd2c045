import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderHtml } from '../../cli/report/html.ts';
import { sampleView } from './sample-view.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

describe.skipIf(executablePath === undefined)('the HTML report in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'strangler-report-'));
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  async function open(clusters: number, hash = ''): Promise<void> {
    const file = join(folder, `${clusters}.html`);
    writeFileSync(file, renderHtml(sampleView(clusters)));
    problems.length = 0;
    await page.goto(pathToFileURL(file).href + hash);
  }

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) problems.push(`requested ${request.url()}`);
    });
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs under its own policy without an error and runs nothing of a payload', async () => {
    await open(10);
    expect(problems).toEqual([]);
    expect(await page.title()).toBe('No-go: shadow report of orders');
  });

  it('filters and keeps the filter in the address', async () => {
    await open(30);
    await page.selectOption('#filter-severity', 'high');
    await page.fill('#filter-text', 'field0');
    expect(await page.locator('details.cluster:not([hidden])').count()).toBe(1);
    expect(await page.textContent('#clusters-shown')).toBe('1 of 30 shown');
    await page.goto(page.url());
    expect(await page.locator('details.cluster:not([hidden])').count()).toBe(1);
    await page.fill('#filter-text', 'no field is called that');
    expect(await page.textContent('#clusters-shown')).toBe(
      '0 of 30 shown: no difference matches all of these filters',
    );
  });

  it('opens the difference that a permalink names', async () => {
    await open(10, '#c00000004');
    expect(await page.locator('#c00000004').getAttribute('open')).not.toBeNull();
  });

  it('sorts a table by its column, numbers as numbers', async () => {
    await open(3);
    await page.click('#coverage th button:has-text("Compared")');
    const column = await page
      .locator('#coverage table')
      .first()
      .locator('tbody td:nth-child(4)')
      .allTextContents();
    expect(column.map((text) => Number(text.replace(/\D/g, '')))).toEqual([0, 20, 5100]);
  });

  it('can be walked with the keyboard', async () => {
    await open(5);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    expect(await page.locator('details.cluster[open]').getAttribute('id')).toBe('c00000001');
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['dark', 390],
  ] as const)(
    'has no accessibility violation in %s mode %i px wide, opened or not',
    async (colorScheme, width) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await open(6, '#c00000002');
      const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
      // The page's policy forbids added scripts, as it should: the rules are evaluated in the page's own context instead.
      await page.evaluate(readFileSync(axe, 'utf8'));
      const violations = await page.evaluate(async () => {
        const { axe: rules } = globalThis as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        };
        const result = await rules.run();
        return result.violations.map((violation) => `${violation.id}: ${violation.nodes[0]?.html}`);
      });
      expect(violations).toEqual([]);
    },
  );

  it.each([
    [390, 'screen'],
    [390, 'print'],
    [1280, 'screen'],
  ] as const)(
    'fits a width of %i px on %s, with every label that its table heads had',
    async (width, media) => {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ media });
      await open(6, '#c00000001');
      const wide = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
      expect(wide).toBeLessThanOrEqual(0);
      const label = await page.evaluate(
        "getComputedStyle(document.querySelector('#coverage tbody td:nth-child(4)'), '::before').content",
      );
      expect(label).toBe(width < 768 ? '"Compared"' : 'none');
      await page.emulateMedia({ media: 'screen' });
      await page.setViewportSize({ width: 1280, height: 720 });
    },
  );

  it('gives the command that accepts a difference, and what may be sent again', async () => {
    await open(2, '#c00000001');
    const commands = await page.locator('#c00000001 pre[id]').allTextContents();
    expect(commands).toEqual([
      "curl --silent 'http://127.0.0.1:3000/orders/41'",
      "curl --silent 'http://127.0.0.1:3001/orders/41'",
      'npx strangler report orders accept c00000001 --reason "…"',
    ]);
    await page.locator('#c00000001 button.copy').last().click();
    expect(await page.locator('#c00000001 button.copy').last().textContent()).toMatch(/^(Copied|Selected)/);
  });

  it('shows everything again on Escape', async () => {
    await open(30);
    await page.keyboard.press('/');
    await page.keyboard.type('field29');
    expect(await page.locator('details.cluster:not([hidden])').count()).toBe(1);
    await page.keyboard.press('Escape');
    expect(await page.locator('details.cluster:not([hidden])').count()).toBe(30);
  });

  it('is readable without its script', async () => {
    const plain = await browser.newPage({ javaScriptEnabled: false });
    const file = join(folder, 'plain.html');
    writeFileSync(file, renderHtml(sampleView(3)));
    await plain.goto(pathToFileURL(file).href);
    await plain.locator('#c00000002 > summary').click();
    expect(await plain.locator('#c00000002 pre').first().isVisible()).toBe(true);
    await plain.close();
  });

  it('stays usable with 2 000 differences', async () => {
    await open(2000);
    await page.fill('#filter-text', 'field1999');
    expect(await page.textContent('#clusters-shown')).toBe('1 of 2\u202f000 shown');
    await page.fill('#filter-text', '');
    await page.selectOption('#filter-order', 'seen');
    const seen = (await page.evaluate(
      "[...document.querySelectorAll('details.cluster')].map((each) => Number(each.dataset.seen))",
    )) as number[];
    expect(seen).toEqual([...seen].sort((a, b) => b - a));
    expect(problems).toEqual([]);
  });
});
