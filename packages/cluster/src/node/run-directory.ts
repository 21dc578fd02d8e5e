import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { DataDirectoryError, type DataDirectory } from '../data-directory.ts';

const OWNER = 'data-directory';

/** Where the nodes of a cluster have what must not outlive a boot: sockets, process ids, runtime state. */
export function runDirectory(clusterName: string): string {
  return join('/run/kts', clusterName);
}

/**
 * Makes the run directory, which belongs to one data directory: clusters of the same name would share their nodes'
 * namespaces and containerds. Throws DataDirectoryError if another one has it.
 */
export async function claimRunDirectory(clusterName: string, directory: DataDirectory): Promise<void> {
  await mkdir(runDirectory(clusterName), { recursive: true, mode: 0o700 });
  const file = join(runDirectory(clusterName), OWNER);
  try {
    await writeFile(file, directory.path, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = await readFile(file, 'utf8');
    if (owner !== directory.path) {
      throw new DataDirectoryError(
        `the nodes of a cluster ${clusterName} with its data in ${owner} are on this machine; use another --name`,
      );
    }
  }
}

export async function ownsRunDirectory(clusterName: string, directory: DataDirectory): Promise<boolean> {
  const owner = await readFile(join(runDirectory(clusterName), OWNER), 'utf8').catch(() => undefined);
  return owner === directory.path;
}
