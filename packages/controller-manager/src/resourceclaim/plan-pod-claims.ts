/**
 * Which claims a pod still needs, and which to reserve for it.
 *
 * Mirrors: syncPod and handleClaim of pkg/controller/resourceclaim/controller.go (v1.36)
 */
import type { Pod, PodResourceClaim } from '@kts/api/types/core-v1';
import type { ResourceClaim, ResourceClaimTemplate } from '@kts/api/types/resource-v1';
import type { New } from '@kts/apimachinery';

import { claimNameOf, hasRoom, isOwnedBy, isReservedFor } from './pod-claims.ts';

export const POD_CLAIM_ANNOTATION = 'resource.kubernetes.io/pod-claim-name';

/** A generated name has room for five letters after it. */
const NAME_BASE_MAX = 57;

export interface PodClaims {
  readonly pod: Pod;
  /** Claims by name, of the pod's namespace. */
  readonly claim: (name: string) => ResourceClaim | undefined;
  /** Claims whose controller the pod is, those that are not in the cache yet included. */
  readonly owned: readonly ResourceClaim[];
  readonly template: (name: string) => ResourceClaimTemplate | undefined;
}

export interface PodClaimsPlan {
  /** In order; the first problem ends the work. */
  readonly steps: readonly ClaimStep[];
  readonly reserve: readonly ResourceClaim[];
}

export type ClaimStep =
  | { readonly do: 'create'; readonly podClaim: string; readonly claim: New<ResourceClaim> }
  /** Made before, but not in the pod's status. */
  | { readonly do: 'record'; readonly podClaim: string; readonly name: string }
  | { readonly do: 'fail'; readonly podClaim: string; readonly message: string };

export function planPodClaims(observed: PodClaims): PodClaimsPlan {
  const { pod } = observed;
  const steps = (pod.spec.resourceClaims ?? []).flatMap((podClaim) => planClaim(podClaim, observed));
  const isFailing = steps.some((step) => step.do === 'fail');
  return { steps, reserve: isFailing || !pod.spec.nodeName ? [] : toReserve(observed) };
}

function planClaim(podClaim: PodResourceClaim, observed: PodClaims): readonly ClaimStep[] {
  const { pod, owned } = observed;
  const { name } = podClaim;
  const known = claimNameOf(pod, podClaim);
  if (known === 'not needed') return [];
  if (known === 'unknown') {
    const message = `checking for claim before creating it: none of the supported fields are set in the claim reference "${name}"`;
    return [{ do: 'fail', podClaim: name, message }];
  }
  if (known !== 'not made') {
    const claim = observed.claim(known.name);
    if (claim && (!known.isOwned || isOwnedBy(claim, pod))) return [];
  }
  const templateName = podClaim.resourceClaimTemplateName;
  if (templateName === undefined) return [];
  const made = owned.find(({ metadata }) => metadata.annotations?.[POD_CLAIM_ANNOTATION] === name);
  if (made) return [{ do: 'record', podClaim: name, name: made.metadata.name }];
  const template = observed.template(templateName);
  if (template) return [{ do: 'create', podClaim: name, claim: claimFrom(template, pod, name) }];
  const notFound = `resourceclaimtemplate.resource.k8s.io "${templateName}" not found`;
  return [{ do: 'fail', podClaim: name, message: `resource claim template "${templateName}": ${notFound}` }];
}

/** Allocated claims of a pod that has a node and that nobody reserved for it: the scheduler was not asked. */
function toReserve({ pod, claim: claimNamed }: PodClaims): readonly ResourceClaim[] {
  const reserve: ResourceClaim[] = [];
  for (const podClaim of pod.spec.resourceClaims ?? []) {
    const known = claimNameOf(pod, podClaim);
    if (known === 'not needed') continue;
    const claim = typeof known === 'string' ? undefined : claimNamed(known.name);
    if (!claim || typeof known === 'string' || (known.isOwned && !isOwnedBy(claim, pod))) break;
    if (claim.status?.allocation && !isReservedFor(claim, pod) && hasRoom(claim)) reserve.push(claim);
  }
  return reserve;
}

function claimFrom(template: ResourceClaimTemplate, pod: Pod, podClaim: string): New<ResourceClaim> {
  const { annotations, labels } = template.spec.metadata ?? {};
  const { name, namespace, uid } = pod.metadata;
  return {
    metadata: {
      generateName: generateName(name, podClaim),
      namespace,
      annotations: { ...annotations, [POD_CLAIM_ANNOTATION]: podClaim },
      ...(labels ? { labels } : {}),
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid, controller: true }],
    },
    spec: template.spec.spec,
  };
}

/** Both names stay recognizable: of a text that is too long, each loses its share. */
function generateName(podName: string, podClaim: string): string {
  const whole = `${podName}-${podClaim}-`;
  if (whole.length <= NAME_BASE_MAX) return whole;
  const share = (text: string): string => text.slice(0, Math.trunc((text.length * NAME_BASE_MAX) / whole.length));
  const head = share(podName);
  const tail = podClaim.slice(0, Math.trunc((podClaim.length * NAME_BASE_MAX) / whole.length));
  return `${head}-${tail}`;
}
