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
  });

  it('opens the difference that a permalink names', async () => {
    await open(10, '#c00000004');
    expect(await page.locator('#c00000004').getAttribute('open')).not.toBeNull();
  });

  it('sorts a table by its column, numbers as numbers', async () => {
    await open(3);
    await page.click('#coverage th button:has-text("Compared")');
    const column = await page.locator('#coverage tbody tr td:nth-child(4)').allTextContents();
    expect(column.map((text) => Number(text.replace(/\D/g, '')))).toEqual([0, 20, 5100]);
  });

  it('can be walked with the keyboard', async () => {
    await open(5);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    expect(await page.locator('details.cluster[open]').getAttribute('id')).toBe('c00000001');
  });

  it.each(['light', 'dark'] as const)(
    'has no accessibility violation in %s mode, opened or not',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
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

  it('stays usable with 2 000 differences', async () => {
    await open(2000);
    await page.fill('#filter-text', 'field1999');
    expect(await page.textContent('#clusters-shown')).toBe('1 of 2000 shown');
    expect(problems).toEqual([]);
  });
});
