import { expect, it } from 'vitest';
import { completionScript, completions } from '../../cli/commands/completion.ts';
import { type Parsed, parseArguments } from '../../cli/commands/program.ts';
import { COMMANDS } from '../../cli/commands/registry.ts';

const parse = (...argv: string[]): Promise<Parsed> => parseArguments(COMMANDS, argv, '1.2.3');
const text = async (...argv: string[]): Promise<string> => {
  const parsed = await parse(...argv);
  if (parsed.kind !== 'text') throw new Error('expected text');
  return parsed.text;
};

it('finds the command, its arguments and its options, wherever the global ones stand', async () => {
  const parsed = await parse('--json', 'canary', 'reviews', '--weight', '5', '--dry-run', '--verbose');
  if (parsed.kind !== 'run') throw new Error('expected a command');
  expect(parsed.spec.name).toBe('canary');
  expect(parsed.args).toEqual({ capability: 'reviews' });
  expect(parsed.options.text('weight')).toBe('5');
  expect(['json', 'dryRun', 'verbose', 'yes'].map((name) => parsed.options.flag(name))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

it('tells an option that was turned off from one that was not given', async () => {
  const off = await parse('apply', '--no-wait');
  const not = await parse('apply');
  expect(off.kind === 'run' && off.options.off('wait')).toBe(true);
  expect(not.kind === 'run' && not.options.off('wait')).toBe(false);
});

it.each([
  [['stauts'], 'CLI_UNKNOWN_COMMAND', 'did you mean status?'],
  [['plan', 'vaildate'], 'CLI_UNKNOWN_COMMAND', 'did you mean validate?'],
  [['status', '--jsno'], 'CLI_UNKNOWN_OPTION', 'did you mean --json?'],
  [['canary'], 'CLI_MISSING_ARGUMENT', 'strangler help'],
  [['canary', 'a', 'b'], 'CLI_EXCESS_ARGUMENTS', 'strangler help'],
  [['canary', 'a', '--weight'], 'CLI_OPTION_MISSING_ARGUMENT', 'strangler help'],
  [['report', 'a', '--fail-on', 'maybe'], 'CLI_INVALID_ARGUMENT', 'strangler help'],
])('refuses %j as wrong usage, with a way out', async (argv, code, remedy) => {
  await expect(parse(...argv)).rejects.toMatchObject({
    code,
    exitCode: 2,
    remedy: expect.stringContaining(remedy),
  });
});

it.each(COMMANDS.filter((spec) => !spec.hidden).map((spec) => [spec.name, spec] as const))(
  'shows examples before everything else in the help of %s',
  async (name, spec) => {
    const help = await text(...name.split(' '), '--help');
    expect(help.startsWith('Examples:\n')).toBe(true);
    for (const { command } of spec.examples) expect(help).toContain(command);
    expect(help.indexOf(spec.examples[0]!.command)).toBeLessThan(help.indexOf('Usage:'));
    expect(help).toContain('--json');
    for (const option of ['--yes', '--reason']) expect(help.includes(option)).toBe(spec.changes === true);
    if (spec.changes) expect(help).toContain('--dry-run');
  },
);

it('shows every command and no hidden one without arguments', async () => {
  const help = await text();
  for (const spec of COMMANDS)
    expect(help.includes(`\n  ${spec.name.split(' ')[0]}`)).toBe(spec.hidden !== true);
  expect(await text('--version')).toBe('1.2.3\n');
  expect(await text('plan')).toContain('validate');
});

it.each(COMMANDS.map((spec) => [spec.name, spec] as const))('can load the handler of %s', async (_, spec) => {
  expect(await spec.load()).toBeTypeOf('function');
});

it('completes commands, capabilities, options and choices', () => {
  const after = (...words: string[]) => completions(COMMANDS, words, ['reviews', 'catalog']);
  expect(after('stat')).toEqual(['status']);
  expect(after('plan', '')).toEqual(['diff', 'show', 'validate']);
  expect(after('canary', '')).toEqual(['catalog', 'reviews']);
  expect(after('canary', 'r')).toEqual(['reviews']);
  expect(after('canary', 'reviews', '--we')).toEqual(['--weight']);
  expect(after('report', 'reviews', '--fail-on', '')).toEqual(['no-go', 'insufficient-evidence']);
  expect(after('completion', 'z')).toEqual(['zsh']);
  expect(after('nonsense', '')).toEqual([]);
});

it.each(['bash', 'zsh', 'fish'] as const)('has a completion script for %s that asks the command', (shell) => {
  expect(completionScript(shell)).toContain('strangler __complete');
});

it('takes what is done to a report before or behind its capability', async () => {
  for (const argv of [
    ['report', 'accept', 'reviews', '3fa4', '--reason', 'so'],
    ['--json', 'report', 'reviews', 'accept', '3fa4', '--reason', 'so'],
  ]) {
    const parsed = await parse(...argv);
    if (parsed.kind !== 'run') throw new Error('expected a command');
    expect(parsed.spec.name).toBe('report accept');
    expect(parsed.args).toEqual({ capability: 'reviews', cluster: '3fa4' });
    expect(parsed.options.text('reason')).toBe('so');
  }
  const exported = await parse('report', 'reviews', 'export', '--out', 'x');
  expect(exported.kind === 'run' && [exported.spec.name, exported.options.text('out')]).toEqual([
    'report export',
    'x',
  ]);
  const plain = await parse('report', 'reviews', '--out', 'x');
  expect(plain.kind === 'run' && plain.spec.name).toBe('report');
  await expect(parse('report', 'reviews', 'acept', 'x')).rejects.toMatchObject({ exitCode: 2 });
  expect(completions(COMMANDS, ['report', ''], ['reviews'])).toEqual([
    'accept',
    'export',
    'replay',
    'reviews',
  ]);
  expect(completions(COMMANDS, ['report', 'accept', ''], ['reviews'])).toEqual(['reviews']);
});
