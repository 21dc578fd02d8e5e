import { isFileError } from '../../host/file-system.ts';

/** An open log file, which stays the same file when it is rotated away. */
export interface LogFile {
  size(): Promise<number>;
  /** Fewer bytes at the end of the file. */
  read(position: number, length: number): Promise<Buffer>;
  /** Whether the path still leads to this file. */
  isCurrent(): Promise<boolean>;
  close(): Promise<void>;
}

export interface LogFiles {
  /** Follows symlinks. Rejects with Go's words if there is no such file. */
  open(path: string): Promise<LogFile>;
}

/** Why a log cannot be opened, in upstream's words. */
export function cannotOpen(path: string, error: unknown): Error {
  const { message } = error as Error;
  const reason = isFileError(error, 'ENOENT') ? `lstat ${path}: no such file or directory` : message;
  return new Error(`failed to try resolving symlinks in path ${JSON.stringify(path)}: ${reason}`, { cause: error });
}
