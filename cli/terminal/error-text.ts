import { type Finding, formatPlace, StranglerError } from '../../migration-plans/errors.ts';
import { sanitise } from './sanitise.ts';
import type { Style } from './style.ts';

/** What a person reads of an error: code, place, message, all findings, and what to do. */
export function renderError(error: unknown, style: Style, debug: boolean): string[] {
  if (!(error instanceof StranglerError)) return renderDefect(error, style, debug);
  const place = error.place ? `${style.bold(sanitise(formatPlace(error.place)))}: ` : '';
  // Findings are listed below: a message that repeats them behind its first line would say everything twice.
  const message = error.findings.length === 0 ? error.message : (error.message.split('\n')[0] ?? '');
  const lines = [`${style.red('error')} ${style.dim(error.code)} ${place}${sanitise(message)}`];
  for (const finding of error.findings) lines.push(...renderFinding(finding, style));
  if (error.remedy !== undefined) lines.push(`  ${style.cyan('→')} ${sanitise(error.remedy)}`);
  if (debug) lines.push(style.dim(stackOf(error)));
  return lines;
}

function renderFinding(finding: Finding, style: Style): string[] {
  const mark = finding.severity === 'error' ? style.red('✗') : style.yellow('!');
  const place = finding.place ? `${style.bold(sanitise(formatPlace(finding.place)))}: ` : '';
  const lines = [`  ${mark} ${place}${sanitise(finding.message)} ${style.dim(finding.code)}`];
  if (finding.remedy !== undefined) lines.push(`    ${style.cyan('→')} ${sanitise(finding.remedy)}`);
  return lines;
}

/** Nobody raised this on purpose: it is a defect of the toolkit, and the stack helps only those who repair it. */
function renderDefect(error: unknown, style: Style, debug: boolean): string[] {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const lines = [`${style.red('error')} ${style.dim('INTERNAL')} ${sanitise(message)}`];
  if (debug) lines.push(style.dim(stackOf(error)));
  else
    lines.push(
      `  ${style.cyan('→')} this is a defect of strangler: run the command again with --debug and report what it prints`,
    );
  return lines;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? error.message;
  return error.cause === undefined ? stack : `${stack}\ncaused by: ${stackOf(error.cause)}`;
}

/** The form that scripts get: `{ error: { code, message, place, remedy, findings } }`. */
export function errorDocument(error: unknown): { error: Record<string, unknown> } {
  if (!(error instanceof StranglerError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { error: { code: 'INTERNAL', message, findings: [] } };
  }
  const { code, message, place, remedy, findings } = error;
  return { error: { code, message, place, remedy, findings } };
}
