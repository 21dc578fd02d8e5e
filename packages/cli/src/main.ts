import { ClusterConfigError } from '@kts/cluster';

import { commandHelp, parseArguments, programHelp, UsageError, type CommandDefinition } from './command-line.ts';
import { componentCommands } from './commands/components.ts';
import { completion } from './commands/completion.ts';
import { down } from './commands/down.ts';
import { image } from './commands/image.ts';
import { reset } from './commands/reset.ts';
import type { DetachedMessage } from './commands/run-up.ts';
import { status } from './commands/status.ts';
import { up } from './commands/up.ts';
import { version } from './commands/version.ts';

const commands: readonly CommandDefinition[] = [
  up,
  down,
  status,
  reset,
  image,
  ...componentCommands,
  version,
  completion(() => commands),
];

/** The exit code of a command line that makes no sense, as is usual. */
const EXIT_USAGE = 2;

// `kts ... | head` closes the pipe early: that is not an error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const text = `kts: ${(error as Error).message}\n`;
  process.stderr.write(text);
  if (process.send) process.send({ type: 'failed', text } satisfies DetachedMessage);
  // Something may still be listening or waiting: a command that has failed ends all the same.
  process.exit(error instanceof UsageError || error instanceof ClusterConfigError ? EXIT_USAGE : 1);
}

async function run(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(programHelp(commands));
    return name === undefined ? EXIT_USAGE : 0;
  }
  const command = commands.find((candidate) => candidate.name === (name === '--version' ? 'version' : name));
  if (!command) throw new UsageError(`unknown command ${JSON.stringify(name)} (see kts --help)`);
  if (!command.passThrough && (rest.includes('--help') || rest.includes('-h'))) {
    process.stdout.write(commandHelp(command));
    return 0;
  }
  return command.run(parseArguments(command, rest));
}
