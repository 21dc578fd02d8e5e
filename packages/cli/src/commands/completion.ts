import { completionScript, UsageError, type CommandDefinition } from '../command-line.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** `commands` is asked for later, because the table contains this command too. */
export function completion(commands: () => readonly CommandDefinition[]): CommandDefinition {
  return {
    name: 'completion',
    summary: 'Prints a completion script for a shell: source <(kts completion bash)',
    positionals: 'bash|zsh|fish',
    flags: [],
    run: ({ positionals }) => {
      const [shell] = positionals;
      if (positionals.length !== 1 || !isShell(shell))
        throw new UsageError(`kts completion takes one of ${SHELLS.join(', ')}`);
      process.stdout.write(completionScript(shell, commands()));
      return Promise.resolve(0);
    },
  };
}

function isShell(text: string | undefined): text is Shell {
  return SHELLS.some((shell) => shell === text);
}
