import { GrpcError } from '@kts/grpc';
import { type RuntimeService } from '@kts/host-cri';

export interface CommandResult {
  /** Standard output and error, one after the other. */
  readonly output: string;
  /** Why it did not end well; `undefined`: exit code 0. */
  readonly error?: string;
  /** Set if the command ran to its end. */
  readonly exitCode?: number;
  readonly timedOut?: boolean;
}

/** Runs a command in a container. `timeoutSeconds` 0: no limit. Rejects only if `signal` is aborted. */
export async function execCommand(
  runtime: RuntimeService,
  containerId: string,
  command: readonly string[],
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<CommandResult> {
  try {
    const answer = await runtime.execSync({ containerId, cmd: command, timeout: timeoutSeconds }, { signal });
    const output = new TextDecoder().decode(answer.stdout) + new TextDecoder().decode(answer.stderr);
    if (answer.exitCode === 0) return { output, exitCode: 0 };
    return {
      output,
      exitCode: answer.exitCode,
      error: `command '${command.join(' ')}' exited with ${answer.exitCode}: ${new TextDecoder().decode(answer.stderr)}`,
    };
  } catch (cause) {
    if (signal.aborted) throw cause;
    if (GrpcError.is(cause, 'DeadlineExceeded')) {
      const error = `command timed out: "${command.join(' ')}" timed out after ${timeoutSeconds}s`;
      return { output: '', error, timedOut: true };
    }
    return { output: '', error: Error.isError(cause) ? cause.message : String(cause) };
  }
}
