import { deepEqual } from '@kts/apimachinery';
import type { PodCondition, PodStatus } from '@kts/api/types/core-v1';

/** Lists that a strategic merge patch merges by key; every other list is replaced as a whole. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  conditions: 'type',
  hostIPs: 'ip',
  podIPs: 'ip',
};

type Fields = Readonly<Record<string, unknown>>;

/**
 * The strategic merge patch from one status to the other, bound to the pod's uid; `undefined` if they are equal.
 * A patch and not an update, because others write their conditions at the same time.
 */
export function statusPatch(uid: string, old: PodStatus, next: PodStatus): object | undefined {
  const status = diffFields(old as Fields, next as Fields);
  return status && { metadata: { uid }, status };
}

function diffFields(old: Fields, next: Fields): Fields | undefined {
  const changes: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(old), ...Object.keys(next)])) {
    const [before, after] = [old[key], next[key]];
    if (after === undefined) {
      if (before !== undefined && before !== null) changes[key] = null;
    } else if (!deepEqual(before, after)) Object.assign(changes, diffField(key, before, after));
  }
  return Object.keys(changes).length > 0 ? changes : undefined;
}

function diffField(key: string, before: unknown, after: unknown): Fields {
  const mergeKey = MERGE_KEYS[key];
  if (mergeKey && Array.isArray(after)) return diffKeyedList(key, mergeKey, asList(before), asList(after));
  if (isObject(before) && isObject(after)) return { [key]: diffFields(before, after) ?? {} };
  return { [key]: after };
}

function diffKeyedList(key: string, mergeKey: string, before: readonly Fields[], after: readonly Fields[]): Fields {
  const changed = after.flatMap((item) => {
    const old = before.find((one) => one[mergeKey] === item[mergeKey]);
    const changes = old ? diffFields(old, item) : item;
    return changes ? [{ [mergeKey]: item[mergeKey], ...changes }] : [];
  });
  const removed = before
    .filter((one) => !after.some((item) => item[mergeKey] === one[mergeKey]))
    .map((one) => ({ $patch: 'delete', [mergeKey]: one[mergeKey] }));
  return {
    [`$setElementOrder/${key}`]: after.map((item) => ({ [mergeKey]: item[mergeKey] })),
    [key]: [...changed, ...removed],
  };
}

function asList(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? (value as readonly Fields[]) : [];
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Equality as far as the kubelet is concerned: others' conditions and probe times do not count. */
export function sameKubeletStatus(a: PodStatus, b: PodStatus, isOwn: (type: string) => boolean): boolean {
  const own = (status: PodStatus): unknown => ({
    ...status,
    conditions: (status.conditions ?? [])
      .filter((one) => isOwn(one.type))
      .map(comparable)
      .toSorted(byType),
  });
  return deepEqual(own(a), own(b));
}

function comparable(one: PodCondition): PodCondition {
  const { lastProbeTime: _, ...rest } = one;
  return rest;
}

function byType(a: PodCondition, b: PodCondition): number {
  return a.type < b.type ? -1 : 1;
}
