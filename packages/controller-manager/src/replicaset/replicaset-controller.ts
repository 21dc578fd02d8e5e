/**
 * Keeps as many pods alive as a ReplicaSet, or a ReplicationController, asks for.
 *
 * Mirrors: pkg/controller/replicaset/replica_set.go, pkg/controller/replication (v1.36)
 */
import { pods, replicaSets, replicationControllers } from '@kts/api';
import type { ReplicaSet, ReplicaSetStatus } from '@kts/api/types/apps-v1';
import type { Pod, ReplicationController } from '@kts/api/types/core-v1';
import {
  keyText,
  labelSelectorMatcher,
  type KubeObject,
  type LabelMatcher,
  type ObjectKey,
  type ResourceType,
} from '@kts/apimachinery';
import {
  applyClaims,
  controllerRefOf,
  defineController,
  ownedBy,
  planClaims,
  slowStartBatch,
  type AnyControllerDefinition,
  type Claims,
  type ControllerContext,
  type Requeue,
} from '@kts/controlkit';

import { createPod, deletePod, errorMessage, isNamespaceTerminating, podFromTemplate } from '../pods/pod-control.ts';
import { addOwnerIndexes, candidatesOf, controlledBy } from '../pods/pod-indexes.ts';
import { isPodActive, isPodTerminating } from '../pods/pod-state.ts';
import {
  computeStatus,
  isStatusCurrent,
  nextLookMs,
  planReplicas,
  type Observed,
  type ReplicaPlan,
} from './plan-replicaset.ts';

const INITIAL_BATCH_SIZE = 1;
const BY_OWNER = 'ownerUid';

/** What differs between the two kinds of one controller: the planner only knows replica sets. */
interface Flavour<T extends KubeObject> {
  readonly name: string;
  readonly type: ResourceType<T>;
  readonly asReplicaSet: (object: T) => ReplicaSet;
  /** Without the fields that this kind's status has not. */
  readonly narrowStatus: (status: ReplicaSetStatus) => ReplicaSetStatus;
}

interface Seen<T> extends Observed {
  readonly object: T;
  readonly claims: Claims<Pod>;
}

export const replicaSetController = createReplicaController<ReplicaSet>({
  name: 'replicaset-controller',
  type: replicaSets,
  asReplicaSet: (replicaSet) => replicaSet,
  narrowStatus: (status) => status,
});

export const replicationController = createReplicaController<ReplicationController>({
  name: 'replicationcontroller-controller',
  type: replicationControllers,
  asReplicaSet: (controller) => ({
    ...controller,
    spec: { ...controller.spec, selector: { matchLabels: controller.spec?.selector ?? {} } },
    status: controller.status ?? { replicas: 0 },
  }),
  narrowStatus: ({ terminatingReplicas: _left, ...status }) => status,
});

function createReplicaController<T extends KubeObject>(flavour: Flavour<T>): AnyControllerDefinition {
  const type = flavour.type as ResourceType<KubeObject>;
  return defineController<KubeObject, Seen<KubeObject>, ReplicaPlan>({
    name: flavour.name,
    for: type,
    owns: [ownedBy(pods, { adopt: (pod, context) => keysThatMatch(flavour, pod, context) })],
    setup: ({ informers }) => {
      addOwnerIndexes(informers.get(pods));
      informers.get(type).addIndex(BY_OWNER, ownerKeys);
    },
    observe: (key, context) => observe(flavour, key, context) as Seen<KubeObject> | undefined,
    plan: planReplicas,
    apply: (plan, observed, context) => apply(flavour, plan, observed as Seen<T>, context),
  });
}

function observe<T extends KubeObject>(
  flavour: Flavour<T>,
  key: ObjectKey,
  context: ControllerContext,
): Seen<T> | undefined {
  const informer = context.informers.get(flavour.type);
  const object = informer.get(key);
  if (!object) return undefined;
  const replicaSet = flavour.asReplicaSet(object);
  const podInformer = context.informers.get(pods);
  const selector = selectorOf(replicaSet);
  const matches = (pod: Pod): boolean => selector.matches(pod.metadata.labels);
  const claims = planClaims(object, candidatesOf(podInformer, object).filter(isPodActive), matches);
  const own = controlledBy(podInformer, object);
  const activePods = [...claims.owned, ...claims.adopt];
  // Only who has to choose among pods needs to know where others of the same owner are.
  const isSurplus = activePods.length > (replicaSet.spec.replicas ?? 1);
  const siblings = isSurplus ? siblingsOf(flavour, object, context) : [];
  return {
    object,
    replicaSet,
    claims,
    activePods,
    terminatingPods: own.filter((pod) => isPodTerminating(pod) && matches(pod)),
    relatedPods: isSurplus ? relatedPods(siblings.map(flavour.asReplicaSet), podInformer.list(key.namespace)) : [],
    isSettled: context.expectations.satisfied(key),
    now: context.clock.now(),
  };
}

