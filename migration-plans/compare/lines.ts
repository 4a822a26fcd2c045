import { align } from './align.ts';
import { hashText } from './json/node.ts';
import { at, type Recorder } from './recorder.ts';

/** Lines compared one by one; a longer text is compared as a whole. */
const MAX_LINES = 200_000;

/** Compares texts by lines; how lines end (CR LF or LF) and a line end at the end of the text do not matter. True: equal. */
export function diffLines(left: string, right: string, path: string, recorder: Recorder): boolean {
  if (left === right) return true;
  const a = linesOf(left);
  const b = linesOf(right);
  if (a.length > MAX_LINES || b.length > MAX_LINES) {
    recorder.notice(`${path}: more than ${MAX_LINES} lines were compared as a whole`);
    recorder.add('bytes', at(path), 'text', `${left.length} characters`, `${right.length} characters`);
    return false;
  }
  const aligned = align({
    left: a.length,
    right: b.length,
    same: (i, j) => a[i] === b[j],
    hashLeft: (i) => hashText(a[i]!),
    hashRight: (j) => hashText(b[j]!),
  });
  for (const [i, j] of aligned.changed) recorder.text(at(path, `${path}:line ${i + 1}`), a[i]!, b[j]!);
  if (aligned.reordered) recorder.add('order', at(path), 'lines', undefined, undefined);
  for (const i of aligned.leftOnly)
    recorder.add('missing', at(path, `${path}:line ${i + 1}`), 'line→absent', a[i], undefined);
  for (const j of aligned.rightOnly)
    recorder.add('extra', at(path, `${path}:line ${j + 1}`), 'absent→line', undefined, b[j]);
  return (
    !aligned.reordered &&
    aligned.changed.length === 0 &&
    aligned.leftOnly.length === 0 &&
    aligned.rightOnly.length === 0
  );
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
