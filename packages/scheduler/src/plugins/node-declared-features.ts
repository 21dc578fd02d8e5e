import type { Node, Pod } from '@kts/api/types/core-v1';
import { deepEqual } from '@kts/apimachinery';
import { always, hint } from '../framework/cluster-event.ts';
import { SKIP, unresolvable, type Plugin } from '../framework/plugin.ts';

/**
 * A pod that uses a feature which not every kubelet has goes to a node that declares it.
 *
 * Mirrors: pkg/scheduler/framework/plugins/nodedeclaredfeatures/nodedeclaredfeatures.go and
 * staging/src/k8s.io/component-helpers/nodedeclaredfeatures/features (v1.36)
 */
const MISMATCH = unresolvable("node(s) didn't match Pod's required features");

const mayFitAfterUpdate = hint<Pod>(
  (pod, { before, after }) =>
    pod.metadata.uid === after!.metadata.uid && !deepEqual(requiredFeatures(before!), requiredFeatures(after!)),
);

export const nodeDeclaredFeatures: Plugin<readonly string[]> = {
  name: 'NodeDeclaredFeatures',
  requeueOn: {
    'Node/Add': always,
    'Node/UpdateDeclaredFeatures': hint<Node>(
      (_, { before, after }) => !deepEqual(before!.status?.declaredFeatures, after!.status?.declaredFeatures),
    ),
    'Pod/Update': mayFitAfterUpdate,
    'Pod/UpdateLabels': mayFitAfterUpdate,
    'Pod/UpdateScaleDown': mayFitAfterUpdate,
    'Pod/UpdateTolerations': mayFitAfterUpdate,
    'Pod/UpdateSchedulingGatesEliminated': mayFitAfterUpdate,
    'Pod/UpdateGeneratedResourceClaims': mayFitAfterUpdate,
  },
  preFilter: ({ pod }) => {
    const required = requiredFeatures(pod);
    return required.length === 0 ? SKIP : { state: required };
  },
  filter: (_, { node }, required) =>
    required.every((feature) => node.status?.declaredFeatures?.includes(feature)) ? undefined : MISMATCH,
};

function requiredFeatures({ spec }: Pod): readonly string[] {
  const required: string[] = [];
  const containers = spec.initContainers ? [...spec.containers, ...spec.initContainers] : spec.containers;
  const restartsAll = containers.some(({ restartPolicyRules }) =>
    restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  );
  if (restartsAll) required.push('RestartAllContainersOnContainerExits');
  if (spec.hostNetwork && spec.hostUsers === false) required.push('UserNamespacesHostNetworkSupport');
  return required;
}
