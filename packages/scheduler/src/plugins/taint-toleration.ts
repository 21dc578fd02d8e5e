import type { Node, Pod, Toleration } from '@kts/api/types/core-v1';
import { hint } from '../framework/cluster-event.ts';
import { unresolvable, type Plugin } from '../framework/plugin.ts';
import { tolerates, toleratesNode } from '../framework/taints.ts';
import { normalizeToHighest } from './normalize.ts';

const UNTOLERATED = unresolvable('node(s) had untolerated taint(s)');

/**
 * A pod must tolerate a node's NoSchedule and NoExecute taints, and prefers nodes of which it tolerates all
 * PreferNoSchedule taints.
 *
 * Mirrors: pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go (v1.36)
 */
export const taintToleration: Plugin<undefined, readonly Toleration[]> = {
  name: 'TaintToleration',
  requeueOn: {
    'Node/Add': hint<Node>((pod, { after }) => toleratesNode(pod.spec.tolerations, after!.spec.taints)),
    'Node/UpdateTaints': hint<Node>(
      ({ spec: { tolerations } }, { before, after }) =>
        !toleratesNode(tolerations, before!.spec.taints) && toleratesNode(tolerations, after!.spec.taints),
    ),
    'Pod/UpdateTolerations': hint<Pod>((pod, { after }) => after!.metadata.uid === pod.metadata.uid),
  },
  filter: ({ pod }, { node }) =>
    node.spec.taints === undefined || toleratesNode(pod.spec.tolerations, node.spec.taints) ? undefined : UNTOLERATED,
  preScore: ({ pod }) => ({
    state: (pod.spec.tolerations ?? []).filter(({ effect }) => !effect || effect === 'PreferNoSchedule'),
  }),
  score: (_, { node }, tolerations) => {
    let untolerated = 0;
    for (const taint of node.spec.taints ?? []) {
      if (taint.effect === 'PreferNoSchedule' && !tolerations.some((one) => tolerates(one, taint))) untolerated++;
    }
    return untolerated;
  },
  normalizeScore: (scores) => normalizeToHighest(scores, true),
};
