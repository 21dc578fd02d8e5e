/**
 * Which nodes of a DaemonSet get a pod and which pods go. Pure.
 *
 * Mirrors: pkg/controller/daemon/daemon_controller.go, podsShouldBeOnNode; update.go, rollingUpdate (v1.36)
 */
import type { DaemonSet } from '@kts/api/types/apps-v1';
import type { Node, Pod } from '@kts/api/types/core-v1';
import { parseTime } from '@kts/apimachinery';

import { scaledValue } from '../int-or-percent.ts';
import { isPodAvailable, isPodReady } from '../pods/pod-state.ts';
import { HASH_LABEL, isPodUpdated } from './daemon-pod.ts';
import { fitNode } from './node-fit.ts';

export interface NodesObserved {
  readonly daemonSet: DaemonSet;
  readonly nodes: readonly Node[];
  /** Its pods by the node that they are on or meant for; nodes without pods have no entry. */
  readonly podsByNode: ReadonlyMap<string, readonly Pod[]>;
  /** Of the present revision. */
  readonly hash: string;
  /** Nodes whose failed pods are not replaced yet, with the time that takes. */
  readonly backOffMs: ReadonlyMap<string, number>;
  readonly now: number;
}

export interface NodesPlan {
  /** Names of nodes that get a pod. */
  readonly create: readonly string[];
  readonly delete: readonly Pod[];
  /** Ended pods that go, to be told; failed ones count for the back-off of their node. */
  readonly ended: readonly { readonly pod: Pod; readonly nodeName: string; readonly failed: boolean }[];
  readonly requeueAfterMs?: number;
}

const NOTHING: NodesPlan = { create: [], delete: [], ended: [] };

/** Where pods are missing, and where there are too many. */
export function planNodes(observed: NodesObserved): NodesPlan {
  const plans = observed.nodes.map((node) => planNode(observed, node));
  const names = new Set(observed.nodes.map(({ metadata }) => metadata.name));
  const homeless = [...observed.podsByNode]
    .filter(([nodeName]) => !names.has(nodeName))
    .flatMap(([, pods]) => pods.filter(({ spec }) => !spec.nodeName));
  const waits = plans.map(({ requeueAfterMs }) => requeueAfterMs).filter((wait) => wait !== undefined);
  return {
    create: plans.flatMap((plan) => plan.create),
    delete: [...plans.flatMap((plan) => plan.delete), ...homeless],
    ended: plans.flatMap((plan) => plan.ended),
    ...(waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : {}),
  };
}

function planNode(observed: NodesObserved, node: Node): NodesPlan {
  const { daemonSet, podsByNode, backOffMs } = observed;
  const nodeName = node.metadata.name;
  const { shouldRun, mayStay } = fitNode(daemonSet, node);
  const pods = podsByNode.get(nodeName);
  if (shouldRun && !pods) return { ...NOTHING, create: [nodeName] };
  const present = (pods ?? []).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (!mayStay) return { ...NOTHING, delete: present };
  const failed = present.filter(({ status }) => status?.phase === 'Failed');
  const succeeded = present.filter(({ status }) => status?.phase === 'Succeeded');
  const running = present.filter(({ status }) => status?.phase !== 'Failed' && status?.phase !== 'Succeeded');
  const wait = failed.length > 0 ? backOffMs.get(nodeName) : undefined;
  // The first failed pod starts the back-off that the others are held by.
  const replaced = wait === undefined ? failed.slice(0, 1) : [];
  const surge = surgeCount(daemonSet, 1) > 0;
  return {
    create: surge && running.length === 0 && shouldRun ? [nodeName] : [],
    delete: [...replaced, ...succeeded, ...(surge ? surplusWithSurge(observed, running) : surplus(running))],
    ended: [
      ...replaced.map((pod) => ({ pod, nodeName, failed: true })),
      ...succeeded.map((pod) => ({ pod, nodeName, failed: false })),
    ],
    ...(wait === undefined ? {} : { requeueAfterMs: wait }),
  };
}

/** All but the first. */
function surplus(running: readonly Pod[]): readonly Pod[] {
  return running.toSorted(compareDaemonPods).slice(1);
}

/** One old and one new pod may be side by side, until the new one is available or the old one no longer ready. */
function surplusWithSurge({ daemonSet, hash, now }: NodesObserved, running: readonly Pod[]): readonly Pod[] {
  if (running.length <= 1) return [];
  const sorted = running.toSorted(compareDaemonPods);
  const isNew = ({ metadata }: Pod): boolean => metadata.labels?.[HASH_LABEL] === hash;
  const newest = sorted.find(isNew);
  const old = sorted.find((pod) => !isNew(pod));
  const rest = sorted.filter((pod) => pod !== newest && pod !== old);
  if (!newest || !old) return rest;
  const replaced = !isPodReady(old) || isPodAvailable(newest, daemonSet.spec.minReadySeconds ?? 0, now);
  return replaced ? [...rest, old] : rest;
}

