import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { EXIT, StranglerError } from '../../migration-plans/errors.ts';
import { PROJECT_FILE } from '../../migration-plans/project/load.ts';
import type { Handler } from '../commands/command.ts';
import { probe } from '../local-stack/parts/readiness.ts';
import { projectTemplate } from './init-template.ts';

const PROBE_LIMIT_MS = 3000;

/** Writes a project for a monolith. Nothing that exists is touched. */
export const init: Handler = async ({ options, terminal, cwd, signal }) => {
  const url = monolithUrl(options.text('monolith'));
  const folder = resolve(cwd, options.text('dir') ?? '.');
  const file = join(folder, PROJECT_FILE);
  if (existsSync(file))
    throw new StranglerError('INIT_EXISTS', `${file} exists already, and init overwrites nothing`, {
      exitCode: EXIT.usage,
      remedy: 'change it by hand, or choose another folder by --dir',
    });
  const answer = await probe(url, PROBE_LIMIT_MS, signal);
  const plans = join(folder, 'migration-plans');
  await mkdir(plans, { recursive: true });
  // `wx`: another init may be running in the same folder.
  await writeFile(file, projectTemplate(url), { flag: 'wx' });
  const readme = join(plans, 'README.md');
  if (!existsSync(readme)) await writeFile(readme, PLANS_README, { flag: 'wx' });
  const ignore = join(folder, '.gitignore');
  if (!existsSync(ignore)) await writeFile(ignore, '.strangler/\n', { flag: 'wx' });

  const reachable = typeof answer === 'number';
  if (!reachable)
    terminal.note(
      `${terminal.noteStyle.yellow('warning')} ${url} does not answer now (${answer}): start the monolith before the edge`,
    );
  const shown = (path: string) => relative(cwd, path) || '.';
  const there = folder === cwd ? '' : `cd ${shown(folder)}, then `;
  const { style } = terminal;
  return {
    document: { file, plans, monolith: url, reachable },
    lines: [
      `wrote ${style.bold(shown(file))} and ${style.bold(shown(plans))}/`,
      '',
      `next: ${there}${style.cyan('strangler edge')} puts the edge before ${url}`,
      `      ${style.cyan('strangler doctor')} checks the wiring`,
    ],
  };
};

/** The shape of the URL is checked as strangler.yaml would, so that init never writes a file that the next command refuses. */
function monolithUrl(text: string | undefined): string {
  const wrong = (message: string): StranglerError =>
    new StranglerError('INIT_MONOLITH_URL', message, {
      exitCode: EXIT.usage,
      remedy: 'give it as in: strangler init --monolith http://127.0.0.1:3000',
    });
  if (text === undefined) throw wrong('--monolith URL is missing: where does the monolith answer?');
  const typed = text.trim();
  const url = URL.canParse(typed) ? new URL(typed) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw wrong(`"${text}" is no http or https URL`);
  if (url.username !== '' || url.password !== '')
    throw wrong('the URL of the monolith must not hold credentials');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw wrong(
      `"${text}" has a path: the edge passes paths on as they are, so give scheme, host and port alone`,
    );
  return url.origin;
}

const PLANS_README = `# Plans

One YAML file per capability: \`<capability>.yaml\`. It says which routes belong to it, which service answers them, who owns its
data, which evidence opens the next phase, and in which steps users are moved. \`strangler plan validate\` checks them all,
\`strangler apply\` publishes them. A first one:

\`\`\`yaml
apiVersion: strangler/v1
capability: reviews
routes:
  - GET /products/:slug/reviews
service:
  name: reviews
\`\`\`
`;
