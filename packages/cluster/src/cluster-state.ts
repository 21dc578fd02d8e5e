import { readFile, rename, rm, writeFile } from 'node:fs/promises';

import type { DataDirectory } from './data-directory.ts';

/** What a running cluster tells about itself to `kts status`, `down` and `image load`. */
export interface ClusterState {
  readonly name: string;
  readonly pid: number;
  readonly server: string;
  /** The context in the user's kubeconfig, or the file given with `--kubeconfig`. */
  readonly kubeconfig: string;
  readonly nodes: readonly NodeState[];
}

export interface NodeState {
  readonly name: string;
  readonly kind: 'containerd' | 'simulated';
  readonly address?: string;
  readonly containerdSocket?: string;
}

export async function writeClusterState(directory: DataDirectory, state: ClusterState): Promise<void> {
  const partial = `${directory.state}.new`;
  await writeFile(partial, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(partial, directory.state);
}

/** The state of the cluster that runs from this directory; undefined if none does. */
export async function readClusterState(directory: DataDirectory): Promise<ClusterState | undefined> {
  const text = await readFile(directory.state, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const state = JSON.parse(text) as ClusterState;
  return isAlive(state.pid) ? state : undefined;
}

export function removeClusterState(directory: DataDirectory): Promise<void> {
  return rm(directory.state, { force: true });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
