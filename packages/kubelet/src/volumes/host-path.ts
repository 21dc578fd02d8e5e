import type { HostPathVolumeSource } from '@kts/api/types/core-v1';
import type { FileInfo, FileSystem } from '../host/file-system.ts';
import { VolumeError } from './volume-payload.ts';

const EXPECTED: Readonly<Record<string, readonly [FileInfo['type'], string]>> = {
  Directory: ['directory', 'directory'],
  DirectoryOrCreate: ['directory', 'directory'],
  File: ['file', 'file'],
  FileOrCreate: ['file', 'file'],
  Socket: ['socket', 'socket file'],
  CharDevice: ['charDevice', 'character device'],
  BlockDevice: ['blockDevice', 'block device'],
};

/**
 * Makes sure that a host path is what the pod expects. Throws VolumeError.
 *
 * Mirrors: pkg/volume/hostpath/host_path.go (v1.36)
 */
export async function checkHostPath(files: FileSystem, { path, type = '' }: HostPathVolumeSource): Promise<void> {
  if (path.split('/').includes('..')) throw new VolumeError(`invalid HostPath \`${path}\`: must not contain '..'`);
  if (type === '') return;
  const expected = EXPECTED[type];
  if (!expected) throw new VolumeError(`${type} is an invalid volume type`);
  const info = await files.stat(path);
  if (!info && type === 'DirectoryOrCreate') return files.makeDirectory(path, 0o755);
  if (!info && type === 'FileOrCreate') return files.writeFile(path, new Uint8Array(), 0o644);
  if (info?.type !== expected[0]) {
    throw new VolumeError(`hostPath type check failed: ${path} is not a ${expected[1]}`);
  }
}
