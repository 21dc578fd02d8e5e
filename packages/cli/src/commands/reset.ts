import { rm } from 'node:fs/promises';

import { clusterLocation } from '../cluster-options.ts';
import type { CommandDefinition } from '../command-line.ts';
import { removeFromUserKubeconfig } from '../user-files.ts';
import { stopCluster } from './down.ts';
import { CLUSTER_FLAGS } from './up.ts';

export const reset: CommandDefinition = {
  name: 'reset',
  summary: 'Stops a cluster and deletes everything it has stored.',
  flags: CLUSTER_FLAGS,
  run: async ({ flags }) => {
    const { name, dataDirectory } = clusterLocation(flags);
    await stopCluster(flags);
    await rm(dataDirectory, { recursive: true, force: true });
    await removeFromUserKubeconfig(name);
    process.stdout.write(`Cluster ${name} is gone (${dataDirectory}).\n`);
    return 0;
  },
};
