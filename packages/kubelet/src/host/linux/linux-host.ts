import type { Clock } from '@kts/base';
import type { NetworkNamespace } from '@kts/host-linux';

import type { NodeHost } from '../node-host.ts';
import { linuxCgroups } from './linux-cgroups.ts';
import { linuxFiles } from './linux-files.ts';
import { linuxMachine } from './linux-machine.ts';
import { linuxMounter } from './linux-mounter.ts';
import { linuxNetworkProber } from './linux-network-prober.ts';

/** This machine, seen from the network of one of its nodes. */
export async function linuxHost(network: NetworkNamespace, clock: Clock): Promise<NodeHost> {
  return {
    files: linuxFiles,
    mounts: linuxMounter,
    cgroups: await linuxCgroups(),
    network: linuxNetworkProber(network, clock),
    machine: linuxMachine(network),
  };
}
