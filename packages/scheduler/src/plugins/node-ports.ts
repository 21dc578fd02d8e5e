import type { Pod } from '@kts/api/types/core-v1';
import { always, hint } from '../framework/cluster-event.ts';
import { hostPortsOf, portsConflict } from '../framework/host-ports.ts';
import { SKIP, unschedulable, type Plugin } from '../framework/plugin.ts';
import { isAssigned } from './pod-events.ts';

const PORT_TAKEN = unschedulable("node(s) didn't have free ports for the requested pod ports");

/**
 * The host ports of a pod must be free.
 *
 * Mirrors: pkg/scheduler/framework/plugins/nodeports/node_ports.go (v1.36)
 */
export const nodePorts: Plugin = {
  name: 'NodePorts',
  requeueOn: {
    'Pod/Delete': hint<Pod>(
      (pod, { before }) => isAssigned(before!) && portsConflict(hostPortsOf(pod), hostPortsOf(before!)),
    ),
    'Node/Add': always,
  },
  preFilter: (pod) => (pod.hostPorts.length === 0 ? SKIP : { state: undefined }),
  filter: (pod, node) => (portsConflict(pod.hostPorts, node.usedPorts) ? PORT_TAKEN : undefined),
};
