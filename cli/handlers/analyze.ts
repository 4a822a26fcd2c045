import { writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { type AnalyzeProgress, analyze as analyzeProject } from '../analysis/analyze.ts';
import { addTraffic } from '../analysis/observed/match.ts';
import { observedInventory } from '../analysis/observed/source.ts';
import { renderHtml } from '../analysis/render/html.ts';
import { renderMermaid } from '../analysis/render/mermaid.ts';
import { renderText } from '../analysis/render/text.ts';
import type { Handler } from '../commands/command.ts';
import { sanitise } from '../terminal/sanitise.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Reads a project and says where it could be taken apart. Works without a project file and without an edge; what edges saw is added. */
export const analyze: Handler = async (call) => {
  const { args, options, terminal, cwd } = call;
  const analysis = await analyzeProject({
    dir: resolve(cwd, args.dir ?? '.'),
    capabilities: options.list('capability'),
    onProgress: progressOf(terminal),
  });
  terminal.progress(undefined);
  const inventory = await observedInventory(call);
  if (inventory !== undefined) addTraffic(analysis, inventory);
  const written: string[] = [];
  const write = async (option: string, render: () => string): Promise<void> => {
    const file = options.text(option);
    if (file === undefined) return;
    const path = resolve(cwd, file);
    await writeFile(path, render());
    written.push(relative(cwd, path) || path);
  };
  await write('html', () => renderHtml(analysis));
  await write('mermaid', () => renderMermaid(analysis));
  return {
    document: analysis,
    lines: [
      ...sanitise(renderText(analysis)).trimEnd().split('\n'),
      ...written.map((file) => `wrote ${file}`),
    ],
  };
};

/** Progress that appears when a person would begin to wonder. */
export function progressOf(terminal: Terminal, afterMs = 1000): (event: AnalyzeProgress) => void {
  const begin = performance.now();
  return ({ stage, done, total }) => {
    if (performance.now() - begin < afterMs) return;
    terminal.progress(
      `${stage}${done === undefined ? '' : ` ${done}${total === undefined ? '' : ` of ${total}`}`} …`,
    );
  };
}
