import { always } from '../framework/cluster-event.ts';
import { unresolvable, type Plugin } from '../framework/plugin.ts';

const OTHER_NODE = unresolvable("node(s) didn't match the requested node name");

/**
 * A pod that names a node goes to that node.
 *
 * Mirrors: pkg/scheduler/framework/plugins/nodename/node_name.go (v1.36)
 */
export const nodeName: Plugin = {
  name: 'NodeName',
  requeueOn: { 'Node/Add': always },
  filter: ({ pod }, node) => (pod.spec.nodeName && pod.spec.nodeName !== node.name ? OTHER_NODE : undefined),
};
