import { canonicalSelection } from './controller-names.ts';
import { CLUSTER_ENTRIES } from './entries/cluster-entries.ts';
import type { ControllerEntry } from './entries/controller-entry.ts';
import { NETWORK_ENTRIES } from './entries/network-entries.ts';
import { STORAGE_ENTRIES } from './entries/storage-entries.ts';
import { WORKLOAD_ENTRIES } from './entries/workload-entries.ts';

export type { ControllerEntry } from './entries/controller-entry.ts';

/** All controllers. Names are those of cmd/kube-controller-manager/names. */
export const CONTROLLERS: readonly ControllerEntry[] = [
  ...WORKLOAD_ENTRIES,
  ...NETWORK_ENTRIES,
  ...STORAGE_ENTRIES,
  ...CLUSTER_ENTRIES,
];

/**
 * Which controllers to run, by `--controllers`' rules: a name switches on, `-name` off, and otherwise `*` decides.
 *
 * Mirrors: staging/src/k8s.io/controller-manager/app/helper.go, IsControllerEnabled (v1.36)
 */
export function enabledControllers(
  given: readonly string[],
  entries: readonly ControllerEntry[] = CONTROLLERS,
): readonly ControllerEntry[] {
  const selection = canonicalSelection(given);
  return entries.filter(({ name, offByDefault = false }) => {
    const last = selection.find((item) => item === name || item === `-${name}`);
    return last === undefined ? selection.includes('*') && !offByDefault : last === name;
  });
}

/** Names in the selection that no controller has. */
export function unknownControllers(
  selection: readonly string[],
  entries: readonly ControllerEntry[] = CONTROLLERS,
): readonly string[] {
  const names = new Set(entries.map(({ name }) => name));
  return canonicalSelection(selection).filter((item) => item !== '*' && !names.has(item.replace(/^-/, '')));
}
