/** Writes unified diffs that `git apply` and `patch -p1` take, forwards and with -R. */

/** A file before and after; `before` undefined: the file is new. */
export interface FileChange {
  /** From the folder in which the patch is applied, with forward slashes. */
  path: string;
  before: string | undefined;
  after: string;
}

/** Changed lines up to which the shortest way is looked for; beyond it, all old lines go and all new ones come. */
const maxCost = 1000;
/** Unchanged lines around a change, as everybody expects them. */
const context = 3;

/** The patch of all files, in the order given. A file that did not change is left out. */
export function unifiedDiff(changes: readonly FileChange[]): string {
  return changes.map(fileDiff).join('');
}

function fileDiff(change: FileChange): string {
  if (change.before === change.after) return '';
  const before = change.before === undefined ? [] : linesOf(change.before);
  const after = linesOf(change.after);
  const from = change.before === undefined ? '/dev/null' : quoted(`a/${change.path}`);
  const head = [`diff --git ${quoted(`a/${change.path}`)} ${quoted(`b/${change.path}`)}`];
  if (change.before === undefined) head.push('new file mode 100644');
  head.push(`--- ${from}`, `+++ ${quoted(`b/${change.path}`)}`);
  return `${head.join('\n')}\n${hunksOf(before, after)}`;
}

/** Lines with their line breaks: only `\n` ends a line, a `\r` before it is part of its text. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Git's quoting of names with unusual characters. A tab after the name keeps `patch` from cutting it at a space. */
function quoted(path: string): string {
  if (/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(path)) return path.includes(' ') ? `${path}\t` : path;
  let text = '';
  for (const byte of Buffer.from(path)) {
    if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte < 0x20 || byte > 0x7e) text += `\\${byte.toString(8).padStart(3, '0')}`;
    else text += String.fromCharCode(byte);
  }
  return `"${text}"`;
}

type Step = { kind: ' ' | '-' | '+'; line: string };

function hunksOf(before: readonly string[], after: readonly string[]): string {
  const steps = stepsOf(before, after);
  let text = '';
  let left = 1;
  let right = 1;
  let at = 0;
  while (at < steps.length) {
    if (steps[at]?.kind === ' ') {
      left += 1;
      right += 1;
      at += 1;
      continue;
    }
    const start = Math.max(0, at - context);
    let end = at;
    for (let same = 0, look = at; look < steps.length && same <= 2 * context; look += 1) {
      same = steps[look]?.kind === ' ' ? same + 1 : 0;
      if (same === 0) end = look + 1;
    }
    const hunk = steps.slice(start, Math.min(steps.length, end + context));
    const olds = hunk.filter((step) => step.kind !== '+').length;
    const news = hunk.filter((step) => step.kind !== '-').length;
    const lead = at - start;
    text += `@@ -${range(left - lead, olds)} +${range(right - lead, news)} @@\n`;
    for (const { kind, line } of hunk)
      text += `${kind}${line}${line.endsWith('\n') ? '' : '\n\\ No newline at end of file\n'}`;
    for (const { kind } of steps.slice(at, start + hunk.length)) {
      if (kind !== '+') left += 1;
      if (kind !== '-') right += 1;
    }
    at = start + hunk.length;
  }
  return text;
}

/** An empty range names the line before it. */
function range(start: number, count: number): string {
  return count === 1 ? `${start}` : `${count === 0 ? start - 1 : start},${count}`;
}

/**
 * The shortest way from one text to the other (Myers). What is equal at both ends is set aside first: a patch of ours
 * changes a few lines.
 */
function stepsOf(before: readonly string[], after: readonly string[]): Step[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail += 1;
  const same = (line: string): Step => ({ kind: ' ', line });
  return [
    ...before.slice(0, head).map(same),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

function middle(before: readonly string[], after: readonly string[]): Step[] {
  const all: Step[] = [
    ...before.map((line): Step => ({ kind: '-', line })),
    ...after.map((line): Step => ({ kind: '+', line })),
  ];
  if (before.length === 0 || after.length === 0) return all;
  const reached = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let cost = 0; cost <= maxCost; cost += 1) {
    trace.push(new Map(reached));
    for (let diagonal = -cost; diagonal <= cost; diagonal += 2) {
      const down =
        diagonal === -cost ||
        (diagonal !== cost && (reached.get(diagonal - 1) ?? -1) < (reached.get(diagonal + 1) ?? -1));
      let x = down ? (reached.get(diagonal + 1) ?? 0) : (reached.get(diagonal - 1) ?? 0) + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1;
      reached.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return walkBack(trace, before, after);
    }
  }
  return all;
}

function walkBack(
  trace: readonly Map<number, number>[],
  before: readonly string[],
  after: readonly string[],
): Step[] {
  const steps: Step[] = [];
  let x = before.length;
  let y = after.length;
  for (let cost = trace.length - 1; cost >= 0; cost -= 1) {
    const reached = trace[cost]!;
    const diagonal = x - y;
    const down =
      diagonal === -cost ||
      (diagonal !== cost && (reached.get(diagonal - 1) ?? -1) < (reached.get(diagonal + 1) ?? -1));
    const previous = down ? diagonal + 1 : diagonal - 1;
    const fromX = reached.get(previous) ?? 0;
    const fromY = fromX - previous;
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      x -= 1;
      y -= 1;
      steps.push({ kind: ' ', line: before[x]! });
    }
    if (cost === 0) break;
    if (down) {
      y -= 1;
      steps.push({ kind: '+', line: after[y]! });
    } else {
      x -= 1;
      steps.push({ kind: '-', line: before[x]! });
    }
  }
  return steps.reverse();
}
