import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The layout of a cluster's data directory. A kts that finds a higher number does not touch the directory. */
const FORMAT_VERSION = 1;

export interface DataDirectory {
  readonly path: string;
  readonly pki: string;
  readonly database: string;
  readonly kubeconfig: string;
  readonly log: string;
  /** What `kts status` and `kts down` read of a running cluster. */
  readonly state: string;
  /** Where nodes look for mirrors of image registries, as containerd's `/etc/containerd/certs.d`; read at every pull. */
  readonly registries: string;
  nodeDirectory(node: string): string;
}

/** Something about the data directory that the user must decide; the message says what to do. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

export function dataDirectory(path: string): DataDirectory {
  return {
    path,
    pki: join(path, 'pki'),
    database: join(path, 'store.db'),
    kubeconfig: join(path, 'admin.kubeconfig'),
    log: join(path, 'kts.log'),
    state: join(path, 'state.json'),
    registries: join(path, 'certs.d'),
    nodeDirectory: (node) => join(path, 'nodes', node),
  };
}

/** Makes the directory, or checks that this version of kts may use the one that is there. */
export async function prepareDataDirectory(directory: DataDirectory): Promise<void> {
  await mkdir(directory.path, { recursive: true, mode: 0o700 });
  const file = join(directory.path, 'format.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) {
    await writeFile(file, `${JSON.stringify({ format: FORMAT_VERSION })}\n`);
    return;
  }
  const format = formatOf(text);
  if (format === undefined)
    throw new DataDirectoryError(`${file} is not readable as JSON; is ${directory.path} a data directory of kts?`);
  if (format > FORMAT_VERSION) {
    throw new DataDirectoryError(
      `${directory.path} was written by a newer kts (format ${format}, this one knows ${FORMAT_VERSION}); ` +
        'use that version, or another --data-dir. Nothing was changed.',
    );
  }
}

function formatOf(text: string): number | undefined {
  try {
    const { format } = JSON.parse(text) as { format?: unknown };
    return typeof format === 'number' ? format : undefined;
  } catch {
    return undefined;
  }
}

/** Held for as long as a kts process uses the directory. */
export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Takes the directory for this process. The lock is a file with the process id; one that was left behind by a process
 * that is gone is taken over.
 */
export async function lockDataDirectory(directory: DataDirectory, pid: number): Promise<DirectoryLock> {
  const file = join(directory.path, 'lock');
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(String(pid));
      await handle.close();
      return { release: () => rm(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = Number(await readFile(file, 'utf8').catch(() => ''));
      if (owner > 0 && owner !== pid && (await isKts(owner))) {
        throw new DataDirectoryError(
          `a cluster is running already in ${directory.path} (process ${owner}); see kts status`,
        );
      }
      await rm(file, { force: true });
    }
  }
  throw new DataDirectoryError(`another kts is starting in ${directory.path}`);
}

/** Whether the process is there and is a Node.js program: process ids are used again. */
async function isKts(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => 'kts');
  return command.includes('kts') || command.includes('packages/cli');
}
