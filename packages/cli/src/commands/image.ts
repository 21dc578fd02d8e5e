import { stat } from 'node:fs/promises';

import { dataDirectory, readClusterState } from '@kts/cluster';

import { clusterLocation } from '../cluster-options.ts';
import { UsageError, type CommandDefinition } from '../command-line.ts';
import { CLUSTER_FLAGS } from './up.ts';

export const image: CommandDefinition = {
  name: 'image',
  summary: 'Loads container images into the nodes: kts image load FILE.tar',
  positionals: 'load FILE.tar...',
  flags: CLUSTER_FLAGS,
  run: async ({ flags, positionals }) => {
    const [action, ...files] = positionals;
    if (action !== 'load' || files.length === 0) throw new UsageError('usage: kts image load FILE.tar...');
    for (const file of files) {
      const found = await stat(file).catch(() => undefined);
      if (!found?.isFile()) throw new UsageError(`there is no file ${file}`);
    }
    const location = clusterLocation(flags);
    const state = await readClusterState(dataDirectory(location.dataDirectory));
    if (!state) throw new Error(`cluster ${location.name} is not running`);
    const real = state.nodes.filter((node) => node.containerdSocket !== undefined);
    if (real.length === 0) throw new Error(`cluster ${location.name} has no node that runs containers`);
    const { loadImageArchive } = await import('@kts/cluster/images');
    for (const node of real) {
      for (const file of files) {
        process.stdout.write(`${node.name}: ${await loadImageArchive(node.containerdSocket!, file)}`);
      }
    }
    return 0;
  },
};
