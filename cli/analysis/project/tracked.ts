import { execFileSync } from 'node:child_process';

const LIMIT_MS = 10_000;
const LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * Files below a folder that git keeps although its ignore rules name them, absolute: somebody's own code then, not the
 * output of a tool. Empty where there is no git to ask.
 */
export function trackedThoughIgnored(root: string): Set<string> {
  try {
    const out = execFileSync('git', ['ls-files', '-z', '-c', '-i', '--exclude-standard'], {
      cwd: root,
      timeout: LIMIT_MS,
      maxBuffer: LIMIT_BYTES,
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
      // The tree is somebody else's: nothing that its configuration names is run.
      env: {
        ...process.env,
        GIT_OPTIONAL_LOCKS: '0',
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'core.fsmonitor',
        GIT_CONFIG_VALUE_0: 'false',
      },
    });
    return new Set(
      out
        .split('\0')
        .filter((name) => name !== '')
        .map((name) => `${root}/${name}`),
    );
  } catch {
    // No git, no repository, or one that belongs to somebody else: the rules alone decide.
    return new Set();
  }
}
