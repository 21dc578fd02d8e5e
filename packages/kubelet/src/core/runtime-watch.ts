import type { ContainerRunState } from '../runtime/pod-runtime-status.ts';
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
  const compare = (uid: string, id: string, was: State, is: State): void => {
    if (was === is) return;
    if (is === 'exited' || (is === undefined && was !== 'exited')) changes.push({ type: 'ended', uid, id });
    else if (is !== undefined) changes.push({ type: 'changed', uid });
  };
  for (const [uid, { states: old }] of before) {
    const now = after.get(uid)?.states;
    for (const [id, was] of old) compare(uid, id, was, now?.get(id));
    for (const [id, is] of now ?? []) if (!old.has(id)) compare(uid, id, undefined, is);
  }
  for (const [uid, { states }] of after) {
    if (before.has(uid)) continue;
    for (const [id, is] of states) compare(uid, id, undefined, is);
  }
  return changes;
}

type State = ContainerRunState | undefined;
