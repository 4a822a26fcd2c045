import { expect, it } from 'vitest';
import { errorDocument, renderError } from '../../cli/terminal/error-text.ts';
import { createStyle, wantsColour } from '../../cli/terminal/style.ts';
import { renderTable } from '../../cli/terminal/table.ts';
import { StranglerError } from '../../migration-plans/errors.ts';

const plain = createStyle(false);
const ERROR = new StranglerError('PLAN_INVALID', 'two mistakes', {
  place: { file: 'plans/reviews.yaml', line: 3, column: 5 },
  remedy: 'repair them',
  exitCode: 2,
  findings: [
    {
      code: 'PLAN_UNKNOWN_KEY',
      severity: 'error',
      message: 'unknown key "rutes"',
      place: { file: 'plans/reviews.yaml', line: 3, column: 5 },
      remedy: 'did you mean routes?',
    },
    { code: 'PLAN_EXPIRED', severity: 'warning', message: 'a rule has expired' },
  ],
});

it('shows code, place, message, every finding and what to do, and no stack', () => {
  expect(renderError(ERROR, plain, false)).toEqual([
    'error PLAN_INVALID plans/reviews.yaml:3:5: two mistakes',
    '  ✗ plans/reviews.yaml:3:5: unknown key "rutes" PLAN_UNKNOWN_KEY',
    '    → did you mean routes?',
    '  ! a rule has expired PLAN_EXPIRED',
    '  → repair them',
  ]);
});

it('tells a defect as one, and shows its stack only on request', () => {
  const defect = new TypeError('x is not a function');
  const text = renderError(defect, plain, false).join('\n');
  expect(text).toContain('INTERNAL x is not a function');
  expect(text).toContain('--debug');
  expect(text).not.toContain('error-text.test.ts');
  expect(renderError(defect, plain, true).join('\n')).toContain('error-text.test.ts');
});

it('lets no control character of an error reach the terminal', () => {
  const hostile = new StranglerError('X', 'evil \u001b]0;title\u0007 \u001b[2J', { remedy: '\u009b31m' });
  expect(renderError(hostile, plain, false).join('\n')).not.toMatch(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/,
  );
});

it('gives scripts the same', () => {
  expect(errorDocument(ERROR).error).toMatchObject({ code: 'PLAN_INVALID', remedy: 'repair them' });
  expect(errorDocument(new Error('boom')).error).toMatchObject({ code: 'INTERNAL', message: 'boom' });
});

it('colours only on a terminal, and never against NO_COLOR', () => {
  expect(wantsColour({ isTTY: true }, {})).toBe(true);
  expect(wantsColour({ isTTY: false }, {})).toBe(false);
  expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour({ isTTY: true }, { NO_COLOR: '', TERM: 'xterm' })).toBe(true);
  expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
  expect(wantsColour({ isTTY: false }, { FORCE_COLOR: '1' })).toBe(true);
  expect(wantsColour({ isTTY: true }, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
});

it('aligns a table whatever the colours of its cells', () => {
  const { bold } = createStyle(true);
  const lines = renderTable(
    [{ title: 'name' }, { title: 'n', align: 'right' }],
    [
      [bold('a'), '1'],
      ['longer', '22'],
    ],
  );
  expect(lines).toEqual(['name     n', `${bold('a')}        1`, 'longer  22']);
});
