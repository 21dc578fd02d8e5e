/**
 * ControllerRevisions: the states that a controller's template has been in, each under a name that is a hash of it.
 *
 * Mirrors: pkg/controller/history/controller_history.go (v1.36)
 */
import type { ControllerRevision } from '@kts/api/types/apps-v1';
import {
  deepEqual,
  parseTime,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  type New,
  type ResourceType,
} from '@kts/apimachinery';
import { newControllerRef } from '@kts/controlkit';

import { safeEncode } from '../pods/pod-template-hash.ts';

export const REVISION_HASH_LABEL = 'controller.kubernetes.io/hash';

/** What is left of a name's 253 characters for the owner's. */
const NAME_PREFIX_LENGTH_MAX = 223;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export interface RevisionOptions {
  readonly owner: KubeObject;
  readonly ownerType: ResourceType<KubeObject>;
  readonly labels: Readonly<Record<string, string>>;
  readonly data: JsonObject;
  readonly revision: number;
  /** How often the hash was found to be taken by other data. */
  readonly collisions: number;
}

export function newControllerRevision(options: RevisionOptions): New<ControllerRevision> {
  const { owner, ownerType, labels, data, revision, collisions } = options;
  const hash = revisionHash(data, collisions);
  return {
    metadata: {
      name: revisionName(owner.metadata.name, hash),
      ...(owner.metadata.namespace ? { namespace: owner.metadata.namespace } : {}),
      labels: { ...labels, [REVISION_HASH_LABEL]: hash },
      annotations: { ...owner.metadata.annotations },
      ownerReferences: [newControllerRef(owner, ownerType)],
    },
    data: sortedKeys(data),
    revision,
  };
}

export function revisionName(ownerName: string, hash: string): string {
  return `${ownerName.slice(0, NAME_PREFIX_LENGTH_MAX)}-${hash}`;
}

/** Over the text that Go writes of the data: sorted keys, and characters escaped that HTML knows. */
export function revisionHash(data: JsonObject, collisions: number): string {
  return safeEncode(String(fnv1(goJson(data) + String(collisions))));
}

/** The oldest first. Among equal numbers, the older object. */
export function sortRevisions(revisions: readonly ControllerRevision[]): readonly ControllerRevision[] {
  const createdAt = ({ metadata }: ControllerRevision): number => parseTime(metadata.creationTimestamp);
  return revisions.toSorted(
    (a, b) =>
      a.revision - b.revision ||
      createdAt(a) - createdAt(b) ||
      (a.metadata.name < b.metadata.name ? -1 : Number(a.metadata.name > b.metadata.name)),
  );
}

export function nextRevisionNumber(sorted: readonly ControllerRevision[]): number {
  return (sorted.at(-1)?.revision ?? 0) + 1;
}

/** Whether both describe the same state. */
export function hasEqualData(a: Pick<ControllerRevision, 'data'>, b: Pick<ControllerRevision, 'data'>): boolean {
  return deepEqual(a.data, b.data);
}

/** The oldest ones that nothing uses, as far as there are more of them than the history keeps. */
export function surplusRevisions(
  sorted: readonly ControllerRevision[],
  inUse: ReadonlySet<string>,
  historyLimit: number,
): readonly ControllerRevision[] {
  const history = sorted.filter(({ metadata }) => !inUse.has(metadata.name));
  return history.slice(0, Math.max(0, history.length - historyLimit));
}

function goJson(value: JsonValue): string {
  const text = JSON.stringify(sortedKeys(value));
  return text.replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/**
 * A copy whose keys are in the order of their bytes, as those expect who compare the data of revisions byte by byte
 * (`kubectl rollout undo`). Keys that look like numbers come first in any case.
 */
export function sortedKeys<T extends JsonValue>(value: T): T;
export function sortedKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => sortedKeys(item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as JsonObject).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortedKeys(item)]));
}

/** FNV-1, 32 bits: it multiplies first. */
function fnv1(text: string): number {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(text)) hash = (Math.imul(hash, FNV_PRIME) ^ byte) >>> 0;
  return hash;
}
