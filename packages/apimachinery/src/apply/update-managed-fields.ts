import { canonicalObject } from '../decode-object.ts';
import type { ManagedFieldsEntry } from '../gen/meta-v1.gen.ts';
import type { JsonObject } from '../scalars.ts';
import { carrySentEmpty } from '../sent-empty.ts';
import {
  difference,
  EMPTY_FIELDS,
  fieldSetOfNames,
  intersection,
  isEmptySet,
  recursiveDifference,
  union,
  type FieldSet,
} from './field-set.ts';
import {
  capManagers,
  decodeManagers,
  encodeManagers,
  managerId,
  withoutEmpty,
  type Manager,
  type Managers,
} from './managers.ts';
import { reconcileFields } from './reconcile-fields.ts';
import { resetFieldsAt, schemaAt, versionedComparison, type ManagedType } from './typed-versions.ts';

/**
 * Managed fields after a write that is no apply: whoever changes a field owns it, and whatever is gone belongs to
 * nobody.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/fieldmanager.go and
 * sigs.k8s.io/structured-merge-diff/v6/merge/update.go (v1.36)
 */
export interface ManagedUpdate {
  readonly type: ManagedType;
  /** `status`, `scale`, ...; empty for the object itself. */
  readonly subresource: string;
  /** Before the write; undefined when the object is being created. Both objects are canonical. */
  readonly live: JsonObject | undefined;
  /** After it; its managedFields are what the client sent. */
  readonly object: JsonObject;
  /** Who writes; empty counts as `unknown`. */
  readonly manager: string;
  /** RFC 3339, whole seconds. */
  readonly now: string;
}

/** The object's new `metadata.managedFields`; undefined if there are to be none. */
export function updateManagedFields(update: ManagedUpdate): readonly ManagedFieldsEntry[] | undefined {
  const { type, live, object, subresource } = update;
  const managers = startingManagers(entriesOf(live), entriesOf(object), subresource !== '');
  if (managers.size === 0 && uidOf(live) !== '') return undefined;
  const before = withoutEntries(live ?? emptyObject(type));
  return encodeManagers(trackUpdate(type, managers, before, withoutEntries(object), updaterOf(update), update.now));
}

/**
 * What a write of `updater` that turns `before` into `after` does to who owns what: nothing where the object is not of its
 * type. Where it is not in a version that somebody else has written, nobody owns anything any more.
 */
export function trackUpdate(
  type: ManagedType,
  managers: Managers,
  before: JsonObject,
  after: JsonObject,
  updater: Omit<Manager, 'time' | 'fields'>,
  now: string,
): Managers {
  const compare = versionedComparison(type, before, after);
  const { modified, added, untyped } = compare(type.apiVersion)!;
  if (untyped) return managers;
  const others = new Set(managers.values().map(({ apiVersion }) => apiVersion));
  if (others.size > 1 || !others.has(type.apiVersion)) {
    if (others.values().some((apiVersion) => compare(apiVersion)?.untyped === true)) return new Map();
  }
  const remaining = takeFields(reconcileManagers(type, managers), compare, undefined).managers;
  const taken = ownable(union(modified, added));
  const updated = new Map(remaining);
  if (!isEmptySet(taken)) {
    const id = managerId(updater);
    const previous = updated.get(id)?.fields ?? EMPTY_FIELDS;
    updated.set(id, { ...updater, time: now, fields: union(taken, previous) });
  }
  return capManagers(updated);
}

/** Fields of `conflicts` are what others own and the change touches. */
export interface TakenFields {
  readonly managers: Managers;
  readonly conflicts: ReadonlyMap<string, FieldSet>;
}

/** Takes from every manager but `except` what a change removed, and what it changed or added. */
export function takeFields(
  managers: Managers,
  compare: ReturnType<typeof versionedComparison>,
  except: string | undefined,
): TakenFields {
  const conflicts = new Map<string, FieldSet>();
  const remaining = new Map<string, Manager>();
  for (const [id, manager] of managers) {
    const comparison = id === except ? undefined : compare(manager.apiVersion);
    if (!comparison) {
      if (id === except) remaining.set(id, manager);
      continue;
    }
    const { modified, added, removed } = comparison;
    const conflict = union(intersection(manager.fields, modified), intersection(manager.fields, added));
    if (!isEmptySet(conflict)) conflicts.set(id, conflict);
    remaining.set(id, withFields(manager, difference(difference(manager.fields, conflict), removed)));
  }
  return { managers: withoutEmpty(remaining), conflicts };
}

/** Drops managers of versions that are no more, and brings the others' fields in line with the schema. */
export function reconcileManagers(type: ManagedType, managers: Managers): Managers {
  const reconciled = new Map<string, Manager>();
  for (const [id, manager] of managers) {
    const schema = schemaAt(type, manager.apiVersion);
    if (schema) reconciled.set(id, withFields(manager, reconcileFields(schema, manager.fields)));
  }
  return reconciled;
}

function withFields(manager: Manager, fields: FieldSet): Manager {
  return fields === manager.fields ? manager : { ...manager, fields };
}

/** Without what nobody ever owns: what identifies the object, and what only the server sets. */
export const ownable = (fields: FieldSet): FieldSet => difference(fields, NEVER_OWNED);

export function withoutReset(type: ManagedType, fields: FieldSet): FieldSet {
  const reset = resetFieldsAt(type, type.apiVersion);
  return reset ? recursiveDifference(fields, reset) : fields;
}

/** An object of the type on which nothing is set. */
export function emptyObject(type: ManagedType): JsonObject {
  return canonicalObject(type.schema, {}) as JsonObject;
}

export function entriesOf(object: JsonObject | undefined): readonly ManagedFieldsEntry[] | undefined {
  const { managedFields } = metadataOf(object);
  return Array.isArray(managedFields) ? (managedFields as unknown as readonly ManagedFieldsEntry[]) : undefined;
}

export function withoutEntries(object: JsonObject): JsonObject {
  const { managedFields: _, ...metadata } = metadataOf(object);
  return _ === undefined ? object : carrySentEmpty(object, { ...object, metadata });
}

export function uidOf(object: JsonObject | undefined): string {
  const { uid } = metadataOf(object);
  return typeof uid === 'string' ? uid : '';
}

export function metadataOf(object: JsonObject | undefined): JsonObject {
  return (object?.['metadata'] ?? {}) as JsonObject;
}

const NEVER_OWNED = fieldSetOfNames(
  ['apiVersion'],
  ['kind'],
  ['metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['metadata', name]),
);

/**
 * A client may rewrite managed fields, or reset them with an empty list or entry. One that leaves them out does not
 * mean to; subresources may not touch them.
 */
function startingManagers(
  live: readonly ManagedFieldsEntry[] | undefined,
  sent: readonly ManagedFieldsEntry[] | undefined,
  isSubresource: boolean,
): Managers {
  const isReset = sent?.length === 0 || (sent?.length === 1 && Object.keys(sent[0]!).length === 0);
  if (isReset && !isSubresource) return new Map();
  const own = isSubresource ? undefined : decodeManagers(sent);
  return own && own.size > 0 ? own : (decodeManagers(live) ?? new Map());
}

function updaterOf({ manager, subresource, type }: ManagedUpdate): Omit<Manager, 'time' | 'fields'> {
  return { manager: manager || 'unknown', operation: 'Update', apiVersion: type.apiVersion, subresource };
}
