import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderHtml } from '../../cli/analysis/render/html.ts';
import { dense } from './dense.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

describe.skipIf(executablePath === undefined)('the page of an analysis in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'strangler-page-'));
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

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
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
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

  async function open(nodes: number): Promise<void> {
    const file = join(folder, `${nodes}.html`);
    writeFileSync(file, renderHtml(dense(nodes)));
    problems.length = 0;
    await page.goto(pathToFileURL(file).href);
  }

  const shownNames = (): Promise<number> => page.locator('.node text:visible').count();

  for (const nodes of [20, 300]) {
    it(`shows ${nodes} nodes without an error, a request or a name that lies on another`, async () => {
      await open(nodes);
      expect(await page.locator('.node').count()).toBe(nodes);
      expect(await shownNames()).toBeGreaterThan(5);
      const boxes = await Promise.all(
        (await page.locator('.node text:visible').all()).map(async (name) => ({
          name: await name.textContent(),
          box: (await name.boundingBox())!,
        })),
      );
      // The boxes of glyphs have air around them: what counts is that letters don't cross.
      const overlaps = boxes.flatMap(({ name, box: a }, at) =>
        boxes
          .slice(at + 1)
          .filter(
            ({ box: b }) =>
              Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x) > 3 &&
              Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y) > 4,
          )
          .map((other) => `${name} / ${other.name}`),
      );
      expect(overlaps).toEqual([]);
      expect(problems).toEqual([]);
    });
  }

  it('shows more names when one comes nearer', async () => {
    await open(300);
    const before = await shownNames();
    for (let step = 0; step < 6; step += 1) await page.click('#zoom-in');
    expect(await shownNames()).toBeGreaterThan(before);
    await page.click('#zoom-fit');
    expect(await shownNames()).toBe(before);
  });

  it('shows the places in the source for a line that is clicked', async () => {
    await open(20);
    // The middle of the first line that nothing else lies on there.
    const middle = (await page.evaluate(`(() => {
      for (const line of document.querySelectorAll('.hit')) {
        const { x, y } = line.getPointAtLength(line.getTotalLength() / 2).matrixTransform(line.getScreenCTM());
        if (document.elementFromPoint(x, y) === line) return { x, y };
      }
    })()`)) as { x: number; y: number };
    await page.mouse.click(middle.x, middle.y);
    expect(await page.textContent('#detail')).toMatch(/src\/m\d+\.ts:\d+/);
  });

  it('finds a model by its name and names it however crowded its place is', async () => {
    await open(300);
    await page.fill('#find', 'Model7');
    expect(await page.textContent('#detail h3')).toMatch(/Model7/);
    expect(await page.locator('.node.chosen text').isVisible()).toBe(true);
  });

  it('is used by keyboard alone: arrows choose, Enter and Enter again show evidence, Escape lets go', async () => {
    await open(20);
    await page.focus('#picture');
    await page.keyboard.press('ArrowRight');
    const first = await page.textContent('#detail h3');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowLeft');
    expect(await page.locator('.node.chosen').count()).toBe(1);
    expect(first).not.toBe('');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    expect(await page.textContent('#detail')).toMatch(/:\d+/);
    await page.focus('#picture');
    await page.keyboard.press('Escape');
    expect(await page.locator('.node.chosen').count()).toBe(0);
  });
});
