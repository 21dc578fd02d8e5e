/** What a path is. */
export interface FileInfo {
  readonly type: 'file' | 'directory' | 'symlink' | 'socket' | 'charDevice' | 'blockDevice' | 'other';
  /** Permission bits with set-uid, set-gid and sticky: 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

/** Something is wrong with a path; `code` is the errno name, such as `ENOENT`. */
export interface FileError extends Error {
  readonly code: string;
}

/** The node's files as the kubelet uses them. Paths are absolute. Every method rejects with a `FileError`. */
export interface FileSystem {
  /** Follows symlinks; `undefined` if there is nothing. */
  stat(path: string): Promise<FileInfo | undefined>;
  lstat(path: string): Promise<FileInfo | undefined>;
  /** At most `maxBytes` from the start. */
  readFile(path: string, maxBytes?: number): Promise<Uint8Array>;
  /** Creates or replaces. `mode` is set whatever the umask. */
  writeFile(path: string, content: Uint8Array, mode: number): Promise<void>;
  /** Writes the content of `from` with gzip to `to`, which gets the same mode. */
  compress(from: string, to: string): Promise<void>;
  /** Names in order. */
  readDirectory(path: string): Promise<readonly string[]>;
  /** Creates the directory with exactly `mode`, and missing parents with what the umask leaves of it. */
  makeDirectory(path: string, mode: number): Promise<void>;
  /** Removes a file or a whole tree; nothing there is not an error. Never crosses into another file system. */
  remove(path: string): Promise<void>;
  /** Replaces what is at `to`. */
  rename(from: string, to: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  readLink(path: string): Promise<string>;
  chmod(path: string, mode: number): Promise<void>;
  /** Does not follow symlinks. -1 keeps the owner or the group. */
  chown(path: string, uid: number, gid: number): Promise<void>;
  /** Resolves every symlink. */
  realPath(path: string): Promise<string>;
}

export function isFileError(error: unknown, code?: string): error is FileError {
  return Error.isError(error) && 'code' in error && (code === undefined || error.code === code);
}
