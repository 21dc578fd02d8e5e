import { open, realpath, stat } from 'node:fs/promises';
import { isFileError } from '../../host/file-system.ts';
import { cannotOpen, type LogFile, type LogFiles } from './log-files.ts';

/** Log files of this machine. */
export const linuxLogFiles: LogFiles = {
  open: async (path) => {
    try {
      return await openLog(await realpath(path));
    } catch (error) {
      throw cannotOpen(path, error);
    }
  },
};

async function openLog(path: string): Promise<LogFile> {
  const handle = await open(path, 'r');
  const { ino } = await handle.stat();
  return {
    size: async () => (await handle.stat()).size,
    read: async (position, length) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    },
    isCurrent: async () => {
      try {
        return (await stat(path)).ino === ino;
      } catch (error) {
        // Between the two steps of a rotation there is no file: the old one is all there is.
        if (isFileError(error, 'ENOENT')) return true;
        throw error;
      }
    },
    close: () => handle.close(),
  };
}
