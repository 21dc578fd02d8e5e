/**
 * Keeps one pod of a DaemonSet on every node that it is meant for.
 *
 * Mirrors: pkg/controller/daemon/daemon_controller.go (v1.36)
 */
import { controllerRevisions, daemonSets, nodes, pods } from '@kts/api';
import type { ControllerRevision, DaemonSet } from '@kts/api/types/apps-v1';
import type { Node, Pod } from '@kts/api/types/core-v1';
import {
  deepEqual,
  isAlreadyExists,
  isNotFound,
  keyText,
  labelSelectorMatcher,
  type New,
  type ObjectKey,
} from '@kts/apimachinery';
import {
  applyClaims,
  controllerRefOf,
  defineController,
  ownedBy,
  planClaims,
  refersToKind,
  slowStartBatch,
  watching,
  type AnyControllerDefinition,
  type Claims,
  type ControllerContext,
  type Requeue,
} from '@kts/controlkit';

import { BEHIND_MS, createWrittenVersions, type WrittenVersions } from '../consistency/written-versions.ts';
import { createPod, deletePod, isNamespaceTerminating, podFromTemplate } from '../pods/pod-control.ts';
import { addNodeIndex, addOwnerIndexes, candidatesOf, podsOnNode } from '../pods/pod-indexes.ts';
import { daemonPodTemplate, HASH_LABEL } from './daemon-pod.ts';
import { FailedPodBackoff } from './failed-pod-backoff.ts';
import { fitNode } from './node-fit.ts';
import { planDaemonSet, type DaemonSetPlan, type Observed } from './plan-daemonset.ts';
import type { NodesPlan } from './plan-nodes.ts';

const BURST_PODS = 250;
const INITIAL_BATCH_SIZE = 1;

interface Seen extends Observed {
  readonly podClaims: Claims<Pod>;
  readonly revisionClaims: Claims<ControllerRevision>;
}

/** What the controller remembers between two looks. */
interface Memory {
  readonly written: WrittenVersions;
  backoff: FailedPodBackoff | undefined;
}

export function daemonSetController(): AnyControllerDefinition {
  const memory: Memory = { written: createWrittenVersions(), backoff: undefined };
  return defineController<DaemonSet, Seen, DaemonSetPlan>({
    name: 'daemonset-controller',
    for: daemonSets,
    owns: [ownedBy(pods, { adopt: daemonSetsFor })],
    watches: [
      watching(nodes, { map: daemonSetsAffectedBy, changed: hasNodeChanged }),
      watching(controllerRevisions, { map: daemonSetOfRevision }),
    ],
    setup: ({ informers, clock }) => {
      memory.backoff = new FailedPodBackoff(clock);
      addOwnerIndexes(informers.get(pods));
      addNodeIndex(informers.get(pods));
      addOwnerIndexes(informers.get(controllerRevisions));
    },
    observe: (key, context) => observe(key, context, memory),
    plan: planDaemonSet,
    apply: (plan, observed, context) => applyDaemonSet(plan, observed, context, memory),
  });
}

function observe(
  key: ObjectKey,
  { informers, expectations, clock }: ControllerContext,
  memory: Memory,
): Seen | undefined {
  const daemonSet = informers.get(daemonSets).get(key);
  if (!daemonSet) {
    memory.written.forget(key);
    return undefined;
  }
  const selector = labelSelectorMatcher(daemonSet.spec.selector);
  const matches = ({ metadata }: Pod | ControllerRevision): boolean => selector.matches(metadata.labels);
  const podClaims = planClaims(daemonSet, candidatesOf(informers.get(pods), daemonSet), matches);
  const revisions = candidatesOf(informers.get(controllerRevisions), daemonSet);
  const revisionClaims = planClaims(daemonSet, revisions, matches);
  const allNodes = informers.get(nodes).list();
  return {
    daemonSet,
    nodes: allNodes,
    podClaims,
    revisionClaims,
    pods: [...podClaims.owned, ...podClaims.adopt],
    revisions: [...revisionClaims.owned, ...revisionClaims.adopt],
    isSettled: expectations.satisfied(key) && memory.written.isCaughtUp(key),
    backOffMs: backOffOf(daemonSet, allNodes, memory),
    now: clock.now(),
  };
}

