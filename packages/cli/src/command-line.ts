/**
 * The grammar of the `kts` command: commands with flags, help texts and shell completion, all from one table.
 * Flags are written `--name VALUE` or `--name=VALUE`; a boolean flag stands alone or takes `=true` and `=false`.
 */

export interface FlagDefinition {
  /** Without the dashes. */
  readonly name: string;
  readonly kind: 'boolean' | 'string' | 'number' | 'list';
  /** How help shows the value, such as `FILE`. */
  readonly placeholder?: string;
  readonly help: string;
  /** Shown in help; what it means is up to the command. */
  readonly defaultText?: string;
  readonly choices?: readonly string[];
  readonly minimum?: number;
}

export interface CommandDefinition {
  readonly name: string;
  readonly summary: string;
  /** How positional arguments are shown, such as `FILE.tar`. */
  readonly positionals?: string;
  readonly flags: readonly FlagDefinition[];
  /** The flags are another program's (a component's): they are handed over unread. */
  readonly passThrough?: boolean;
  readonly run: (invocation: Invocation) => Promise<number>;
}

export interface Invocation {
  readonly flags: FlagValues;
  readonly positionals: readonly string[];
  /** The arguments as given, for `passThrough` commands. */
  readonly rest: readonly string[];
}

/** Something is wrong with the command line; the message is for the user, the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Parsed flags, typed on reading. A flag that was not given is `undefined`. */
export class FlagValues {
  readonly #values: ReadonlyMap<string, string | boolean | number | readonly string[]>;

  constructor(values: ReadonlyMap<string, string | boolean | number | readonly string[]>) {
    this.#values = values;
  }

  boolean(name: string): boolean {
    return this.#values.get(name) === true;
  }

  string(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name);
    return typeof value === 'number' ? value : undefined;
  }

  list(name: string): readonly string[] {
    const value = this.#values.get(name);
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }
}

/** Reads the arguments after the command's name. Throws UsageError. */
export function parseArguments(command: CommandDefinition, argv: readonly string[]): Invocation {
  if (command.passThrough) return { flags: new FlagValues(new Map()), positionals: [], rest: argv };
  const values = new Map<string, string | boolean | number | readonly string[]>();
  const positionals: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index]!;
    if (!argument.startsWith('--')) {
      positionals.push(argument);
      continue;
    }
    const equals = argument.indexOf('=');
    const name = equals < 0 ? argument.slice(2) : argument.slice(2, equals);
    const flag = command.flags.find((candidate) => candidate.name === name);
    if (!flag) throw new UsageError(unknownFlag(command, name));
    let text = equals < 0 ? undefined : argument.slice(equals + 1);
    if (text === undefined && flag.kind !== 'boolean') {
      text = argv[++index];
      if (text === undefined) throw new UsageError(`--${name} needs a value`);
    }
    const previous = values.get(name);
    values.set(name, parseValue(flag, text, Array.isArray(previous) ? (previous as readonly string[]) : []));
  }
  if (positionals.length > 0 && !command.positionals) {
    throw new UsageError(`kts ${command.name} takes no arguments, but was given ${JSON.stringify(positionals[0])}`);
  }
  return { flags: new FlagValues(values), positionals, rest: argv };
}

function parseValue(
  flag: FlagDefinition,
  text: string | undefined,
  previous: readonly string[],
): string | boolean | number | readonly string[] {
  switch (flag.kind) {
    case 'boolean':
      if (text !== undefined && text !== 'true' && text !== 'false')
        throw new UsageError(`--${flag.name} is true or false, not ${JSON.stringify(text)}`);
      return text !== 'false';
    case 'number': {
      const value = Number(text);
      if (text!.trim() === '' || !Number.isInteger(value) || value < (flag.minimum ?? 0))
        throw new UsageError(
          `--${flag.name} is a whole number of at least ${flag.minimum ?? 0}, not ${JSON.stringify(text)}`,
        );
      return value;
    }
    case 'string':
      if (flag.choices && !flag.choices.includes(text!))
        throw new UsageError(`--${flag.name} is one of ${flag.choices.join(', ')}, not ${JSON.stringify(text)}`);
      return text!;
    case 'list':
      return [...previous, text!];
  }
}

function unknownFlag(command: CommandDefinition, name: string): string {
  const near = command.flags.find((flag) => distance(flag.name, name) <= 2);
  return `unknown flag --${name}${near ? `; did you mean --${near.name}?` : ''} (see kts ${command.name} --help)`;
}

/** Levenshtein distance, for suggestions. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The text of `kts COMMAND --help`. */
export function commandHelp(command: CommandDefinition): string {
  const usage = `Usage: kts ${command.name}${command.flags.length > 0 ? ' [flags]' : ''}${
    command.positionals ? ` ${command.positionals}` : ''
  }`;
  const rows = command.flags.map((flag) => [
    `  --${flag.name}${flag.kind === 'boolean' ? '' : ` ${flag.placeholder ?? 'VALUE'}`}`,
    `${flag.help}${flag.choices ? ` (${flag.choices.join('|')})` : ''}${flag.defaultText ? ` [${flag.defaultText}]` : ''}`,
  ]);
  return `${command.summary}\n\n${usage}\n${rows.length > 0 ? `\nFlags:\n${columns(rows)}` : ''}`;
}

/** The text of `kts --help`. */
export function programHelp(commands: readonly CommandDefinition[]): string {
  return `kts: Kubernetes, in TypeScript

Usage: kts COMMAND [flags]

Commands:
${columns(commands.map((command) => [`  ${command.name}`, command.summary]))}
Flags of a command: kts COMMAND --help
`;
}

function columns(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map((row) => row[0]!.length)) + 3;
  return rows.map((row) => `${row[0]!.padEnd(width)}${row[1]}\n`).join('');
}

/** A completion script for one of bash, zsh and fish. */
export function completionScript(shell: 'bash' | 'zsh' | 'fish', commands: readonly CommandDefinition[]): string {
  const names = commands.map((command) => command.name).join(' ');
  if (shell === 'fish') {
    return [
      'complete -c kts -f',
      ...commands.flatMap((command) => [
        `complete -c kts -n __fish_use_subcommand -a ${command.name} -d ${quote(command.summary)}`,
        ...command.flags.map(
          (flag) =>
            `complete -c kts -n '__fish_seen_subcommand_from ${command.name}' -l ${flag.name}${
              flag.kind === 'boolean' ? '' : ' -r'
            } -d ${quote(flag.help)}`,
        ),
      ]),
      '',
    ].join('\n');
  }
  const cases = commands.map(
    (command) => `    ${command.name}) words="${command.flags.map((flag) => `--${flag.name}`).join(' ')} --help" ;;`,
  );
  const script = `_kts() {
  local words="${names}"
  if [ "$COMP_CWORD" -gt 1 ]; then
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _kts kts
`;
  return shell === 'bash' ? script : `autoload -Uz bashcompinit && bashcompinit\n${script}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`\'`)}'`;
}
