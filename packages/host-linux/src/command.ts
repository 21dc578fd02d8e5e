import { spawn } from 'node:child_process';

/** A program of the host ended with an error, or could not be started. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** `undefined` if the program was not found or was ended by a signal. */
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(command: readonly string[], exitCode: number | undefined, stderr: string, options?: ErrorOptions) {
    const reason = stderr.trim() || (exitCode === undefined ? 'it could not be run' : `exit code ${exitCode}`);
    super(`${command.slice(0, 4).join(' ')}: ${reason}`, options);
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

export interface CommandOptions {
  /** Written to standard input, which is then closed. */
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends the program when aborted. */
  readonly signal?: AbortSignal;
  /** Path of the network namespace to run in; absent: this process's own. */
  readonly networkNamespace?: string | undefined;
}

/** Runs a program to its end and returns its standard output; any other end than exit code 0 is a `CommandError`. */
export function runCommand(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const full = options.networkNamespace ? ['nsenter', `--net=${options.networkNamespace}`, ...command] : command;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(full[0]!, full.slice(1), {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.environment ? { env: options.environment } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.on('error', (cause) => reject(new CommandError(command, undefined, cause.message, { cause })));
  child.on('close', (code) => {
    if (code === 0) resolve(Buffer.concat(stdout).toString());
    else reject(new CommandError(command, code ?? undefined, Buffer.concat(stderr).toString()));
  });
  // A program that ends without reading its input is not an error of its own: the exit code tells.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  return promise;
}