function backOffOf(daemonSet: DaemonSet, allNodes: readonly Node[], memory: Memory): ReadonlyMap<string, number> {
  const waits = new Map<string, number>();
  for (const { metadata } of allNodes) {
    const wait = memory.backoff?.remainingMs(backoffKey(daemonSet, metadata.name));
    if (wait !== undefined) waits.set(metadata.name, wait);
  }
  return waits;
}

/** A changed DaemonSet begins anew. */
function backoffKey({ metadata, status }: DaemonSet, nodeName: string): string {
  return `${metadata.uid}/${status?.observedGeneration ?? 0}/${nodeName}`;
}

async function applyDaemonSet(
  plan: DaemonSetPlan,
  observed: Seen,
  context: ControllerContext,
  memory: Memory,
): Promise<Requeue> {
  const { client, events, signal } = context;
  const { daemonSet } = observed;
  if (plan.do === 'nothing') return {};
  if (plan.do === 'refuse') {
    events.event(daemonSet, 'Warning', 'SelectingAll', plan.message);
    return {};
  }
  if (await claim(observed, context)) return { requeueAfterMs: BEHIND_MS };
  switch (plan.do) {
    case 'createRevision':
      return createRevision(plan.revision, daemonSet, context);
    case 'updateRevision':
      await client.update(controllerRevisions, plan.revision, { signal });
      return {};
    case 'mergeRevisions': {
      const body = { metadata: { labels: { [HASH_LABEL]: plan.hash } } };
      for (const { metadata } of plan.relabel) await client.patch(pods, metadata, { type: 'merge', body }, { signal });
      for (const { metadata } of plan.delete) await client.delete(controllerRevisions, metadata, { signal });
      return {};
    }
    case 'sync':
      return sync(plan, observed, context, memory);
  }
}

/** Whether something was adopted: it has changed, so that the plan is to be made again. */
async function claim({ daemonSet, podClaims, revisionClaims }: Seen, { client }: ControllerContext): Promise<boolean> {
  const options = { client, controllerType: daemonSets, controller: daemonSet };
  await applyClaims({ ...options, type: pods, claims: podClaims });
  await applyClaims({ ...options, type: controllerRevisions, claims: revisionClaims });
  return podClaims.adopt.length + revisionClaims.adopt.length > 0;
}

/** If the name is taken by another template, another hash must be found, which the count of collisions is a part of. */
async function createRevision(
  revision: New<ControllerRevision>,
  daemonSet: DaemonSet,
  { client, signal }: ControllerContext,
): Promise<Requeue> {
  try {
    await client.create(controllerRevisions, revision, { signal });
    return {};
  } catch (error) {
    if (isNamespaceTerminating(error)) return {};
    if (!isAlreadyExists(error)) throw error;
  }
  const { name = '', namespace = '' } = revision.metadata;
  const taken = await client.get(controllerRevisions, { name, namespace }, { signal });
  if (deepEqual(taken.data, revision.data)) return { requeueAfterMs: BEHIND_MS };
  const collisionCount = (daemonSet.status?.collisionCount ?? 0) + 1;
  const status = { ...EMPTY_STATUS, ...daemonSet.status, collisionCount };
  await client.updateStatus(daemonSets, { ...daemonSet, status }, { signal });
  return {};
}

const EMPTY_STATUS = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };

