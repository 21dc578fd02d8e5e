/**
 * The command lines of components, in the spelling of upstream's flag library: `--name value`, `--name=value`, `-v 2`,
 * `-v=2`, `-v2`, switches without a value, and `_` for `-` in names.
 *
 * Mirrors: github.com/spf13/pflag, as cmd/* use it (v1.36)
 * Differs: durations, sizes and maps are parsed by whoever has the flag.
 */

export interface FlagDefinition {
  /** A `switch` is true or false; alone it means true, and its value follows a `=`. All values of a `list` count. */
  readonly type: 'switch' | 'string' | 'number' | 'list';
  /** One letter. */
  readonly short?: string;
}

type ValueOf<T extends FlagDefinition['type']> = {
  readonly switch: boolean;
  readonly string: string;
  readonly number: number;
  readonly list: readonly string[];
}[T];

/** The flags that were given; of one given twice, the last. */
export type FlagValues<F extends Readonly<Record<string, FlagDefinition>>> = {
  readonly [Name in keyof F]?: ValueOf<F[Name]['type']>;
};

/** A command line that makes no sense; the message is for the user. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

/** Throws FlagError for unknown flags, values of another type and arguments that are no flags. */
export function parseFlags<const F extends Readonly<Record<string, FlagDefinition>>>(
  args: readonly string[],
  flags: F,
): FlagValues<F> {
  const values: Record<string, ValueOf<FlagDefinition['type']>> = {};
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (!argument.startsWith('-') || argument === '-' || argument === '--') {
      const extra = argument === '--' ? rest.shift() : argument;
      if (extra === undefined) break;
      throw new FlagError(`unknown command ${JSON.stringify(extra)}: only flags are taken`);
    }
    const { name, text } = argument.startsWith('--') ? readLong(argument, flags) : readShort(argument, flags);
    const { type, short } = flags[name]!;
    const value = text ?? (type === 'switch' ? 'true' : rest.shift());
    if (value === undefined) throw new FlagError(`flag needs an argument: ${argument}`);
    const parsed = parseValue(type, value, short === undefined ? `--${name}` : `-${short}, --${name}`);
    values[name] = Array.isArray(parsed) ? [...((values[name] as string[]) ?? []), ...parsed] : parsed;
  }
  return values as FlagValues<F>;
}

interface ReadFlag {
  readonly name: string;
  /** What follows in the same argument. */
  readonly text?: string;
}

function readLong(argument: string, flags: Readonly<Record<string, FlagDefinition>>): ReadFlag {
  const [, given = '', text] = /^--([^=]*)(?:=([^]*))?$/.exec(argument)!;
  const name = given.replaceAll('_', '-');
  if (!Object.hasOwn(flags, name)) throw new FlagError(`unknown flag: --${given}`);
  return text === undefined ? { name } : { name, text };
}

function readShort(argument: string, flags: Readonly<Record<string, FlagDefinition>>): ReadFlag {
  const letter = argument[1]!;
  const found = Object.entries(flags).find(([, { short }]) => short === letter);
  if (!found) throw new FlagError(`unknown shorthand flag: '${letter}' in ${argument}`);
  const text = argument.slice(2).replace(/^=/, '');
  return argument.length === 2 ? { name: found[0] } : { name: found[0], text };
}

/** What Go's strconv.ParseBool takes. */
const TRUE: readonly string[] = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE: readonly string[] = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

function parseValue(type: FlagDefinition['type'], text: string, names: string): ValueOf<FlagDefinition['type']> {
  const invalid = (parser: string): FlagError => {
    const value = JSON.stringify(text);
    return new FlagError(
      `invalid argument ${value} for "${names}" flag: strconv.${parser}: parsing ${value}: invalid syntax`,
    );
  };
  switch (type) {
    case 'string':
      return text;
    case 'list':
      return text.split(',').filter(Boolean);
    case 'number':
      if (!/^[+-]?\d+$/.test(text)) throw invalid('ParseInt');
      return Number(text);
    case 'switch':
      if (TRUE.includes(text)) return true;
      if (FALSE.includes(text)) return false;
      throw invalid('ParseBool');
  }
}
