/**
 * Taints that controllers put on nodes and take off again.
 *
 * Mirrors: AddOrUpdateTaintOnNode, RemoveTaintOffNode in pkg/controller/controller_utils.go (v1.36)
 * Differs: adds and removes in one write, so that nobody sees a state between the two.
 */
import { nodes } from '@kts/api';
import type { Node, Taint } from '@kts/api/types/core-v1';
import { isConflict } from '@kts/apimachinery';
import { formatTime } from '@kts/base';
import type { ControllerDependencies } from '@kts/controlkit';

import { isSameTaint } from './node-state.ts';

const TRIES_MAX = 5;

/** The taints after the change; the node's own list if nothing changes. Added ones take the place of their like. */
export function changedTaints(node: Node, add: readonly Taint[], remove: readonly Taint[]): readonly Taint[] {
  const before = node.spec?.taints ?? [];
  const isIn = (taints: readonly Taint[], taint: Taint): boolean => taints.some((each) => isSameTaint(each, taint));
  const fresh = add.filter((taint) => !isIn(before, taint));
  const changed = add.filter((taint) => before.some((each) => isSameTaint(each, taint) && each.value !== taint.value));
  if (fresh.length + changed.length === 0 && !before.some((taint) => isIn(remove, taint))) return before;
  const kept = before.filter((taint) => !isIn(remove, taint) || isIn(add, taint));
  return [...kept.map((taint) => changed.find((each) => isSameTaint(each, taint)) ?? taint), ...fresh];
}

/** Starts from the state that the caller has seen, and from the server's after a lost race. Returns what is there then. */
export async function swapTaints(
  { client, clock, signal }: Pick<ControllerDependencies, 'client' | 'clock'> & { readonly signal: AbortSignal },
  seen: Node,
  add: readonly Taint[],
  remove: readonly Taint[],
): Promise<Node> {
  const timeAdded = formatTime(clock.now());
  const added = add.map((taint) => ({ ...taint, timeAdded }));
  let node = seen;
  for (let tries = 1; ; tries++) {
    const taints = changedTaints(node, added, remove);
    if (taints === node.spec?.taints || (taints.length === 0 && !node.spec?.taints)) return node;
    const { name, resourceVersion } = node.metadata;
    const body = { metadata: { resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } };
    try {
      return await client.patch(nodes, { name }, { type: 'strategic', body }, { signal });
    } catch (error) {
      if (!isConflict(error) || tries >= TRIES_MAX) throw error;
      node = await client.get(nodes, { name }, { signal });
    }
  }
}