async function sync(
  plan: Extract<DaemonSetPlan, { do: 'sync' }>,
  observed: Seen,
  context: ControllerContext,
  memory: Memory,
): Promise<Requeue> {
  const { client, signal } = context;
  const { daemonSet, isSettled } = observed;
  const failure = await applyNodes(plan.nodes, plan.hash, daemonSet, context, memory).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (!failure) {
    for (const { metadata } of plan.deleteRevisions) {
      await client.delete(controllerRevisions, metadata, { signal }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
  }
  if (plan.status) await client.updateStatus(daemonSets, { ...daemonSet, status: plan.status }, { signal });
  if (failure) throw failure.error;
  return isSettled ? { requeueAfterMs: plan.requeueAfterMs } : { requeueAfterMs: BEHIND_MS };
}

async function applyNodes(
  plan: NodesPlan,
  hash: string,
  daemonSet: DaemonSet,
  context: ControllerContext,
  memory: Memory,
): Promise<void> {
  for (const { pod, nodeName, failed } of plan.ended) tellEnded(pod, nodeName, failed, daemonSet, context, memory);
  const results = await Promise.allSettled([
    createPods(plan.create.slice(0, BURST_PODS), hash, daemonSet, context, memory),
    deletePods(plan.delete.slice(0, BURST_PODS), daemonSet, context),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

function tellEnded(
  { metadata }: Pod,
  nodeName: string,
  failed: boolean,
  daemonSet: DaemonSet,
  { events }: ControllerContext,
  memory: Memory,
): void {
  const text = `daemon pod ${metadata.namespace}/${metadata.name} on node ${nodeName}, will try to`;
  if (failed) {
    memory.backoff?.failed(backoffKey(daemonSet, nodeName));
    events.event(daemonSet, 'Warning', 'FailedDaemonPod', `Found failed ${text} kill it`);
  } else {
    events.event(daemonSet, 'Normal', 'SucceededDaemonPod', `Found succeeded ${text} delete it`);
  }
}

async function createPods(
  nodeNames: readonly string[],
  hash: string,
  daemonSet: DaemonSet,
  context: ControllerContext,
  memory: Memory,
): Promise<void> {
  const cache = context.informers.get(pods);
  const result = await slowStartBatch(nodeNames.length, INITIAL_BATCH_SIZE, async (index) => {
    const template = daemonPodTemplate(daemonSet, hash, nodeNames[index]!);
    try {
      const pod = await createPod(context, daemonSet, podFromTemplate(template, daemonSet, daemonSets));
      memory.written.wrote(daemonSet.metadata, cache, pod);
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
  });
  if (result.failure) throw result.failure.error;
}

async function deletePods(surplus: readonly Pod[], daemonSet: DaemonSet, context: ControllerContext): Promise<void> {
  if (surplus.length === 0) return;
  const key = keyText(daemonSet.metadata);
  const uids = surplus.map(({ metadata }) => metadata.uid);
  context.expectations.expectDeletions(key, uids);
  const results = await Promise.allSettled(
    surplus.map(async (pod) => {
      const gone = await deletePod(context, daemonSet, pod).then(
        (deleted) => !deleted,
        (error: unknown) => {
          context.expectations.deletionObserved(key, pod.metadata.uid);
          throw error;
        },
      );
      if (gone) context.expectations.deletionObserved(key, pod.metadata.uid);
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

function daemonSetsFor({ metadata }: Pod, { informers }: ControllerContext): readonly ObjectKey[] {
  return informers
    .get(daemonSets)
    .list(metadata.namespace)
    .filter(({ spec }) => labelSelectorMatcher(spec.selector).matches(metadata.labels))
    .map((daemonSet) => daemonSet.metadata);
}

function daemonSetOfRevision(revision: ControllerRevision): readonly ObjectKey[] {
  const owner = controllerRefOf(revision);
  if (!owner || !refersToKind(owner, daemonSets)) return [];
  return [{ namespace: revision.metadata.namespace, name: owner.name }];
}

function hasNodeChanged(old: Node, node: Node): boolean {
  return (
    !deepEqual(old.metadata.labels, node.metadata.labels) ||
    !deepEqual(old.spec?.taints, node.spec?.taints) ||
    old.spec?.unschedulable !== node.spec?.unschedulable
  );
}

/** Those that lack a pod there, or have one too many. */
function daemonSetsAffectedBy(node: Node, { informers }: ControllerContext): readonly ObjectKey[] {
  const owners = new Set(
    podsOnNode(informers.get(pods), node.metadata.name).flatMap((pod) => controllerRefOf(pod)?.uid ?? []),
  );
  return informers
    .get(daemonSets)
    .list()
    .filter((daemonSet) => {
      const { shouldRun, mayStay } = fitNode(daemonSet, node);
      const isThere = owners.has(daemonSet.metadata.uid);
      return isThere ? !mayStay || (daemonSet.status?.numberMisscheduled ?? 0) > 0 : shouldRun;
    })
    .map(({ metadata }) => metadata);
}
