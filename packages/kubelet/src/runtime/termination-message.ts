import { isFileError, type FileSystem } from '../host/file-system.ts';
import type { MountRecord } from './pod-runtime-status.ts';
import { parseLogLine } from './log-line.ts';

const MESSAGE_BYTES_MAX = 4096;
const LOG_LINES_MAX = 80;
const LOG_BYTES_MAX = 2048;

export interface TerminationMessageSource {
  /** In the container. */
  readonly path: string;
  readonly mounts: readonly MountRecord[];
  readonly logPath: string;
  /** Without a message of its own, the end of the log counts. */
  readonly fallBackToLogs: boolean;
}

/**
 * What a container left behind about its end.
 *
 * Mirrors: pkg/kubelet/kuberuntime/kuberuntime_container.go, getTerminationMessage (v1.36)
 */
export async function terminationMessage(files: FileSystem, source: TerminationMessageSource): Promise<string> {
  const mount = source.mounts.find((one) => one.containerPath === source.path);
  if (source.path !== '' && mount) {
    try {
      const content = await files.readFile(mount.hostPath);
      if (content.length > 0) return decode(content.subarray(-MESSAGE_BYTES_MAX));
    } catch (error) {
      if (!isFileError(error, 'ENOENT')) {
        return `Error on reading termination log ${mount.hostPath}: ${(error as Error).message}`;
      }
    }
  }
  return source.fallBackToLogs ? endOfLog(files, source.logPath) : '';
}

async function endOfLog(files: FileSystem, path: string): Promise<string> {
  try {
    const lines = decode(await files.readFile(path))
      .split('\n')
      .filter((line) => line !== '');
    const text = lines
      .slice(-LOG_LINES_MAX)
      .map((line) => parseLogLine(line)?.text ?? '')
      .join('');
    return decode(new TextEncoder().encode(text).subarray(-LOG_BYTES_MAX));
  } catch (error) {
    return `Error on reading termination message from logs: ${(error as Error).message}`;
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
