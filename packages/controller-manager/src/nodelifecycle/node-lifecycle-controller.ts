/**
 * The parts of the node lifecycle controller: the monitor, its evictions, and what follows from changes of single nodes
 * and pods.
 *
 * Mirrors: pkg/controller/nodelifecycle/node_lifecycle_controller.go (v1.36)
 */
import { leases, nodes, pods } from '@kts/api';
import type { Node, Pod } from '@kts/api/types/core-v1';
import type { Component } from '@kts/base';
import {
  createControllerRunner,
  defineController,
  type AnyControllerDefinition,
  type ControllerDependencies,
} from '@kts/controlkit';

import type { ControllerManagerConfig } from '../controller-manager-config.ts';
import { swapTaints } from '../nodes/node-taints.ts';
import { createPeriodicController } from '../periodic/periodic-controller.ts';
import { addNodeIndex } from '../pods/pod-indexes.ts';
import { planNodeRepair, type NodeRepair } from './condition-taints.ts';
import { markPodsNotReady } from './mark-pods-not-ready.ts';
import { NodeMonitor } from './node-monitor.ts';

const EVICTION_PERIOD_MS = 100;
const NODE_WORKERS = 8;
const POD_WORKERS = 4;

export function createNodeLifecycleController(
  config: ControllerManagerConfig,
  deps: ControllerDependencies,
): readonly Component[] {
  const monitor = new NodeMonitor(config);
  const reads = [nodes, pods, leases];
  return [
    createPeriodicController(
      {
        name: 'node-monitor',
        periodMs: config.nodeMonitorPeriodMs,
        reads,
        setup: ({ informers }) => addNodeIndex(informers.get(pods)),
        look: (context) => monitor.look(context),
      },
      deps,
    ),
    createPeriodicController(
      {
        name: 'node-eviction',
        periodMs: EVICTION_PERIOD_MS,
        reads,
        needed: () => monitor.evictionsNeeded(),
        look: (context) => monitor.evict(context),
      },
      deps,
    ),
    createControllerRunner(nodeRepairController, deps),
    createControllerRunner(podsOfSilentNodes(monitor), deps),
  ];
}

const nodeRepairController: AnyControllerDefinition = defineController<Node, Node, NodeRepair>({
  name: 'node-repair',
  for: nodes,
  workers: NODE_WORKERS,
  observe: (key, { informers }) => informers.get(nodes).get(key),
  plan: planNodeRepair,
  apply: async ({ add, remove, labels }, node, context) => {
    await swapTaints(context, node, add, remove);
    if (Object.keys(labels).length === 0) return;
    const { client, signal } = context;
    await client.patch(nodes, node.metadata, { type: 'strategic', body: { metadata: { labels } } }, { signal });
  },
});

/** A pod that comes to a node while that is silent. */
function podsOfSilentNodes(monitor: NodeMonitor): AnyControllerDefinition {
  return defineController<Pod, Pod, boolean>({
    name: 'pods-of-silent-nodes',
    for: pods,
    changed: (old, pod) => old.spec.nodeName !== pod.spec.nodeName,
    workers: POD_WORKERS,
    observe: (key, { informers }) => {
      const pod = informers.get(pods).get(key);
      return pod?.spec.nodeName ? pod : undefined;
    },
    plan: ({ spec }) => {
      const status = monitor.readyStatusOf(spec.nodeName ?? '');
      return status !== undefined && status !== 'True';
    },
    apply: async (isSilent, pod, context) => {
      if (isSilent) await markPodsNotReady(context, [pod]);
    },
  });
}
