import { dataDirectory, readClusterState } from '@kts/cluster';

import { clusterLocation } from '../cluster-options.ts';
import type { CommandDefinition } from '../command-line.ts';
import { CLUSTER_FLAGS } from './up.ts';

/** The exit code says whether the cluster is running, for scripts. */
const NOT_RUNNING = 3;

export const status: CommandDefinition = {
  name: 'status',
  summary: 'Tells whether a cluster is running, where, and with which nodes.',
  flags: CLUSTER_FLAGS,
  run: async ({ flags }) => {
    const location = clusterLocation(flags);
    const state = await readClusterState(dataDirectory(location.dataDirectory));
    if (!state) {
      process.stdout.write(`Cluster ${location.name} is not running (${location.dataDirectory}).\n`);
      return NOT_RUNNING;
    }
    process.stdout.write(`Cluster ${state.name} is running: ${state.server} (process ${state.pid}).\n`);
    process.stdout.write(`  data        ${location.dataDirectory}\n  kubeconfig  ${state.kubeconfig}\n`);
    for (const node of state.nodes) {
      process.stdout.write(`  node        ${node.name} (${node.kind}${node.address ? `, ${node.address}` : ''})\n`);
    }
    return 0;
  },
};
