/**
 * What a DaemonSet needs: revisions of its template, pods on nodes, and the status to report. Pure.
 *
 * Mirrors: pkg/controller/daemon/{daemon_controller,update}.go (v1.36)
 */
import { daemonSets } from '@kts/api';
import type { ControllerRevision, DaemonSet, DaemonSetStatus } from '@kts/api/types/apps-v1';
import type { Node, Pod } from '@kts/api/types/core-v1';
import { deepEqual, type JsonObject, type New } from '@kts/apimachinery';
import { newControllerRef } from '@kts/controlkit';

import { sortedKeys } from '../history/controller-revision.ts';
import { podTemplateHash } from '../pods/pod-template-hash.ts';
import { isPodAvailable, isPodReady, isPodTerminal } from '../pods/pod-state.ts';
import { HASH_LABEL, isPodUpdated, targetNodeName } from './daemon-pod.ts';
import { fitNode } from './node-fit.ts';
import { compareDaemonPods, planNodes, planRollingUpdate, type NodesPlan } from './plan-nodes.ts';

const SECOND_MS = 1000;
const HISTORY_LIMIT = 10;

export interface Observed {
  readonly daemonSet: DaemonSet;
  readonly nodes: readonly Node[];
  /** Its own. */
  readonly pods: readonly Pod[];
  readonly revisions: readonly ControllerRevision[];
  /** The caches show everything this controller has done. */
  readonly isSettled: boolean;
  readonly backOffMs: ReadonlyMap<string, number>;
  readonly now: number;
}

/** The first of these that applies is all that is done now. */
export type DaemonSetPlan =
  | { readonly do: 'nothing' }
  | { readonly do: 'refuse'; readonly message: string }
  | { readonly do: 'createRevision'; readonly revision: New<ControllerRevision> }
  | { readonly do: 'updateRevision'; readonly revision: ControllerRevision }
  /** Several revisions of the same template become one. */
  | {
      readonly do: 'mergeRevisions';
      readonly relabel: readonly Pod[];
      readonly hash: string;
      readonly delete: readonly ControllerRevision[];
    }
  | {
      readonly do: 'sync';
      readonly hash: string;
      readonly nodes: NodesPlan;
      readonly deleteRevisions: readonly ControllerRevision[];
      readonly status: DaemonSetStatus | undefined;
      readonly requeueAfterMs?: number;
    };

export function planDaemonSet(observed: Observed): DaemonSetPlan {
  const { daemonSet, revisions } = observed;
  if (deepEqual(daemonSet.spec.selector, {})) {
    return { do: 'refuse', message: 'This daemon set is selecting all pods. A non-empty selector is required.' };
  }
  if (daemonSet.metadata.deletionTimestamp !== undefined) return { do: 'nothing' };
  const unlabelled = revisions.find(({ metadata }) => !metadata.labels?.[HASH_LABEL]);
  if (unlabelled) return { do: 'updateRevision', revision: withHashLabel(unlabelled) };
  const data = revisionData(daemonSet);
  const present = revisions.filter((revision) => deepEqual(revision.data, data));
  const old = revisions.filter((revision) => !present.includes(revision));
  const number = Math.max(0, ...old.map(({ revision }) => revision)) + 1;
  const current = present.reduce<ControllerRevision | undefined>(
    (best, each) => (!best || each.revision >= best.revision ? each : best),
    undefined,
  );
  if (!current) return { do: 'createRevision', revision: newRevision(daemonSet, data, number) };
  if (present.length > 1) return mergeRevisions(observed, present, current);
  if (current.revision < number) return { do: 'updateRevision', revision: { ...current, revision: number } };
  return planSync(observed, current.metadata.labels?.[HASH_LABEL] ?? '', old);
}

function planSync(observed: Observed, hash: string, old: readonly ControllerRevision[]): DaemonSetPlan {
  const { daemonSet, isSettled } = observed;
  const podsByNode = groupByNode(observed.pods);
  const nodesObserved = { ...observed, podsByNode, hash };
  const status = computeStatus(observed, podsByNode, hash);
  const minReadySeconds = daemonSet.spec.minReadySeconds ?? 0;
  const becoming = minReadySeconds > 0 && status.numberReady !== (status.numberAvailable ?? 0);
  const nodes: NodesPlan = isSettled ? planAllNodes(nodesObserved) : { create: [], delete: [], ended: [] };
  const waits = [nodes.requeueAfterMs, becoming ? minReadySeconds * SECOND_MS : undefined];
  const wait = Math.min(...waits.filter((each) => each !== undefined));
  return {
    do: 'sync',
    hash,
    nodes,
    deleteRevisions: isSettled ? surplusRevisions(observed, old) : [],
    status: isStatusCurrent(daemonSet, status) ? undefined : status,
    ...(Number.isFinite(wait) ? { requeueAfterMs: wait } : {}),
  };
}