async function apply<T extends KubeObject>(
  flavour: Flavour<T>,
  plan: ReplicaPlan,
  observed: Seen<T>,
  context: ControllerContext,
): Promise<Requeue> {
  const { object, claims } = observed;
  const type = flavour.type as ResourceType<KubeObject>;
  const claimed = await applyClaims({
    client: context.client,
    type: pods,
    controllerType: type,
    controller: object,
    claims,
  });
  // A pod that the plan counted went away meanwhile.
  if (claimed.length < observed.activePods.length) return { requeueAfterMs: 0 };
  const failure = await manageReplicas(flavour, plan, observed, context).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const status = flavour.narrowStatus(computeStatus(observed, failure && errorMessage(failure.error)));
  if (!isStatusCurrent(observed.replicaSet, status)) {
    await context.client.updateStatus(type, { ...object, status } as KubeObject, { signal: context.signal });
  }
  if (failure) throw failure.error;
  return { requeueAfterMs: nextLookMs(observed, status) };
}

async function manageReplicas<T extends KubeObject>(
  flavour: Flavour<T>,
  plan: ReplicaPlan,
  observed: Seen<T>,
  context: ControllerContext,
): Promise<void> {
  switch (plan.do) {
    case 'nothing':
      return;
    case 'create':
      return createReplicas(flavour, plan.count, observed, context);
    case 'delete':
      return deleteReplicas(plan.pods, observed, context);
  }
}

async function createReplicas<T extends KubeObject>(
  flavour: Flavour<T>,
  count: number,
  { object, replicaSet }: Seen<T>,
  context: ControllerContext,
): Promise<void> {
  const { expectations } = context;
  const key = keyText(object.metadata);
  const pod = podFromTemplate(replicaSet.spec.template ?? {}, object, flavour.type as ResourceType<KubeObject>);
  expectations.expectCreations(key, count);
  const result = await slowStartBatch(count, INITIAL_BATCH_SIZE, async () => {
    try {
      await createPod(context, object, pod);
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
      expectations.creationObserved(key);
    }
  });
  if (!result.failure) return;
  expectations.creationObserved(key, count - result.successes);
  throw result.failure.error;
}

async function deleteReplicas<T extends KubeObject>(
  surplus: readonly Pod[],
  { object }: Seen<T>,
  context: ControllerContext,
): Promise<void> {
  const key = keyText(object.metadata);
  context.expectations.expectDeletions(
    key,
    surplus.map((pod) => pod.metadata.uid),
  );
  const results = await Promise.allSettled(
    surplus.map(async (pod) => {
      try {
        if (await deletePod(context, object, pod)) return;
      } catch (error) {
        context.expectations.deletionObserved(key, pod.metadata.uid);
        throw error;
      }
      context.expectations.deletionObserved(key, pod.metadata.uid);
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** All of the same owner, this one included; one without an owner has no siblings. */
function siblingsOf<T extends KubeObject>(flavour: Flavour<T>, object: T, context: ControllerContext): readonly T[] {
  const owner = controllerRefOf(object);
  return owner ? context.informers.get(flavour.type).byIndex(BY_OWNER, owner.uid) : [object];
}

function ownerKeys(object: KubeObject): readonly string[] {
  const owner = controllerRefOf(object);
  return owner ? [owner.uid] : [];
}

function relatedPods(siblings: readonly ReplicaSet[], candidates: readonly Pod[]): readonly Pod[] {
  const selectors = siblings.map(selectorOf);
  return candidates.filter(
    (pod) => isPodActive(pod) && selectors.some((selector) => selector.matches(pod.metadata.labels)),
  );
}

function selectorOf(replicaSet: ReplicaSet): LabelMatcher {
  return labelSelectorMatcher(replicaSet.spec.selector);
}

function keysThatMatch<T extends KubeObject>(
  flavour: Flavour<T>,
  pod: Pod,
  context: ControllerContext,
): readonly ObjectKey[] {
  return context.informers
    .get(flavour.type)
    .list(pod.metadata.namespace)
    .filter((object) => selectorOf(flavour.asReplicaSet(object)).matches(pod.metadata.labels))
    .map((object) => object.metadata);
}
