/**
 * Evicts pods whose devices have NoExecute taints, once their toleration ends.
 *
 * Mirrors: pkg/controller/devicetainteviction (v1.36)
 */
import { pods, resourceClaims, resourceSlices } from '@kts/api';
import type { ObjectReference, Pod } from '@kts/api/types/core-v1';
import type { ResourceClaim, ResourceSlice } from '@kts/api/types/resource-v1';
import { isNotFound, keyText, type ObjectKey } from '@kts/apimachinery';
import {
  defineController,
  watching,
  type AnyControllerDefinition,
  type ControllerContext,
  type Requeue,
} from '@kts/controlkit';

import { disruptionTarget, patchPodStatus } from '../pods/disruption-condition.ts';
import { knownClaimNames } from '../resourceclaim/pod-claims.ts';
import { deviceEvictionTime } from './plan-device-eviction.ts';

const BY_CLAIM = 'resourceClaim';
const BY_POOL = 'devicePool';
const REASON = 'DeviceTaintManagerEviction';
const CAUSE = {
  reason: 'DeletionByDeviceTaintManager',
  message: 'Device Taint manager: deleting due to NoExecute taint',
};

interface Observed {
  readonly pod: Pod;
  readonly evictAt: number | undefined;
  readonly now: number;
}

export function deviceTaintEvictionController(): AnyControllerDefinition {
  /** Uids of pods that are to be evicted later. */
  const scheduled = new Set<string>();
  return defineController<Pod, Observed, Requeue & { readonly evict: boolean }>({
    name: 'device-taint-eviction-controller',
    for: pods,
    concerns: ({ spec }) => (spec.resourceClaims?.length ?? 0) > 0,
    watches: [
      watching(resourceClaims, { map: (claim, { informers }) => usersOf(claim, informers) }),
      watching(resourceSlices, { map: usersOfPool }),
    ],
    setup: ({ informers }) => {
      informers.get(pods).subscribe({ onDelete: ({ metadata }) => void scheduled.delete(metadata.uid) });
      informers
        .get(pods)
        .addIndex(BY_CLAIM, (pod) => knownClaimNames(pod).map((name) => `${pod.metadata.namespace}/${name}`));
      informers.get(resourceClaims).addIndex(BY_POOL, poolsOf);
      informers.get(resourceSlices).addIndex(BY_POOL, ({ spec }) => [poolKey(spec.driver, spec.pool.name)]);
    },
    observe: (key, { informers, clock }) => {
      const pod = informers.get(pods).get(key);
      if (!pod || pod.metadata.deletionTimestamp !== undefined) return undefined;
      const { namespace } = pod.metadata;
      const evictAt = deviceEvictionTime({
        pod,
        claim: (name) => informers.get(resourceClaims).get({ namespace, name }),
        slices: (driver, pool) => informers.get(resourceSlices).byIndex(BY_POOL, poolKey(driver, pool)),
      });
      return { pod, evictAt, now: clock.now() };
    },
    plan: ({ evictAt, now }) => {
      if (evictAt === undefined) return { evict: false };
      return evictAt > now ? { evict: false, requeueAfterMs: evictAt - now } : { evict: true };
    },
    apply: async ({ evict, requeueAfterMs }, { pod, now }, context) => {
      const { uid } = pod.metadata;
      if (evict) await evictPod(pod, now, context);
      else if (requeueAfterMs === undefined && scheduled.has(uid)) {
        context.events.event(podReference(pod), 'Normal', REASON, 'Cancelling deletion');
      }
      if (requeueAfterMs === undefined) scheduled.delete(uid);
      else scheduled.add(uid);
    },
  });
}

async function evictPod(pod: Pod, now: number, context: ControllerContext): Promise<void> {
  const { client, events, signal } = context;
  const { uid } = pod.metadata;
  events.event(podReference(pod), 'Normal', REASON, 'Marking for deletion');
  const condition = disruptionTarget(pod, CAUSE, now);
  try {
    if (condition) await patchPodStatus(context, pod, { conditions: [condition] });
    await client.delete(pods, pod.metadata, { preconditions: { uid }, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function podReference({ metadata: { namespace, name, uid } }: Pod): ObjectReference {
  return { apiVersion: 'v1', kind: 'Pod', namespace, name, uid };
}

function usersOf({ metadata }: ResourceClaim, informers: ControllerContext['informers']): readonly ObjectKey[] {
  return informers
    .get(pods)
    .byIndex(BY_CLAIM, keyText(metadata))
    .map((pod) => pod.metadata);
}

function usersOfPool({ spec }: ResourceSlice, { informers }: ControllerContext): readonly ObjectKey[] {
  const claims = informers.get(resourceClaims).byIndex(BY_POOL, poolKey(spec.driver, spec.pool.name));
  return claims.flatMap((claim) => usersOf(claim, informers));
}

function poolsOf({ status }: ResourceClaim): readonly string[] {
  const results = status?.allocation?.devices?.results ?? [];
  return [...new Set(results.map(({ driver, pool }) => poolKey(driver, pool)))];
}

function poolKey(driver: string, pool: string): string {
  return `${driver}/${pool}`;
}
