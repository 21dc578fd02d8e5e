/**
 * What a simulated container does, read off its command and its pod's annotations. Pure.
 *
 * A command `sleep N`, `true`, `false` or `exit N` (also inside `sh -c`) does so; everything else runs for ever.
 * Annotations of the pod, each for all containers or, with `.NAME` behind it, for one:
 *
 *   simulated.kts.dev/start-after    5s   the container takes that long to start
 *   simulated.kts.dev/exit-after     10s  it ends by itself after that time
 *   simulated.kts.dev/exit-code      3    with that code (alone: as soon as it has started)
 *   simulated.kts.dev/start-error    TEXT it cannot be started
 *   simulated.kts.dev/pull-error     TEXT images of the pod cannot be pulled (for the whole pod only)
 *   simulated.kts.dev/stop-after     2s   it takes that long to stop; longer than the grace period, it is killed
 *
 * What it uses meanwhile: `simulated-usage.ts`.
 */
import { parseDuration } from '@kts/apimachinery';

export interface SimulatedBehaviour {
  readonly startAfterMs: number;
  /** `undefined`: runs until it is stopped. */
  readonly exitAfterMs: number | undefined;
  readonly exitCode: number;
  readonly startError: string | undefined;
  readonly stopAfterMs: number;
}

const PREFIX = 'simulated.kts.dev/';

export function behaviourOf(
  container: string,
  command: readonly string[],
  annotations: Readonly<Record<string, string>>,
): SimulatedBehaviour {
  const read = (name: string): string | undefined => annotation(annotations, name, container);
  const program = behaviourOfCommand(command);
  const exitCode = read('exit-code');
  const exitAfter = read('exit-after');
  const ends = exitCode !== undefined || exitAfter !== undefined;
  return {
    startAfterMs: durationMs(read('start-after')) ?? 0,
    exitAfterMs: ends ? (durationMs(exitAfter) ?? 0) : program.exitAfterMs,
    exitCode: exitCode === undefined ? program.exitCode : Number.parseInt(exitCode, 10) || 0,
    startError: read('start-error'),
    stopAfterMs: durationMs(read('stop-after')) ?? 0,
  };
}

/** Why an image cannot be pulled; undefined if it can. Registries under `.invalid` do not exist. Source: RFC 6761 */
export function pullErrorOf(image: string, annotations: Readonly<Record<string, string>>): string | undefined {
  const told = annotations[`${PREFIX}pull-error`];
  if (told !== undefined) return told;
  const registry = image.slice(0, Math.max(0, image.indexOf('/')));
  return /(^|\.)invalid(:\d+)?$/.test(registry) ? `failed to do request: lookup ${registry}: no such host` : undefined;
}

/** The one for this container, or the one for all. */
export function annotation(
  annotations: Readonly<Record<string, string>>,
  name: string,
  container: string,
): string | undefined {
  return annotations[`${PREFIX}${name}.${container}`] ?? annotations[`${PREFIX}${name}`];
}

function behaviourOfCommand(command: readonly string[]): { exitAfterMs: number | undefined; exitCode: number } {
  const [program = '', ...args] = command;
  const name = program.slice(program.lastIndexOf('/') + 1);
  if ((name === 'sh' || name === 'bash') && args[0] === '-c' && args[1] !== undefined) {
    // Only a script that is one such command: the rest of the shell is not simulated.
    return behaviourOfCommand(args[1].trim().split(/\s+/));
  }
  if (args.length === 0 && (name === 'true' || name === 'false'))
    return { exitAfterMs: 0, exitCode: Number(name === 'false') };
  const number = args.length === 1 && /^\d+(\.\d+)?$/.test(args[0]!) ? Number(args[0]) : undefined;
  if (name === 'sleep' && number !== undefined) return { exitAfterMs: number * 1000, exitCode: 0 };
  if (name === 'exit' && number !== undefined) return { exitAfterMs: 0, exitCode: number };
  return { exitAfterMs: undefined, exitCode: 0 };
}

/** Milliseconds of a Go duration; what is none counts as absent. */
function durationMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return Math.max(0, Number(parseDuration(text)) / 1e6);
  } catch {
    return undefined;
  }
}
