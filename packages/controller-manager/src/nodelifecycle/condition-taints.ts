/**
 * Taints and labels that follow from the rest of a node. Pure.
 *
 * Mirrors: doNoScheduleTaintingPass, reconcileNodeLabels in pkg/controller/nodelifecycle (v1.36)
 */
import type { Node, Taint } from '@kts/api/types/core-v1';

import { isSameTaint } from '../nodes/node-state.ts';

const CONDITION_TAINTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: 'node.kubernetes.io/not-ready', Unknown: 'node.kubernetes.io/unreachable' },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const OWN_KEYS = new Set([UNSCHEDULABLE, ...Object.values(CONDITION_TAINTS).flatMap((keys) => Object.values(keys))]);
/** Old names of labels that say the same. */
const OLD_LABELS = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
] as const;

export interface NodeRepair {
  readonly add: readonly Taint[];
  readonly remove: readonly Taint[];
  readonly labels: Readonly<Record<string, string>>;
}

export function planNodeRepair({ metadata, spec, status }: Node): NodeRepair {
  const keys = (status?.conditions ?? []).map(({ type, status: value }) => CONDITION_TAINTS[type]?.[value]);
  if (spec?.unschedulable) keys.push(UNSCHEDULABLE);
  const wanted = keys.filter((key) => key !== undefined).map((key): Taint => ({ key, effect: 'NoSchedule' }));
  const present = (spec?.taints ?? []).filter(({ key, effect }) => effect === 'NoSchedule' && OWN_KEYS.has(key));
  const missing = (from: readonly Taint[], taint: Taint): boolean => !from.some((each) => isSameTaint(each, taint));
  const { labels = {} } = metadata;
  const stale = OLD_LABELS.filter(([name, old]) => labels[name] !== undefined && labels[old] !== labels[name]);
  return {
    add: wanted.filter((taint) => missing(present, taint)),
    remove: present.filter((taint) => missing(wanted, taint)),
    labels: Object.fromEntries(stale.map(([name, old]) => [old, labels[name]!])),
  };
}
