import { existsSync } from 'node:fs';

import { forEachLimit } from '@kts/base';
import { CommandError, runCommand } from '@kts/host-linux';

import {
  bridgeCommands,
  masqueradeRules,
  nodeHostCommands,
  nodeInnerCommands,
  type ClusterNetwork,
  type NodeNetwork,
} from './network-plan.ts';

const PARALLEL_COMMANDS = 4;

/** Joins the namespaces of the nodes on the bridge, which is there; what else is there already, from a run that was killed, is kept. */
export async function setUpNetwork(
  network: ClusterNetwork,
  ranges: { readonly clusterCidr: string; readonly serviceCidr: string },
): Promise<void> {
  await runIp(bridgeCommands(network));
  await forEachLimit(network.nodes, PARALLEL_COMMANDS, async (node) => {
    if (existsSync(node.namespacePath) && (await isJoined(node))) return;
    if (!existsSync(node.namespacePath)) await runCommand(['ip', 'netns', 'add', node.namespace]);
    await runIp(nodeHostCommands(network, node));
    await runIp(nodeInnerCommands(network, node, ranges.serviceCidr), node.namespace);
    if (!(await isJoined(node))) throw new Error(`${node.namespace} could not be given its address ${node.address}`);
    const inside = { networkNamespace: node.namespacePath };
    await runCommand(['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.route_localnet=1'], inside);
    await runCommand(['nft', '-f', '-'], { ...inside, input: masqueradeRules(ranges.clusterCidr) });
  });
}

/** Runs lines of `ip -batch` about routes inside every node. */
export async function changeRoutes(network: ClusterNetwork, lines: readonly string[]): Promise<void> {
  await forEachLimit(network.nodes, PARALLEL_COMMANDS, (node) => runIp(lines, node.namespace));
}

/** Removes the bridge and everything `setUpNetwork` has made. Nothing may run in the namespaces any more. */
export async function tearDownNetwork(bridge: string | undefined, namespaces: readonly string[]): Promise<void> {
  for (const namespace of namespaces) await runCommand(['ip', 'netns', 'delete', namespace]);
  if (bridge !== undefined) await runIp([`link delete ${bridge}`]);
}

async function isJoined(node: NodeNetwork): Promise<boolean> {
  const text = await runCommand(['ip', '-n', node.namespace, '-o', '-4', 'addr', 'show']);
  return text.includes(` ${node.address}/`);
}

/** Runs lines of `ip -batch`; that something exists already, or is gone already, is what was wanted. */
async function runIp(lines: readonly string[], namespace?: string): Promise<void> {
  const command = ['ip', ...(namespace ? ['-n', namespace] : []), '-force', '-batch', '-'];
  try {
    await runCommand(command, { input: `${lines.join('\n')}\n` });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const rest = error.stderr
      .split('\n')
      .filter(
        (line) =>
          line !== '' && !/File exists|already assigned|Cannot find device|No such process|^Command failed/.test(line),
      );
    if (rest.length > 0)
      throw new Error(`the network of the nodes could not be made: ${rest.join('; ')}`, { cause: error });
  }
}
