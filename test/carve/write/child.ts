/** Writes a service in a process of its own, which ends itself by SIGKILL before the step that is named. */
import { writeService } from '../../../cli/carve/write/write.ts';
import { files, origin } from './service.ts';

const NOBODY = 65_534;
const [out = '', version = '1', dieBefore = '', wait = ''] = process.argv.slice(2);

// For root no folder is read-only. All code is loaded by now: nobody else may be able to read it, in a checkout that is private.
if (process.env.AS_NOBODY === '1') {
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
}

try {
  const outcome = await writeService({
    out,
    origin,
    files: files(Number(version)),
    check: async () => {
      if (wait === '') return undefined;
      process.stdout.write('checking\n');
      await new Promise((resolve) => process.stdin.once('data', resolve));
      return undefined;
    },
    onStep: (step) => {
      process.stdout.write(`step ${step}\n`);
      if (step === dieBefore) process.kill(process.pid, 'SIGKILL');
    },
  });
  process.stdout.write(`unchanged ${outcome.unchanged}\n`);
} catch (error) {
  const { code, message, findings } = error as { code?: string; message: string; findings?: unknown[] };
  process.stdout.write(`error ${code} ${message.split('\n')[0]} ${JSON.stringify(findings ?? [])}\n`);
  process.exitCode = 1;
}
process.stdin.destroy();
