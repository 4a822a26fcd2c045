import type { CommandSpec, OptionSpec } from './command.ts';
import { CHANGE_OPTIONS, GLOBAL_OPTIONS } from './program.ts';

/** What can follow the words typed so far. The last word is the one being typed, perhaps empty. */
export function completions(
  specs: readonly CommandSpec[],
  words: readonly string[],
  capabilities: readonly string[],
): string[] {
  const typing = words.at(-1) ?? '';
  const before = words.slice(0, -1).filter((word) => !word.startsWith('-'));
  const listed = specs.filter((spec) => !spec.hidden);
  const spec = commandOf(listed, before);
  const offered: string[] = [];
  if (spec === undefined || before.join(' ') === spec.name) {
    const depth = before.length;
    for (const { name } of listed) {
      const parts = name.split(' ');
      if (before.every((word, at) => parts[at] === word) && parts[depth] !== undefined)
        offered.push(parts[depth]);
    }
  }
  if (spec !== undefined) {
    const options: OptionSpec[] = [
      ...(spec.options ?? []),
      ...(spec.changes ? CHANGE_OPTIONS : []),
      ...GLOBAL_OPTIONS,
    ];
    const pending = options.find((option) => option.flags.startsWith(`${words.at(-2)} <`));
    if (pending) return (pending.choices ?? []).filter((choice) => choice.startsWith(typing));
    if (typing.startsWith('-')) offered.push(...options.map((option) => option.flags.split(/[ ,]/)[0]!));
    else {
      const values = spec.arguments?.[before.length - spec.name.split(' ').length]?.values;
      if (values === 'capability') offered.push(...capabilities);
      else if (values !== undefined && values !== 'folder') offered.push(...values);
    }
  }
  return [...new Set(offered)].filter((word) => word.startsWith(typing)).sort();
}

function commandOf(specs: readonly CommandSpec[], words: readonly string[]): CommandSpec | undefined {
  return specs
    .filter((spec) => spec.name.split(' ').every((part, at) => words[at] === part))
    .reduce<CommandSpec | undefined>(
      (longest, spec) => (longest === undefined || spec.name.length > longest.name.length ? spec : longest),
      undefined,
    );
}

/** The script that a shell sources. It asks `strangler __complete`, so it never goes stale. */
export function completionScript(shell: 'bash' | 'zsh' | 'fish'): string {
  return SCRIPTS[shell];
}

const SCRIPTS = {
  bash: `# bash completion of strangler: source <(strangler completion bash)
_strangler() {
  local IFS=$'\\n'
  COMPREPLY=($(strangler __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _strangler strangler
`,
  zsh: `#compdef strangler
# zsh completion of strangler: source <(strangler completion zsh)
_strangler() {
  local -a offered
  offered=("\${(@f)$(strangler __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$offered" ]]; then compadd -- $offered; else _files; fi
}
compdef _strangler strangler
`,
  fish: `# fish completion of strangler: strangler completion fish | source
complete -c strangler -a '(strangler __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
} as const;
