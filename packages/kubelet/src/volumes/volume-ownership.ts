import type { FileSystem } from '../host/file-system.ts';

const READ_WRITE = 0o660;
const READ_ONLY = 0o440;
const EXECUTE = 0o110;
const SET_GID = 0o2000;

/**
 * Gives a volume and everything in it to the pod's group.
 *
 * Mirrors: pkg/volume/volume_linux.go (v1.36)
 */
export async function setVolumeGroup(
  files: FileSystem,
  directory: string,
  group: number,
  options: { readonly readOnly: boolean; readonly onlyIfRootDiffers?: boolean },
): Promise<void> {
  const mask = options.readOnly ? READ_ONLY : READ_WRITE;
  if (options.onlyIfRootDiffers) {
    const root = await files.stat(directory);
    const wanted = mask | EXECUTE | SET_GID;
    if (root?.type === 'directory' && root.gid === group && (root.mode & wanted) === wanted) return;
  }
  await changeTree(files, directory, group, mask);
}

/** What is below goes first, so that the root tells whether all of it is done. */
async function changeTree(files: FileSystem, path: string, group: number, mask: number): Promise<void> {
  const info = await files.lstat(path);
  if (!info) return;
  if (info.type === 'directory') {
    for (const name of await files.readDirectory(path)) await changeTree(files, `${path}/${name}`, group, mask);
  }
  await files.chown(path, -1, group);
  if (info.type === 'symlink') return;
  await files.chmod(path, info.mode | mask | (info.type === 'directory' ? SET_GID | EXECUTE : 0));
}
