import { readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { runCommand } from '@kts/host-linux';

import { builtInImageArchives } from './built-in-images.ts';

/** Loads an archive of images (`docker save`, OCI layout) into a node's containerd. Returns what it said. */
export function loadImageArchive(containerdSocket: string, path: string): Promise<string> {
  return runCommand(['ctr', '--address', containerdSocket, '--namespace', 'k8s.io', 'images', 'import', path]);
}

/** Loads the images that every node has. What was loaded before, by the same busybox, is not loaded again. */
export async function loadBuiltInImages(directory: string, containerdSocket: string, busybox: string): Promise<void> {
  const marker = join(directory, 'built-in-images');
  const archives = await builtInImageArchives(busybox);
  const digest = createHash('sha256').update(Buffer.concat(archives)).digest('hex');
  const loaded = await readFile(marker, 'utf8').catch(() => '');
  if (loaded === digest) return;
  await Promise.all(
    archives.map(async (archive, index) => {
      const path = join(directory, `built-in-${index}.tar`);
      await writeFile(path, archive);
      await loadImageArchive(containerdSocket, path);
      await rm(path);
    }),
  );
  await writeFile(marker, digest);
}
