import { relative, resolve } from 'node:path';
import { EXIT, type Finding, formatPlace } from '../../migration-plans/errors.ts';
import { loadPlans } from '../../migration-plans/plan/load.ts';
import type { Handler } from '../commands/command.ts';
import { projectOf } from '../controller/project.ts';
import { sanitise } from '../terminal/sanitise.ts';
import type { Style } from '../terminal/style.ts';

/** Checks every plan of a folder and says everything that is wrong at once. */
export const planValidate: Handler = async (call) => {
  const { cwd, terminal, args } = call;
  const given = args.folder === undefined ? undefined : resolve(cwd, args.folder);
  const folder = given ?? (await projectOf(call)).plansDir;
  const { plans, findings } = await loadPlans(folder);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const capabilities = Object.keys(plans);
  const document = {
    valid: errors === 0,
    folder,
    capabilities,
    findings: findings.map(({ code, severity, message, place, remedy }) => ({
      code,
      severity,
      message,
      file: place?.file,
      line: place?.line,
      column: place?.column,
      remedy,
    })),
  };
  const lines = findings.flatMap((finding) => findingLines(finding, cwd, terminal.style));
  if (errors > 0) lines.push(`${errors === 1 ? '1 mistake' : `${errors} mistakes`}: nothing can be applied`);
  else if (capabilities.length === 0) lines.push(`no plans yet in ${relative(cwd, folder) || '.'}`);
  else lines.push(`${terminal.style.green('✓')} ${capabilities.join(', ')}: valid`);
  return { document, lines, exitCode: errors === 0 ? EXIT.done : EXIT.usage };
};

/** In the form that editors and terminals make clickable. */
function findingLines(finding: Finding, cwd: string, style: Style): string[] {
  const { place, severity, message, code, remedy } = finding;
  const where = place ? `${formatPlace({ ...place, file: relative(cwd, place.file) || place.file })}: ` : '';
  const mark = severity === 'error' ? style.red('error') : style.yellow('warning');
  return [
    `${sanitise(where)}${mark} ${sanitise(message)} ${style.dim(code)}`,
    ...(remedy === undefined ? [] : [`  ${style.cyan('→')} ${sanitise(remedy)}`]),
  ];
}
