/**
 * Makes the resource claims that pods want from templates, and releases those whose pods have ended.
 *
 * Mirrors: pkg/controller/resourceclaim/controller.go (v1.36)
 * Differs: pods and claims have a queue each; claims of pod groups are left out, because the API of groups is off by
 * default.
 */
import { pods, resourceClaims, resourceClaimTemplates } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import type { ResourceClaim, ResourceClaimConsumerReference } from '@kts/api/types/resource-v1';
import { isNotFound, keyText, type ObjectKey } from '@kts/apimachinery';
import { defineController, watching, type AnyControllerDefinition, type ControllerContext } from '@kts/controlkit';

import { errorMessage } from '../pods/pod-control.ts';
import { ALLOCATION_FINALIZER, planRelease, type ReleasePlan } from './plan-claim-release.ts';
import { planPodClaims, type ClaimStep, type PodClaims, type PodClaimsPlan } from './plan-pod-claims.ts';
import { hasClaims, isPodDone, knownClaimNames, owningPod, templateNames } from './pod-claims.ts';

const NAME = 'resourceclaim-controller';
const FIELD_MANAGER = 'ResourceClaimController';
const BY_TEMPLATE = 'resourceClaimTemplate';
const BY_CLAIM = 'resourceClaim';
const BY_OWNING_POD = 'owningPodUid';

/** Both halves; each cluster needs its own, because they remember what they have made. */
export function resourceClaimControllers(): readonly AnyControllerDefinition[] {
  return [podClaimsController(), claimReleaseController];
}

function podClaimsController(): AnyControllerDefinition {
  /** By uid of its pod: a claim that the cache may not have yet, which must not be made twice. */
  const made = new Map<string, readonly ResourceClaim[]>();
  return defineController<Pod, PodClaims, PodClaimsPlan>({
    name: NAME,
    for: pods,
    concerns: hasClaims,
    watches: [
      watching(resourceClaimTemplates, {
        map: ({ metadata }, { informers }) =>
          informers
            .get(pods)
            .byIndex(BY_TEMPLATE, keyText(metadata))
            .map((pod) => pod.metadata),
      }),
      watching(resourceClaims, {
        map: (claim, { informers }) => podsOf(claim, informers.get(pods).byIndex(BY_CLAIM, keyText(claim.metadata))),
      }),
    ],
    setup: ({ informers }) => {
      const podInformer = informers.get(pods);
      podInformer.addIndex(BY_TEMPLATE, (pod) => templateNames(pod).map((name) => `${pod.metadata.namespace}/${name}`));
      podInformer.addIndex(BY_CLAIM, claimKeys);
      podInformer.subscribe({ onDelete: ({ metadata }) => void made.delete(metadata.uid) });
      informers.get(resourceClaims).addIndex(BY_OWNING_POD, (claim) => ownerUids(claim));
    },
    observe: ({ namespace = '', name }, { informers }) => {
      const pod = informers.get(pods).get({ namespace, name });
      if (!pod || pod.metadata.deletionTimestamp !== undefined) return undefined;
      const { uid } = pod.metadata;
      const cached = informers.get(resourceClaims).byIndex(BY_OWNING_POD, uid);
      return {
        pod,
        claim: (claimName) => informers.get(resourceClaims).get({ namespace, name: claimName }),
        template: (templateName) => informers.get(resourceClaimTemplates).get({ namespace, name: templateName }),
        owned: cached.length > 0 ? cached : (made.get(uid) ?? []),
      };
    },
    plan: planPodClaims,
    apply: (plan, { pod }, context) =>
      applyPodClaims(plan, pod, context, (claim) => {
        made.set(pod.metadata.uid, [...(made.get(pod.metadata.uid) ?? []), claim]);
      }),
  });
}

async function applyPodClaims(
  { steps, reserve }: PodClaimsPlan,
  pod: Pod,
  context: ControllerContext,
  remember: (claim: ResourceClaim) => void,
): Promise<void> {
  const { client, signal } = context;
  const statuses = [];
  for (const step of steps) {
    const resourceClaimName = await applyStep(step, pod, context, remember);
    statuses.push({ name: step.podClaim, resourceClaimName });
  }
  if (statuses.length > 0) {
    const { name, namespace } = pod.metadata;
    const configuration = { metadata: { name, namespace }, status: { resourceClaimStatuses: statuses } };
    await client.apply(pods, configuration, {
      subresource: 'status',
      fieldManager: FIELD_MANAGER,
      force: true,
      signal,
    });
  }
  for (const claim of reserve) {
    const consumer = { resource: 'pods', name: pod.metadata.name, uid: pod.metadata.uid };
    const status = { ...claim.status, reservedFor: [...(claim.status?.reservedFor ?? []), consumer] };
    await client.updateStatus(resourceClaims, { ...claim, status }, { signal });
  }
}

