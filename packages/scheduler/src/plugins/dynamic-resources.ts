import { resourceClaims } from '@kts/api';
import type { Pod, PodResourceClaim } from '@kts/api/types/core-v1';
import type { ResourceClaim } from '@kts/api/types/resource-v1';
import { hint } from '../framework/cluster-event.ts';
import { nodeSelector } from '../framework/node-selection.ts';
import { SKIP, unresolvable, type Plugin } from '../framework/plugin.ts';
import type { Lister } from '../framework/snapshot.ts';

/**
 * A pod with resource claims goes where the devices of its claims are.
 *
 * Mirrors: pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go (v1.36)
 * Differs: it uses claims that are allocated, and does not allocate any itself.
 */
const NOT_ALLOCATED = unresolvable('cannot allocate all claims');
const ELSEWHERE = unresolvable('resourceclaim not available on the node');

/** How many pods a claim can be reserved for. */
const RESERVED_MAX = 256;

/** @param claims absent: pods with claims wait for ever. */
export function dynamicResources(claims?: Lister<ResourceClaim>): Plugin<readonly ResourceClaim[]> {
  return {
    name: 'DynamicResources',
    requeueOn: {
      'ResourceClaim/Add': hint<ResourceClaim>((pod, { after }) => uses(pod, after!)),
      'ResourceClaim/Update': hint<ResourceClaim>((pod, { after }) => uses(pod, after!)),
      'Pod/UpdateGeneratedResourceClaims': hint<Pod>((pod, { after }) => pod.metadata.uid === after!.metadata.uid),
    },
    preEnqueue: (pod) => {
      const found = findClaims(pod, claims);
      return typeof found === 'string' ? unresolvable(found) : undefined;
    },
    preFilter: ({ pod }) => {
      const found = findClaims(pod, claims);
      if (typeof found === 'string') return { reject: unresolvable(found) };
      return found.length === 0 ? SKIP : { state: found };
    },
    filter: (_, { node }, found) => {
      for (const { status } of found) {
        if (status?.allocation === undefined) return NOT_ALLOCATED;
        const { nodeSelector: selector } = status.allocation;
        if (selector !== undefined && !nodeSelector(selector)(node)) return ELSEWHERE;
      }
      return undefined;
    },
    postFilter: ({ pod, asked }) => {
      // Without a state of its own the plugin fails, which ends the search for a way out.
      if (!asked.has('DynamicResources')) throw new Error('not found');
      const none = (pod.pod.spec.resourceClaims ?? []).length === 0;
      return { reasons: [none ? 'no new claims to deallocate' : 'still not schedulable'] };
    },
    needsPreBind: ({ pod }, _, found) => found.some((claim) => !isReserved(claim, pod)),
    preBind: async ({ pod }, _, found, { client, signal }) => {
      for (const claim of found.filter((one) => !isReserved(one, pod))) {
        const reservedFor = [...(claim.status?.reservedFor ?? [])];
        if (reservedFor.length >= RESERVED_MAX)
          throw new Error(`claim ${claim.metadata.name} is used by too many pods`);
        reservedFor.push({ resource: 'pods', name: pod.metadata.name, uid: pod.metadata.uid });
        await client.updateStatus(resourceClaims, { ...claim, status: { ...claim.status, reservedFor } }, { signal });
      }
    },
  };
}

/** All claims of the pod, or what is wrong with one. */
function findClaims(pod: Pod, claims: Lister<ResourceClaim> | undefined): readonly ResourceClaim[] | string {
  const found: ResourceClaim[] = [];
  for (const reference of pod.spec.resourceClaims ?? []) {
    const name = claimName(pod, reference);
    if (name === '') continue;
    if (name === undefined) return `pod claim ${reference.name}: ResourceClaim not created yet`;
    const claim = claims?.get({ namespace: pod.metadata.namespace, name });
    if (claim === undefined) return `resourceclaim.resource.k8s.io "${name}" not found`;
    if (claim.metadata.deletionTimestamp !== undefined) return `resourceclaim "${name}" is being deleted`;
    found.push(claim);
  }
  return found;
}

/** `undefined`: not generated yet; empty: none is needed. */
function claimName({ status }: Pod, { name, resourceClaimName }: PodResourceClaim): string | undefined {
  if (resourceClaimName !== undefined) return resourceClaimName;
  const generated = status?.resourceClaimStatuses?.find((claim) => claim.name === name);
  return generated && (generated.resourceClaimName ?? '');
}

function uses(pod: Pod, { metadata }: ResourceClaim): boolean {
  return (
    metadata.namespace === pod.metadata.namespace &&
    (pod.spec.resourceClaims ?? []).some((reference) => claimName(pod, reference) === metadata.name)
  );
}

function isReserved({ status }: ResourceClaim, { metadata }: Pod): boolean {
  return status?.reservedFor?.some(({ uid }) => uid === metadata.uid) ?? false;
}
