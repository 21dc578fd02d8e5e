/**
 * The number that tells a cluster's bridge and link network from those of other clusters on the machine. The bridge is
 * the claim: only one cluster can make it, its alias says which one has, and it is gone after a boot.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CommandError, runCommand } from '@kts/host-linux';

import { bridgeName } from './network-plan.ts';

const SLOTS = 256;
const INTERFACES = '/sys/class/net';

/** The slot of a cluster whose bridge is there, as a killed process leaves it. */
export async function findNetworkSlot(clusterName: string): Promise<number | undefined> {
  const bridges = (await readdir(INTERFACES)).filter((name) => /^ktsbr\d+$/.test(name));
  for (const bridge of bridges) {
    const alias = await readFile(join(INTERFACES, bridge, 'ifalias'), 'utf8').catch(() => '');
    if (alias.trim() === aliasOf(clusterName)) return Number(bridge.slice('ktsbr'.length));
  }
  return undefined;
}

/** The cluster's own slot if its bridge is there; otherwise makes the bridge of the first one that is free. */
export async function claimNetworkSlot(clusterName: string): Promise<number> {
  const own = await findNetworkSlot(clusterName);
  if (own !== undefined) return own;
  for (let slot = 0; slot < SLOTS; slot++) if (await makeBridge(bridgeName(slot), clusterName)) return slot;
  throw new Error(`${SLOTS} clusters have a network on this machine already`);
}

/** False if another cluster has it, or was faster. */
async function makeBridge(bridge: string, clusterName: string): Promise<boolean> {
  if (existsSync(join(INTERFACES, bridge))) return false;
  try {
    await runCommand(['ip', 'link', 'add', bridge, 'type', 'bridge']);
  } catch (error) {
    if (error instanceof CommandError && error.stderr.includes('File exists')) return false;
    throw error;
  }
  await runCommand(['ip', 'link', 'set', bridge, 'alias', aliasOf(clusterName)]);
  return true;
}

function aliasOf(clusterName: string): string {
  return `kts cluster ${clusterName}`;
}