/** Assigned ones first, then the oldest. */
export function compareDaemonPods(a: Pod, b: Pod): number {
  const createdAt = ({ metadata }: Pod): number => parseTime(metadata.creationTimestamp);
  return (
    Number(!a.spec.nodeName) - Number(!b.spec.nodeName) ||
    createdAt(a) - createdAt(b) ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}

/** The next pods to replace by those of the present revision. */
export function planRollingUpdate(observed: NodesObserved): NodesPlan {
  const { daemonSet, nodes, podsByNode } = observed;
  const wanted = nodes.filter((node) => fitNode(daemonSet, node).shouldRun).map(({ metadata }) => metadata.name);
  const surge = surgeCount(daemonSet, wanted.length);
  const allowed = unavailableCount(daemonSet, wanted.length);
  const unavailable = wanted.length > 0 && allowed === 0 && surge === 0 ? 1 : allowed;
  const pods = new Map([
    ...podsByNode,
    ...wanted.filter((name) => !podsByNode.has(name)).map((name) => [name, []] as const),
  ]);
  return surge === 0
    ? replaceWithin(observed, pods, unavailable)
    : replaceWithSurge(observed, pods, surge, wanted.length);
}

/** Pods that do not work anyway are replaced at once, working ones as long as few enough are missing. */
function replaceWithin(
  observed: NodesObserved,
  podsByNode: ReadonlyMap<string, readonly Pod[]>,
  maxUnavailable: number,
): NodesPlan {
  const broken: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const pods of podsByNode.values()) {
    const pair = splitByRevision(observed, pods);
    if (!pair || Boolean(pair.newPod) === Boolean(pair.oldPod)) unavailable++;
    else if (pair.newPod) unavailable += Number(!isAvailable(observed, pair.newPod));
    else if (pair.oldPod && !isAvailable(observed, pair.oldPod)) {
      broken.push(pair.oldPod);
      unavailable++;
    } else if (pair.oldPod && unavailable < maxUnavailable) candidates.push(pair.oldPod);
  }
  return { ...NOTHING, delete: [...broken, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))] };
}

/** New pods come beside the old ones, which go when the new ones are available. */
function replaceWithSurge(
  observed: NodesObserved,
  podsByNode: ReadonlyMap<string, readonly Pod[]>,
  maxSurge: number,
  wanted: number,
): NodesPlan {
  const { daemonSet, nodes } = observed;
  const nodesByName = new Map(nodes.map((node) => [node.metadata.name, node]));
  const replaced: Pod[] = [];
  const unwanted: Pod[] = [];
  const urgent: string[] = [];
  const candidates: string[] = [];
  let surging = 0;
  let available = 0;
  for (const [nodeName, pods] of podsByNode) {
    const pair = splitByRevision(observed, pods);
    if (!pair) {
      surging++;
      continue;
    }
    const { oldPod, newPod } = pair;
    const works = oldPod ?? newPod;
    if (works && isAvailable(observed, works)) available++;
    if (!oldPod) continue;
    if (newPod) {
      if (isAvailable(observed, newPod)) replaced.push(oldPod);
      else surging++;
      continue;
    }
    const node = nodesByName.get(nodeName);
    const belongs = node !== undefined && fitNode(daemonSet, node).shouldRun;
    if (!isAvailable(observed, oldPod)) {
      if (belongs) urgent.push(nodeName);
      else replaced.push(oldPod);
    } else if (!belongs) unwanted.push(oldPod);
    else if (surging < maxSurge) candidates.push(nodeName);
  }
  return {
    ...NOTHING,
    create: [...urgent, ...candidates.slice(0, Math.max(0, maxSurge - surging))],
    delete: [...replaced, ...unwanted.slice(0, Math.max(0, available - wanted))],
  };
}

/** Undefined if there are several of one kind: that is for `planNodes` to mend first. */
function splitByRevision(
  { daemonSet, hash }: NodesObserved,
  pods: readonly Pod[],
): { readonly newPod: Pod | undefined; readonly oldPod: Pod | undefined } | undefined {
  const present = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const [newPod, ...moreNew] = present.filter((pod) => isPodUpdated(daemonSet, pod, hash));
  const [oldPod, ...moreOld] = present.filter((pod) => !isPodUpdated(daemonSet, pod, hash));
  return moreNew.length + moreOld.length > 0 ? undefined : { newPod, oldPod };
}

function isAvailable({ daemonSet, now }: NodesObserved, pod: Pod): boolean {
  return isPodAvailable(pod, daemonSet.spec.minReadySeconds ?? 0, now);
}

function surgeCount({ spec }: DaemonSet, wanted: number): number {
  if (spec.updateStrategy?.type !== 'RollingUpdate') return 0;
  return scaledValue(spec.updateStrategy.rollingUpdate?.maxSurge ?? 0, wanted, 'up');
}

function unavailableCount({ spec }: DaemonSet, wanted: number): number {
  if (spec.updateStrategy?.type !== 'RollingUpdate') return 0;
  return scaledValue(spec.updateStrategy.rollingUpdate?.maxUnavailable ?? 0, wanted, 'up');
}
