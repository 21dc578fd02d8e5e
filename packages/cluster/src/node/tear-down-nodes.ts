/** Takes real nodes off the machine. Goes by what is there, so it also works after a process that was killed. */
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import { forEachLimit, type Clock } from '@kts/base';
import { runCommand } from '@kts/host-linux';

import type { HostDeps } from '../control-plane.ts';
import type { DataDirectory } from '../data-directory.ts';
import { findContainerd } from './containerd.ts';
import { bridgeName, clusterNamespaces } from './network-plan.ts';
import { findNetworkSlot } from './network-slot.ts';
import { tearDownNetwork } from './network.ts';
import { ownsRunDirectory, runDirectory } from './run-directory.ts';
import { stopPods } from './stop-pods.ts';

const NODES_AT_A_TIME = 3;
/** How long processes may take to end once they are killed. */
const END_MS_MAX = 5000;
const POLL_MS = 10;
const CGROUP_ROOT = '/sys/fs/cgroup';
const NAMESPACES = '/run/netns';

/** The control group of a node's pods, below the root of every hierarchy. */
export function nodeControlGroup(nodeName: string): string {
  return `/kts/${nodeName}`;
}

/**
 * Stops the nodes' pods and containerds and removes everything that lies outside of the data directory: mounts, control
 * groups, run-time files, network. False if no nodes of a cluster with this name and data directory are there.
 */
export async function tearDownNodes(
  clusterName: string,
  directory: DataDirectory,
  deps: Pick<HostDeps, 'clock' | 'log'>,
): Promise<boolean> {
  if (!(await ownsRunDirectory(clusterName, directory))) return false;
  const run = runDirectory(clusterName);
  const nodes = await namesIn(run);
  await forEachLimit(nodes, NODES_AT_A_TIME, async (node) => {
    const containerd = await findContainerd(join(run, node), deps.clock);
    if (containerd) {
      await stopPods(containerd.socket, deps);
      await containerd.stop();
    }
    await killProcesses(await shimsBelow(join(run, node)));
  });
  for (const node of nodes) await removeControlGroup(nodeControlGroup(node), deps.clock);
  await unmountBelow([join(directory.path, 'nodes'), run]);
  const slot = await findNetworkSlot(clusterName);
  const namespaces = clusterNamespaces(clusterName, await namesIn(NAMESPACES));
  await tearDownNetwork(slot === undefined ? undefined : bridgeName(slot), namespaces);
  await rm(run, { recursive: true, force: true });
  return true;
}

/** The shims of containers that containerd did not stop, as of a pod that was being made when everything was killed. */
async function shimsBelow(directory: string): Promise<readonly number[]> {
  const pids = (await namesIn('/proc')).map(Number).filter((pid) => pid > 0);
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => commands[index]!.includes(`\0-address\0${directory}/`));
}

async function killProcesses(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** The mount points below some directories, innermost first, of the lines of /proc/self/mountinfo. */
export function mountsBelow(mountinfo: string, directories: readonly string[]): readonly string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((path) =>
      path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8))),
    )
    .filter((path) => directories.some((directory) => path.startsWith(`${directory}/`)))
    .toReversed();
}

async function unmountBelow(directories: readonly string[]): Promise<void> {
  const mounts = mountsBelow(await readFile('/proc/self/mountinfo', 'utf8'), directories);
  if (mounts.length > 0) await runCommand(['umount', '--', ...mounts]);
}

/** In the one hierarchy of cgroup v2, or in each of v1's. */
async function removeControlGroup(path: string, clock: Clock): Promise<void> {
  const hierarchies = (await namesIn(CGROUP_ROOT)).map((name) => join(CGROUP_ROOT, name));
  for (const hierarchy of [CGROUP_ROOT, ...hierarchies]) await removeDirectoryTree(join(hierarchy, path), clock);
}

/**
 * Control groups hold files that cannot be removed; their directories can, from the inside out, once the processes in
 * them have ended.
 */
async function removeDirectoryTree(path: string, clock: Clock): Promise<void> {
  for (const name of await namesIn(path)) await removeDirectoryTree(join(path, name), clock);
  const deadline = clock.monotonic() + END_MS_MAX;
  for (;;) {
    const processes = await readFile(join(path, 'cgroup.procs'), 'utf8').catch(() => '');
    await killProcesses(processes.split('\n').filter(Boolean).map(Number));
    try {
      return await rmdir(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || clock.monotonic() > deadline) throw error;
    }
    await clock.sleep(POLL_MS);
  }
}

/** The directories in a directory, or none if it is not there; namespaces are plain files. */
async function namesIn(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() || path === NAMESPACES).map((entry) => entry.name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
