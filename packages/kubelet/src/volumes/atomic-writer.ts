import { formatMicroTime, randomName, type Clock, type Random } from '@kts/base';
import { isFileError, type FileSystem } from '../host/file-system.ts';
import { VolumeError, type VolumePayload } from './volume-payload.ts';

const DATA = '..data';
const NEW_DATA = '..data_tmp';
const DIRECTORY_MODE = 0o755;
const PATH_LENGTH_MAX = 4096;
const NAME_LENGTH_MAX = 255;

/**
 * Writes a volume's files so that a container sees either all of the old or all of the new ones: they live in a
 * directory of their own, `..data` is a link to it that is replaced in one step, and the visible names are links through
 * `..data`.
 *
 * Mirrors: pkg/volume/util/atomic_writer.go (v1.36)
 */
export async function writeAtomically(
  context: { readonly files: FileSystem; readonly clock: Clock; readonly random: Random },
  directory: string,
  payload: VolumePayload,
  /** Sets owners and permissions of what was written, before it becomes visible. */
  setPermissions: () => Promise<void>,
): Promise<void> {
  const { files } = context;
  for (const path of payload.keys()) checkPath(path);
  const old = await readOld(files, directory);
  const stale = old ? [...old.paths].filter((path) => !isNeeded(path, payload)) : [];
  const unchanged = old !== undefined && stale.length === 0 && (await isWritten(files, old.path, payload));
  if (!unchanged) {
    const name = `..${timestamp(context.clock.now())}.${randomName(context.random, 10)}`;
    await writeFiles(files, `${directory}/${name}`, payload);
    await setPermissions();
    await files.remove(`${directory}/${NEW_DATA}`);
    await files.symlink(name, `${directory}/${NEW_DATA}`);
    await files.rename(`${directory}/${NEW_DATA}`, `${directory}/${DATA}`);
  }
  await makeVisible(files, directory, payload);
  for (const path of stale) if (!path.includes('/')) await files.remove(`${directory}/${path}`);
  if (old && !unchanged) await files.remove(old.path);
}

function checkPath(path: string): void {
  const names = path.split('/');
  if (path === '') throw new VolumeError('invalid path: must not be empty: ""');
  if (path.startsWith('/')) throw new VolumeError(`invalid path: must be relative path: ${path}`);
  if (path.length > PATH_LENGTH_MAX) {
    throw new VolumeError(`invalid path: must be less than or equal to ${PATH_LENGTH_MAX} characters`);
  }
  if (names.includes('..')) throw new VolumeError(`invalid path: must not contain '..': ${path}`);
  if (names.some((name) => name.length > NAME_LENGTH_MAX)) {
    throw new VolumeError(`invalid path: filenames must be less than or equal to ${NAME_LENGTH_MAX} characters`);
  }
  if (names[0]!.startsWith('..')) throw new VolumeError(`invalid path: must not start with '..': ${path}`);
}

async function readOld(
  files: FileSystem,
  directory: string,
): Promise<{ readonly path: string; readonly paths: ReadonlySet<string> } | undefined> {
  try {
    const path = `${directory}/${await files.readLink(`${directory}/${DATA}`)}`;
    const paths = new Set<string>();
    await collectPaths(files, path, '', paths);
    return { path, paths };
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function collectPaths(files: FileSystem, root: string, below: string, paths: Set<string>): Promise<void> {
  for (const name of await files.readDirectory(`${root}/${below}`)) {
    const path = below === '' ? name : `${below}/${name}`;
    paths.add(path);
    if ((await files.lstat(`${root}/${path}`))?.type === 'directory') await collectPaths(files, root, path, paths);
  }
}

function isNeeded(path: string, payload: VolumePayload): boolean {
  return [...payload.keys()].some((file) => file === path || file.startsWith(`${path}/`));
}

async function isWritten(files: FileSystem, directory: string, payload: VolumePayload): Promise<boolean> {
  for (const [path, { data }] of payload) {
    try {
      if (Buffer.compare(await files.readFile(`${directory}/${path}`), data) !== 0) return false;
    } catch (error) {
      if (isFileError(error, 'ENOENT')) return false;
      throw error;
    }
  }
  return true;
}

async function writeFiles(files: FileSystem, directory: string, payload: VolumePayload): Promise<void> {
  await files.makeDirectory(directory, DIRECTORY_MODE);
  for (const [path, file] of payload) {
    const full = `${directory}/${path}`;
    await files.makeDirectory(full.slice(0, full.lastIndexOf('/')), DIRECTORY_MODE);
    await files.writeFile(full, file.data, file.mode);
    if (file.user !== undefined) await files.chown(full, file.user, -1);
  }
}

async function makeVisible(files: FileSystem, directory: string, payload: VolumePayload): Promise<void> {
  for (const [path, { user }] of payload) {
    const name = path.split('/', 1)[0]!;
    if ((await files.lstat(`${directory}/${name}`)) !== undefined) continue;
    await files.symlink(`${DATA}/${name}`, `${directory}/${name}`);
    if (user !== undefined) await files.chown(`${directory}/${name}`, user, -1);
  }
}

/** `2026_01_02_15_04_05` */
function timestamp(ms: number): string {
  return formatMicroTime(ms).slice(0, 19).replaceAll(/[-T:]/g, '_');
}