/** The rollout goes on where everything is as the present state of affairs wants it. */
function planAllNodes(observed: Parameters<typeof planNodes>[0]): NodesPlan {
  const plan = planNodes(observed);
  const isRolling = observed.daemonSet.spec.updateStrategy?.type === 'RollingUpdate';
  if (plan.create.length + plan.delete.length > 0 || !isRolling) return plan;
  return { ...plan, ...planRollingUpdate(observed) };
}

function groupByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    if (isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined) continue;
    const nodeName = targetNodeName(pod);
    if (nodeName !== undefined) byNode.getOrInsertComputed(nodeName, () => []).push(pod);
  }
  return byNode;
}

function revisionData({ spec }: DaemonSet): JsonObject {
  return { spec: { template: { ...spec.template, $patch: 'replace' } } } as unknown as JsonObject;
}

function newRevision(daemonSet: DaemonSet, data: JsonObject, revision: number): New<ControllerRevision> {
  const { metadata, spec, status } = daemonSet;
  const hash = podTemplateHash(spec.template, status?.collisionCount);
  return {
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace,
      labels: { ...spec.template.metadata?.labels, [HASH_LABEL]: hash },
      ...(metadata.annotations ? { annotations: metadata.annotations } : {}),
      ownerReferences: [newControllerRef(daemonSet, daemonSets)],
    },
    data: sortedKeys(data),
    revision,
  };
}

/** Revisions of old versions have no such label; their name stands for it. */
function withHashLabel(revision: ControllerRevision): ControllerRevision {
  const { metadata } = revision;
  return { ...revision, metadata: { ...metadata, labels: { ...metadata.labels, [HASH_LABEL]: metadata.name } } };
}

function mergeRevisions(
  { pods }: Observed,
  present: readonly ControllerRevision[],
  keep: ControllerRevision,
): DaemonSetPlan {
  const hash = keep.metadata.labels?.[HASH_LABEL] ?? '';
  return {
    do: 'mergeRevisions',
    relabel: pods.filter(({ metadata }) => metadata.labels?.[HASH_LABEL] !== hash),
    hash,
    delete: present.filter((revision) => revision !== keep),
  };
}

/** The oldest revisions that no pod is of, beyond the history to keep. */
function surplusRevisions({ daemonSet, pods }: Observed, old: readonly ControllerRevision[]): ControllerRevision[] {
  const surplus = old.length - (daemonSet.spec.revisionHistoryLimit ?? HISTORY_LIMIT);
  if (surplus <= 0) return [];
  const live = new Set(pods.map(({ metadata }) => metadata.labels?.[HASH_LABEL]));
  return old
    .toSorted((a, b) => a.revision - b.revision)
    .filter(({ metadata }) => !live.has(metadata.labels?.[HASH_LABEL]))
    .slice(0, surplus);
}

function computeStatus(
  { daemonSet, nodes, isSettled, now }: Observed,
  podsByNode: ReadonlyMap<string, readonly Pod[]>,
  hash: string,
): DaemonSetStatus {
  const count = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
  for (const node of nodes) {
    const [pod] = (podsByNode.get(node.metadata.name) ?? []).toSorted(compareDaemonPods);
    if (!fitNode(daemonSet, node).shouldRun) {
      count.misscheduled += Number(pod !== undefined);
      continue;
    }
    count.desired++;
    if (!pod) continue;
    count.current++;
    count.ready += Number(isPodReady(pod));
    count.available += Number(isPodAvailable(pod, daemonSet.spec.minReadySeconds ?? 0, now));
    count.updated += Number(isPodUpdated(daemonSet, pod, hash));
  }
  const { generation = 0 } = daemonSet.metadata;
  const { collisionCount, conditions, observedGeneration = 0 } = daemonSet.status ?? {};
  return {
    currentNumberScheduled: count.current,
    numberMisscheduled: count.misscheduled,
    desiredNumberScheduled: count.desired,
    numberReady: count.ready,
    observedGeneration: isSettled ? generation : observedGeneration,
    updatedNumberScheduled: count.updated,
    numberAvailable: count.available,
    numberUnavailable: count.desired - count.available,
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions ? { conditions } : {}),
  };
}

function isStatusCurrent(daemonSet: DaemonSet, status: DaemonSetStatus): boolean {
  const normal = (each: DaemonSetStatus | undefined): object => ({
    desired: each?.desiredNumberScheduled ?? 0,
    current: each?.currentNumberScheduled ?? 0,
    misscheduled: each?.numberMisscheduled ?? 0,
    ready: each?.numberReady ?? 0,
    updated: each?.updatedNumberScheduled ?? 0,
    available: each?.numberAvailable ?? 0,
    unavailable: each?.numberUnavailable ?? 0,
    observedGeneration: each?.observedGeneration ?? 0,
  });
  return deepEqual(normal(daemonSet.status), normal(status));
}
