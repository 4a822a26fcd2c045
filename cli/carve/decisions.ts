import { type Document, isMap, isScalar, parseDocument } from 'yaml';
import { EXIT, type Finding, StranglerError } from '../../migration-plans/errors.ts';
import { didYouMean } from '../../migration-plans/yaml/did-you-mean.ts';
import type { Refusal, ResolvedRefusal } from './model.ts';

export interface Decision {
  choose: string;
  because: string;
}

/** What a drafted entry chooses until somebody has decided. */
export const UNDECIDED = '?';

/** What a decisions file has; anything else that is nearly one of these is a slip. */
const TOP_LEVEL = ['members', 'decisions', 'sign-in'];

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
  for (const name of Object.keys(isRecord(content) ? content : {})) {
    const meant = TOP_LEVEL.includes(name) ? undefined : didYouMean(name, TOP_LEVEL);
    if (meant !== undefined)
      findings.push({
        code: 'CARVE_BAD_DECISIONS',
        message: `there is no ${name}: did you mean ${meant}?`,
        severity: 'error',
        place: { file },
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

/**
 * What the capability consists of, where the file says so under `members`: folders, files and models.
 *
 * @throws StranglerError `CARVE_BAD_DECISIONS`
 */
export function membersOf(text: string, file: string): string[] | undefined {
  const content: unknown = parseDocument(text).toJS();
  const members = isRecord(content) ? content.members : undefined;
  if (members === undefined || members === null) return undefined;
  if (
    Array.isArray(members) &&
    members.length > 0 &&
    members.every((item) => typeof item === 'string' && item !== '')
  )
    return members as string[];
  throw new StranglerError(
    'CARVE_BAD_DECISIONS',
    `members of ${file} is no list of folders, files and models`,
    {
      exitCode: EXIT.usage,
      place: { file },
      remedy: 'Write it as a list: members: [src/reviews, Review, Vote].',
    },
  );
}

/** Lines of the entries, from 1, by their keys. */
export function decisionPlaces(text: string): Map<string, number> {
  const document = parseDocument(text);
  const entries = document.get('decisions');
  const keys = isMap(entries)
    ? entries.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : []))
    : [];
  return new Map(keys.map((key) => [key, lineOf(document, text, key).line ?? 1]));
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

/**
 * The key that decides a refusal: its own, or else the first one in the file's order whose `*` stand for the rest. With `options`
 * a pattern counts only where its choice is offered, so that one line can settle all that it fits.
 */
export function decisionFor(
  key: string,
  decisions: ReadonlyMap<string, Decision>,
  options?: readonly string[],
): string | undefined {
  if (decisions.has(key)) return key;
  for (const [pattern, { choose }] of decisions) {
    if (!pattern.includes('*') || !matches(pattern, key)) continue;
    if (options === undefined || options.includes(choose)) return pattern;
  }
  return undefined;
}

/** Linear in the key for each `*`: the earliest place of every part is the best one. */
function matches(pattern: string, key: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop() ?? '';
  if (!key.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = key.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return key.length - last.length >= at && key.endsWith(last);
}

/**
 * Takes decided refusals out of the open ones.
 *
 * @param also keys that may be decided although nothing refuses them
 * @throws StranglerError `CARVE_UNKNOWN_OPTION` with every choice that its refusal does not offer
 */
export function applyDecisions(
  refusals: readonly Refusal[],
  decisions: ReadonlyMap<string, Decision>,
  also: readonly string[] = [],
): { open: Refusal[]; resolved: ResolvedRefusal[]; stale: string[] } {
  const open: Refusal[] = [];
  const resolved: ResolvedRefusal[] = [];
  const asked = new Set<string>();
  const wrong: Finding[] = [];
  for (const refusal of refusals) {
    const key = decisionFor(refusal.key, decisions, refusal.options);
    const decision = key === undefined ? undefined : decisions.get(key);
    if (key === undefined || decision === undefined) {
      open.push(refusal);
      continue;
    }
    asked.add(key);
    if (refusal.options.includes(decision.choose)) {
      resolved.push({ ...refusal, chosen: decision.choose, because: decision.because });
      continue;
    }
    const meant = didYouMean(decision.choose, refusal.options);
    wrong.push({
      code: 'CARVE_UNKNOWN_OPTION',
      message: `${refusal.key}${key === refusal.key ? '' : ` (decided by ${key})`} can't be decided as ${decision.choose}`,
      severity: 'error',
      place: { file: refusal.file, line: refusal.line },
      remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}Choose one of: ${refusal.options.join(', ')}.`,
    });
  }
  wrong.push(...misfits(refusals, decisions));
  const [first] = wrong;
  if (first !== undefined)
    throw new StranglerError('CARVE_UNKNOWN_OPTION', first.message, {
      exitCode: EXIT.usage,
      findings: wrong,
      ...(first.remedy && { remedy: first.remedy }),
    });
  const stale = [...decisions.keys()].filter(
    (key) =>
      !asked.has(key) && !also.some((other) => other === key || (key.includes('*') && matches(key, other))),
  );
  return { open, resolved, stale };
}

/** Patterns whose choice nothing that they mean offers. */
function misfits(refusals: readonly Refusal[], decisions: ReadonlyMap<string, Decision>): Finding[] {
  return [...decisions].flatMap(([pattern, { choose }]): Finding[] => {
    const meant = pattern.includes('*') ? refusals.filter(({ key }) => matches(pattern, key)) : [];
    if (meant.length === 0 || meant.some(({ options }) => options.includes(choose))) return [];
    const offered = [...new Set(meant.flatMap(({ options }) => options))];
    const near = didYouMean(choose, offered);
    return [
      {
        code: 'CARVE_UNKNOWN_OPTION',
        message: `nothing that ${pattern} means can be decided as ${choose}`,
        severity: 'error',
        remedy: `${near === undefined ? '' : `Did you mean ${near}? `}Choose one of: ${offered.join(', ')}.`,
      },
    ];
  });
}
