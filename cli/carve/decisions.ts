import { isMap, parseDocument } from 'yaml';
import { EXIT, type Finding, StranglerError } from '../../migration-plans/errors.ts';
import type { Refusal, ResolvedRefusal } from './model.ts';

export interface Decision {
  choose: string;
  because: string;
}

/**
 * Reads a decisions file: under `decisions`, one entry for each refusal's key with `choose` and `because`. A reason is
 * required: the file is reviewed, and stays as the record of why.
 *
 * @throws StranglerError `CARVE_BAD_DECISIONS` with all mistakes at once
 */
export function parseDecisions(text: string, file: string): Map<string, Decision> {
  const document = parseDocument(text, { uniqueKeys: true });
  const findings: Finding[] = document.errors.map((error) => ({
    code: 'CARVE_BAD_DECISIONS',
    message: error.message.split('\n')[0] ?? 'not YAML',
    severity: 'error',
    place: { file, ...(error.linePos && { line: error.linePos[0].line }) },
  }));
  const decisions = new Map<string, Decision>();
  const content: unknown = findings.length === 0 ? document.toJS() : undefined;
  const entries = isMap(document.contents) && isRecord(content) ? content.decisions : undefined;
  if (findings.length === 0 && !isRecord(entries)) {
    findings.push({
      code: 'CARVE_BAD_DECISIONS',
      message: 'there is no mapping `decisions`',
      severity: 'error',
      place: { file, line: 1 },
    });
  }
  for (const [key, value] of Object.entries(isRecord(entries) ? entries : {})) {
    if (
      isRecord(value) &&
      typeof value.choose === 'string' &&
      typeof value.because === 'string' &&
      value.because.trim() !== ''
    ) {
      decisions.set(key, { choose: value.choose, because: value.because });
    } else {
      findings.push({
        code: 'CARVE_BAD_DECISIONS',
        message: `${key} needs \`choose\` and \`because\``,
        severity: 'error',
        place: { file },
      });
    }
  }
  if (findings.length > 0) {
    throw new StranglerError('CARVE_BAD_DECISIONS', `${file} can't be used`, {
      exitCode: EXIT.usage,
      findings,
      remedy: 'Each decision is written as `key: { choose: option, because: reason }`.',
    });
  }
  return decisions;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Takes decided refusals out of the open ones.
 *
 * @throws StranglerError `CARVE_UNKNOWN_OPTION` for a choice that the refusal does not offer
 */
export function applyDecisions(
  refusals: readonly Refusal[],
  decisions: ReadonlyMap<string, Decision>,
): { open: Refusal[]; resolved: ResolvedRefusal[]; stale: string[] } {
  const open: Refusal[] = [];
  const resolved: ResolvedRefusal[] = [];
  for (const refusal of refusals) {
    const decision = decisions.get(refusal.key);
    if (decision === undefined) {
      open.push(refusal);
      continue;
    }
    if (!refusal.options.includes(decision.choose)) {
      throw new StranglerError(
        'CARVE_UNKNOWN_OPTION',
        `${refusal.key} can't be decided as ${decision.choose}`,
        {
          exitCode: EXIT.usage,
          remedy: `Choose one of: ${refusal.options.join(', ')}.`,
        },
      );
    }
    resolved.push({ ...refusal, chosen: decision.choose, because: decision.because });
  }
  const asked = new Set(refusals.map((refusal) => refusal.key));
  return { open, resolved, stale: [...decisions.keys()].filter((key) => !asked.has(key)) };
}
