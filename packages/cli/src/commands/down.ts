import { createLogger, systemClock } from '@kts/base';
import { dataDirectory, isAlive, readClusterState, tearDownKilledCluster } from '@kts/cluster';

import { clusterLocation } from '../cluster-options.ts';
import type { CommandDefinition, FlagValues } from '../command-line.ts';
import { CLUSTER_FLAGS } from './up.ts';

/** Stopping containers in an orderly way takes their grace period. */
const STOP_MS_MAX = 60_000;
const POLL_MS = 20;

export const down: CommandDefinition = {
  name: 'down',
  summary: 'Stops a running cluster; what it stores is kept for the next up.',
  flags: CLUSTER_FLAGS,
  run: async ({ flags }) => {
    const stopped = await stopCluster(flags);
    process.stdout.write(stopped ? `Cluster ${stopped} is stopped.\n` : 'No cluster is running.\n');
    return 0;
  },
};

/** What a process that was killed could not do itself. */
function tearDown(location: { readonly name: string; readonly dataDirectory: string }): Promise<boolean> {
  const log = createLogger({ clock: systemClock, write: (line) => process.stderr.write(line), verbosity: 0 });
  return tearDownKilledCluster(location, { clock: systemClock, log, pid: process.pid });
}

/** Returns the name of the cluster it has stopped, or undefined if none was running. */
export async function stopCluster(flags: FlagValues): Promise<string | undefined> {
  const location = clusterLocation(flags);
  const state = await readClusterState(dataDirectory(location.dataDirectory));
  if (!state) return (await tearDown(location)) ? location.name : undefined;
  process.kill(state.pid, 'SIGTERM');
  const deadline = systemClock.monotonic() + STOP_MS_MAX;
  while (isAlive(state.pid)) {
    if (systemClock.monotonic() > deadline) {
      throw new Error(
        `process ${state.pid} of cluster ${state.name} does not stop; see its log in ${location.dataDirectory}`,
      );
    }
    await systemClock.sleep(POLL_MS);
  }
  // A process that something else has killed meanwhile has not done this; otherwise nothing is left to do.
  await tearDown(location);
  return state.name;
}
