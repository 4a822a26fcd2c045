import { type Document, isMap, isScalar, parseDocument } from 'yaml';
import { EXIT, type Finding, StranglerError } from '../../migration-plans/errors.ts';

export interface Decision {
  choose: string;
  because: string;
}

/** What a drafted entry chooses until somebody has decided. */
export const UNDECIDED = '?';

/**
 * Reads a decisions file: under `decisions`, one entry for each refusal's key with `choose` and `because`, in the file's order. A reason
 * is required: the file is reviewed, and stays as the record of why. Entries that choose `?` are not decided yet and are left out.
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
  const empty = isRecord(content) && 'decisions' in content && entries === null;
  if (findings.length === 0 && !isRecord(entries) && !empty) {
    findings.push({
      code: 'CARVE_BAD_DECISIONS',
      message: 'there is no mapping `decisions`',
      severity: 'error',
      place: { file, line: 1 },
    });
  }
  for (const [key, value] of Object.entries(isRecord(entries) ? entries : {})) {
    if (isRecord(value) && value.choose === UNDECIDED) continue;
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
        place: { file, ...lineOf(document, text, key) },
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

function lineOf(document: Document.Parsed, text: string, key: string): { line?: number } {
  const entries = document.get('decisions');
  const pair = isMap(entries)
    ? entries.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
    : undefined;
  const start = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
  return start === undefined ? {} : { line: text.slice(0, start).split('\n').length };
}