/** The name of the claim. @throws after telling what is in the way */
async function applyStep(
  step: ClaimStep,
  pod: Pod,
  { client, events, signal }: ControllerContext,
  remember: (claim: ResourceClaim) => void,
): Promise<string> {
  if (step.do === 'record') return step.name;
  try {
    if (step.do === 'fail') throw new Error(step.message);
    const created = await client.create(resourceClaims, step.claim, { signal }).catch((error: unknown) => {
      throw new Error(`create ResourceClaim : ${errorMessage(error)}`, { cause: error });
    });
    remember(created);
    return created.metadata.name;
  } catch (error) {
    const message = `PodResourceClaim ${step.podClaim}: ${errorMessage(error)}`;
    events.event(pod, 'Warning', 'FailedResourceClaimCreation', message);
    throw error;
  }
}

interface ObservedClaim {
  readonly claim: ResourceClaim;
  readonly owner: Pod | undefined;
}

const claimReleaseController: AnyControllerDefinition = defineController<ResourceClaim, ObservedClaim, ObservedClaim>({
  name: NAME,
  for: resourceClaims,
  watches: [watching(pods, { map: releasedClaims })],
  observe: (key, { informers }) => {
    const claim = informers.get(resourceClaims).get(key);
    const owner = claim && owningPod(claim);
    const namespace = key.namespace ?? '';
    return claim && { claim, owner: owner && informers.get(pods).get({ namespace, name: owner.name }) };
  },
  plan: (observed) => observed,
  apply: async (observed, _same, context) => {
    const gone = await goneConsumers(observed.claim, context);
    const plan = planRelease({
      ...observed,
      consumer: (reference) => consumerOf(reference, observed.claim, gone, context),
    });
    await applyRelease(plan, observed.claim, context);
  },
});

async function applyRelease(
  { status, dropFinalizer, deleteClaim }: ReleasePlan,
  claim: ResourceClaim,
  { client, signal }: ControllerContext,
): Promise<void> {
  let current = claim;
  if (status) current = await client.updateStatus(resourceClaims, { ...claim, status }, { signal });
  if (dropFinalizer) {
    const finalizers = (current.metadata.finalizers ?? []).filter((each) => each !== ALLOCATION_FINALIZER);
    await client.update(resourceClaims, { ...current, metadata: { ...current.metadata, finalizers } }, { signal });
  }
  if (!deleteClaim) return;
  await client.delete(resourceClaims, claim.metadata, { signal }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

/** Uids of consumers that are not in the cache and, the server says, not anywhere else. */
async function goneConsumers(
  { metadata, status }: ResourceClaim,
  { client, informers, signal }: ControllerContext,
): Promise<ReadonlySet<string>> {
  const gone = new Set<string>();
  for (const { resource, name, uid } of status?.reservedFor ?? []) {
    const key = { namespace: metadata.namespace, name };
    if (resource !== 'pods' || informers.get(pods).get(key)) continue;
    const pod = await client.get(pods, key, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      return undefined;
    });
    if (pod?.metadata.uid !== uid) gone.add(uid);
  }
  return gone;
}

function consumerOf(
  { name, uid }: ResourceClaimConsumerReference,
  { metadata }: ResourceClaim,
  gone: ReadonlySet<string>,
  { informers }: ControllerContext,
): Pod | 'gone' | 'kept' {
  if (gone.has(uid)) return 'gone';
  return informers.get(pods).get({ namespace: metadata.namespace, name }) ?? 'kept';
}

/** Of a pod that has gone, ended, or will never start. */
function releasedClaims(pod: Pod, { informers }: ControllerContext): readonly ObjectKey[] {
  if (!hasClaims(pod)) return [];
  const isThere = informers.get(pods).get(pod.metadata)?.metadata.uid === pod.metadata.uid;
  if (isThere && !isPodDone(pod)) return [];
  return knownClaimNames(pod).map((name) => ({ namespace: pod.metadata.namespace, name }));
}

function claimKeys(pod: Pod): readonly string[] {
  return knownClaimNames(pod).map((name) => `${pod.metadata.namespace}/${name}`);
}

/** The pods that use a claim, and the one it was made for. */
function podsOf(claim: ResourceClaim, users: readonly Pod[]): readonly ObjectKey[] {
  const owner = owningPod(claim);
  const { namespace } = claim.metadata;
  return [...users.map(({ metadata }) => metadata), ...(owner ? [{ namespace, name: owner.name }] : [])];
}

function ownerUids(claim: ResourceClaim): readonly string[] {
  const owner = owningPod(claim);
  return owner ? [owner.uid] : [];
}
