import type { RuntimePodSummary } from '../runtime/runtime-reader.ts';

export type RuntimeChange =
  /** A sandbox or container started or changed. */
  | { readonly type: 'changed'; readonly uid: string }
  | { readonly type: 'ended'; readonly uid: string; readonly id: string };

type Pods = ReadonlyMap<string, RuntimePodSummary>;

/**
 * What happened in the runtime between two looks at it, one change per sandbox or container.
 *
 * Mirrors: pkg/kubelet/pleg/generic.go (v1.36)
 */
export function runtimeChanges(before: Pods, after: Pods): readonly RuntimeChange[] {
  const changes: RuntimeChange[] = [];
  for (const uid of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(uid)?.states, after.get(uid)?.states];
    for (const id of new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])) {
      const [was, is] = [old?.get(id), now?.get(id)];
      if (was === is) continue;
      if (is === 'exited' || (is === undefined && was !== 'exited')) changes.push({ type: 'ended', uid, id });
      else if (is !== undefined) changes.push({ type: 'changed', uid });
    }
  }
  return changes;
}
