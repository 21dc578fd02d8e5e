import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { DataDirectory } from '../data-directory.ts';

const SLOTS = 256;

/**
 * The number that tells this cluster's bridge and link network from those of others on the machine. A cluster keeps its
 * own; a new one takes the first whose bridge is not there.
 */
export async function chooseNetworkSlot(directory: DataDirectory, exists: (path: string) => boolean): Promise<number> {
  const file = join(directory.path, 'network-slot');
  const own = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  if (Number.isInteger(own)) return own;
  const free = Array.from({ length: SLOTS }, (_, slot) => slot).find((slot) => !exists(`/sys/class/net/ktsbr${slot}`));
  if (free === undefined) throw new Error(`${SLOTS} clusters have a network on this machine already`);
  await writeFile(file, `${free}\n`);
  return free;
}
