import { readFile } from 'node:fs/promises';

import { runCommand } from '@kts/host-linux';

import type { Mounter } from '../node-host.ts';

/** Mounts through `mount` and `umount`: a few a pod, so a process each does not matter. */
export const linuxMounter: Mounter = {
  async mountTmpfs(path, { sizeBytes }) {
    const options = sizeBytes === undefined ? [] : ['-o', `size=${sizeBytes}`];
    await runCommand(['mount', '-t', 'tmpfs', ...options, 'tmpfs', path]);
  },
  async mountHugePages(path, pageSizeBytes) {
    await runCommand(['mount', '-t', 'hugetlbfs', '-o', `pagesize=${pageSizeBytes}`, 'nodev', path]);
  },
  async bind(source, target, { readOnly }) {
    await runCommand(['mount', '--bind', source, target]);
    // The kernel takes "read-only" only when a bind mount is mounted again.
    if (readOnly) await runCommand(['mount', '-o', 'remount,bind,ro', target]);
  },
  async unmount(path) {
    await runCommand(['umount', path]);
  },
  isMountPoint: async (path) => (await mountPoints()).includes(path),
  async mountsBelow(path) {
    const below = (await mountPoints()).filter((point) => point === path || point.startsWith(`${path}/`));
    return below.toSorted((a, b) => b.length - a.length);
  },
};

async function mountPoints(): Promise<readonly string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => unescapePath(line.split(' ')[4]!));
}

/** Spaces, tabs, line feeds and backslashes are written in octal. Source: proc(5) */
function unescapePath(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
