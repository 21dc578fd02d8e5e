import { execFile } from 'node:child_process';

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Long enough for every command of these tests on a busy machine; a command that takes longer hangs. */
const TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Runs a program to its end. Rejects if it cannot be started or does not end in time, not if it fails. */
export function run(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program, ...args] = command;
  const timeout = options.timeoutMs ?? TIMEOUT_MS;
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const child = execFile(
    program!,
    args,
    {
      env: { ...process.env, ...options.environment },
      timeout,
      killSignal: 'SIGKILL',
      maxBuffer: OUTPUT_BYTES_MAX,
    },
    (error, stdout, stderr) => {
      if (error?.killed)
        reject(new Error(`${command.join(' ')}: not finished after ${timeout} ms\n${stdout}${stderr}`));
      else if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    },
  );
  // A program that does not read its input closes it; that is not this program's failure.
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input);
  return promise;
}

/** Like `run`, but a failure rejects with everything the program has said. Returns what it wrote to its output. */
export async function succeed(command: readonly string[], options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await run(command, options);
  if (code !== 0) throw new Error(`${command.join(' ')}: exit code ${code}\n${stderr}${stdout}`);
  return stdout;
}

/** A command line as words; an argument that has spaces must be given in a list. */
export function words(line: string | readonly string[]): readonly string[] {
  return typeof line === 'string' ? line.split(/\s+/).filter(Boolean) : line;
}
