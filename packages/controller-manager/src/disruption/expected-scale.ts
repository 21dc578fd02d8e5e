/**
 * How many pods the controllers of some pods want in all: whatever has a scale subresource counts.
 *
 * Mirrors: getExpectedScale and its finders in pkg/controller/disruption/disruption.go (v1.36)
 */
import { builtinResources, deployments, replicaSets, replicationControllers, statefulSets } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import {
  groupResourceText,
  isNotFound,
  keyText,
  parseApiVersion,
  type KubeObject,
  type OwnerReference,
  type ResourceType,
} from '@kts/apimachinery';
import { controllerRefOf, refersToKind, type ControllerContext } from '@kts/controlkit';

import { discoverResources } from '../discovery/server-resources.ts';
import type { ExpectedScale } from './plan-disruption-budget.ts';

type Context = Pick<ControllerContext, 'client' | 'informers' | 'signal'>;

interface Scaled {
  readonly uid: string;
  readonly replicas: number;
}

/** @throws if a controller cannot be found, or has no scale */
export async function expectedScale(pods: readonly Pod[], context: Context): Promise<ExpectedScale> {
  const byUid = new Map<string, number>();
  const asked = new Set<string>();
  let hasUnmanaged = false;
  for (const pod of pods) {
    const owner = controllerRefOf(pod);
    if (!owner) hasUnmanaged = true;
    if (!owner || asked.has(owner.uid)) continue;
    asked.add(owner.uid);
    const scaled = await scaleOf(owner, pod.metadata.namespace, context);
    if (!scaled) throw new Error(`found no controllers for pod ${JSON.stringify(pod.metadata.name)}`);
    byUid.set(scaled.uid, scaled.replicas);
  }
  return { count: [...byUid.values()].reduce((sum, replicas) => sum + replicas, 0), hasUnmanaged };
}

async function scaleOf(owner: OwnerReference, namespace: string, context: Context): Promise<Scaled | undefined> {
  for (const type of [replicationControllers, statefulSets] as const) {
    const found = cached(owner, type as unknown as ResourceType<Scalable>, namespace, context);
    if (found) return found;
  }
  if (refersToKind(owner, replicaSets)) {
    const ofReplicaSet = replicaSetScale(owner, namespace, context);
    if (ofReplicaSet) return ofReplicaSet;
  }
  return subresourceScale(owner, namespace, context);
}

/** A ReplicaSet of a Deployment counts for what the Deployment wants: while that rolls there are several. */
function replicaSetScale(owner: OwnerReference, namespace: string, context: Context): Scaled | undefined {
  const replicaSet = context.informers.get(replicaSets).get({ namespace, name: owner.name });
  if (replicaSet?.metadata.uid !== owner.uid) return undefined;
  const deployment = controllerRefOf(replicaSet);
  if (deployment?.kind !== deployments.kind) {
    return { uid: owner.uid, replicas: replicaSet.spec.replicas ?? 1 };
  }
  return cached(deployment, deployments as unknown as ResourceType<Scalable>, namespace, context);
}

interface Scalable extends KubeObject {
  readonly spec?: { readonly replicas?: number };
}

function cached(
  owner: OwnerReference,
  type: ResourceType<Scalable>,
  namespace: string,
  { informers }: Context,
): Scaled | undefined {
  if (!refersToKind(owner, type)) return undefined;
  const object = informers.get(type).get(keyText({ namespace, name: owner.name }));
  return object?.metadata.uid === owner.uid ? { uid: owner.uid, replicas: object.spec?.replicas ?? 1 } : undefined;
}

async function subresourceScale(
  owner: OwnerReference,
  namespace: string,
  context: Context,
): Promise<Scaled | undefined> {
  const { client, signal } = context;
  const type = await resourceOf(owner, context);
  if (!type) {
    const { group, version } = parseApiVersion(owner.apiVersion);
    throw new Error(
      `no matches for kind ${JSON.stringify(owner.kind)} in version "${group ? `${group}/` : ''}${version}"`,
    );
  }
  const key = { namespace, name: owner.name };
  const noScale = new Error(`${groupResourceText(type)} does not implement the scale subresource`);
  const known = builtinResources.find((each) => each.plural === type.plural && each.group === type.group);
  if (known && !known.subresources.some(({ name }) => name === 'scale')) throw noScale;
  try {
    const scale = await client.getScale(type, key, { signal });
    return scale.metadata.uid === owner.uid ? { uid: owner.uid, replicas: scale.spec.replicas ?? 0 } : undefined;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  try {
    await client.get(type, key, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  throw noScale;
}

async function resourceOf(
  { apiVersion, kind }: OwnerReference,
  { client, signal }: Context,
): Promise<ResourceType<KubeObject> | undefined> {
  const { group } = parseApiVersion(apiVersion);
  const matches = (type: ResourceType): boolean => type.group === group && type.kind === kind;
  const known = builtinResources.find(matches);
  if (known) return known as unknown as ResourceType<KubeObject>;
  return (await discoverResources(client, signal)).resources.find(matches);
}
