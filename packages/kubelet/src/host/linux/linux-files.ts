import {
  chmod,
  lchown,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rmdir,
  stat,
  symlink,
  unlink,
} from 'node:fs/promises';
import { createWriteStream, type Stats } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

import { isFileError, type FileInfo, type FileSystem } from '../file-system.ts';

const MODE_BITS = 0o7777;

/** The machine's own files. */
export const linuxFiles: FileSystem = {
  stat: (path) => infoOf(stat(path)),
  lstat: (path) => infoOf(lstat(path)),
  async readFile(path, maxBytes) {
    await using file = await open(path, 'r');
    if (maxBytes === undefined) return await file.readFile();
    const buffer = new Uint8Array(maxBytes);
    let length = 0;
    while (length < maxBytes) {
      const { bytesRead } = await file.read(buffer, length, maxBytes - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  },
  async writeFile(path, content, mode) {
    await using file = await open(path, 'w', mode);
    await file.writeFile(content);
    // The mode given to open is cut by the umask.
    await file.chmod(mode);
  },
  async compress(from, to) {
    await using source = await open(from, 'r');
    const { mode } = await source.stat();
    await pipeline(
      source.createReadStream({ autoClose: false }),
      createGzip(),
      createWriteStream(to, { mode: mode & MODE_BITS }),
    );
  },
  readDirectory: async (path) => (await readdir(path)).toSorted(),
  async makeDirectory(path, mode) {
    const first = await mkdir(path, { recursive: true, mode });
    if (first !== undefined) await chmod(path, mode);
  },
  async remove(path) {
    const info = await infoOf(lstat(path));
    if (!info) return;
    await removeWithin(path, (await lstat(path)).dev);
  },
  rename,
  symlink: (target, path) => symlink(target, path),
  readLink: (path) => readlink(path),
  chmod,
  chown: lchown,
  realPath: (path) => realpath(path),
};

/**
 * A mount point below is left alone with what is on it: the error of its parent, which is not empty, tells. What somebody
 * else removes meanwhile is as good as removed.
 */
async function removeWithin(path: string, device: number): Promise<void> {
  try {
    const info = await lstat(path);
    if (info.dev !== device) return;
    if (info.isDirectory()) {
      for (const name of await readdir(path)) await removeWithin(join(path, name), device);
    }
    await (info.isDirectory() ? rmdir(path) : unlink(path));
  } catch (error) {
    if (!isFileError(error, 'ENOENT')) throw error;
  }
}

async function infoOf(looking: Promise<Stats>): Promise<FileInfo | undefined> {
  try {
    const found = await looking;
    return { type: typeOf(found), mode: found.mode & MODE_BITS, uid: found.uid, gid: found.gid, size: found.size };
  } catch (error) {
    if (isFileError(error, 'ENOENT') || isFileError(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

function typeOf(found: Stats): FileInfo['type'] {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'directory';
  if (found.isSymbolicLink()) return 'symlink';
  if (found.isSocket()) return 'socket';
  if (found.isCharacterDevice()) return 'charDevice';
  return found.isBlockDevice() ? 'blockDevice' : 'other';
}
