/**
 * The ReplicaSet that a Deployment's template stands for, and which of its ReplicaSets that is.
 *
 * Mirrors: pkg/controller/deployment/sync.go, getNewReplicaSet; util/deployment_util.go, FindNewReplicaSet (v1.36)
 */
import { deployments } from '@kts/api';
import type { Deployment, ReplicaSet } from '@kts/api/types/apps-v1';
import type { PodTemplateSpec } from '@kts/api/types/core-v1';
import { deepEqual, DNS1123_SUBDOMAIN_LENGTH_MAX, type New } from '@kts/apimachinery';
import { newControllerRef } from '@kts/controlkit';

import { podTemplateHash } from '../pods/pod-template-hash.ts';
import { newReplicaSetAnnotations, sizeAnnotations } from './deployment-annotations.ts';
import { compareByCreation, maxSurge, newReplicaSetSize, replicasOf } from './rollout-limits.ts';

export const HASH_LABEL = 'pod-template-hash';

/** The oldest of those with the Deployment's template: there may be several after hash changes between versions. */
export function findNewReplicaSet(deployment: Deployment, replicaSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return replicaSets
    .toSorted(compareByCreation)
    .find((replicaSet) => sameTemplate(replicaSet.spec.template ?? {}, deployment.spec.template));
}

/** Whether two templates are equal but for the label that tells ReplicaSets of one Deployment apart. */
export function sameTemplate(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  return deepEqual(withoutHash(a), withoutHash(b));
}

export function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { labels, ...metadata } = template.metadata ?? {};
  const { [HASH_LABEL]: _hash, ...rest } = labels ?? {};
  return { ...template, metadata: { ...metadata, ...(Object.keys(rest).length > 0 ? { labels: rest } : {}) } };
}

/** The ReplicaSet to create for the present template. */
export function newReplicaSetFor(
  deployment: Deployment,
  oldReplicaSets: readonly ReplicaSet[],
  revision: bigint,
): New<ReplicaSet> {
  const { metadata, spec, status } = deployment;
  const hash = podTemplateHash(spec.template, status?.collisionCount);
  const labels = { ...spec.template.metadata?.labels, [HASH_LABEL]: hash };
  const wanted = replicasOf(deployment);
  return {
    metadata: {
      name: replicaSetName(metadata.name, hash),
      namespace: metadata.namespace,
      ownerReferences: [newControllerRef(deployment, deployments)],
      labels,
      annotations: {
        ...newReplicaSetAnnotations(deployment, {}, revision),
        ...sizeAnnotations(wanted, wanted + maxSurge(deployment)),
      },
    },
    spec: {
      replicas: newReplicaSetSize(deployment, oldReplicaSets, 0),
      ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
}

function replicaSetName(deploymentName: string, hash: string): string {
  return `${deploymentName.slice(0, DNS1123_SUBDOMAIN_LENGTH_MAX - 1 - hash.length)}-${hash}`;
}
