import { deepEqual } from '../deep-equal.ts';
import type { JsonObject, JsonValue } from '../scalars.ts';
import type { ObjectSchema } from '../schema.ts';
import { parseApiVersion } from '../gvk.ts';
import { badRequest, failure } from '../status-error.ts';
import { conflictError } from './conflict-error.ts';
import {
  difference,
  EMPTY_FIELDS,
  intersection,
  isEmptySet,
  union,
  withNamedFields,
  type FieldSet,
} from './field-set.ts';
import { allowedByLastApplied, KUBECTL_MANAGER, withLastApplied } from './last-applied.ts';
import { decodeManagers, encodeManagers, managerId, type Manager, type Managers } from './managers.ts';
import { mergeObjects } from './merge-objects.ts';
import { fieldsOf } from './object-fields.ts';
import { removeFields } from './remove-fields.ts';
import { convertTo, schemaAt, versionedComparison, type ManagedType } from './typed-versions.ts';
import {
  emptyObject,
  entriesOf,
  metadataOf,
  ownable,
  reconcileManagers,
  takeFields,
  trackUpdate,
  withoutEntries,
  withoutReset,
} from './update-managed-fields.ts';
import { problemsText, validateApplied } from './validate-applied.ts';

/**
 * Server-side apply: lays an applied configuration over the live object, refuses to take fields that others own unless
 * forced to, and removes what the applier owned and no longer mentions.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal and
 * sigs.k8s.io/structured-merge-diff/v6/merge/update.go (v1.36)
 */
export interface ServerSideApply {
  readonly type: ManagedType;
  /** `status`, `scale`, ...; empty for the object itself. */
  readonly subresource: string;
  /** The object as it is, canonical and in the request's version; undefined if it does not exist. */
  readonly live: JsonObject | undefined;
  /** The configuration as the client sent it. */
  readonly applied: JsonObject;
  readonly manager: string;
  readonly force: boolean;
  /** RFC 3339, whole seconds. */
  readonly now: string;
}

/** The object to store: not defaulted yet, in no particular order of fields. Throws StatusError. */
export function applyServerSide(apply: ServerSideApply): JsonObject {
  const { type, applied, manager } = apply;
  checkApplied(type, applied);
  const live = apply.live ?? emptyObject(type);
  const entries = entriesOf(live);
  const managers = decodeManagers(entries);
  if (!managers) throw failure('', 'failed to decode managed fields');
  const before = withoutEntries(live);
  const known = managers.size > 0 ? managers : ownersBeforeFirstApply(apply, before);
  const plan = planApply(apply, before, known);
  if (plan.conflicts.size > 0 && !apply.force) refuseConflicts(apply, before, known, plan);
  const object = withManagers(plan, before, apply.now);
  return manager === KUBECTL_MANAGER ? withLastApplied(object, applied) : object;
}

function checkApplied(type: ManagedType, applied: JsonObject): void {
  const gvk = typeText(applied['apiVersion'], applied['kind']);
  if (gvk !== typeText(type.apiVersion, type.kind)) throw badRequest(`invalid object type: ${gvk}`);
  if (Array.isArray(metadataOf(applied)['managedFields'])) throw badRequest('metadata.managedFields must be nil');
  const problems = validateApplied(type.schema, applied);
  if (problems.length === 0) return;
  const { namespace = '', name = '' } = metadataOf(applied) as Readonly<Record<string, string>>;
  throw failure('', `failed to create typed patch object (${namespace}/${name}; ${gvk}): ${problemsText(problems)}`);
}

/** Whoever wrote the object before anybody applied owns all of it. */
function ownersBeforeFirstApply({ type, subresource, now }: ServerSideApply, before: JsonObject): Managers {
  const updater = {
    manager: 'before-first-apply',
    operation: 'Update',
    apiVersion: type.apiVersion,
    subresource,
  } as const;
  return trackUpdate(type, new Map(), emptyObject(type), before, updater, now);
}

interface ApplyPlan {
  readonly applier: string;
  readonly object: JsonObject;
  readonly managers: Managers;
  /** What others own and the apply would change, by `managerId`. */
  readonly conflicts: ReadonlyMap<string, FieldSet>;
  readonly known: Managers;
}

function planApply(
  { type, subresource, applied, manager }: ServerSideApply,
  before: JsonObject,
  known: Managers,
): ApplyPlan {
  const identity = {
    manager: manager || 'unknown',
    operation: 'Apply',
    apiVersion: type.apiVersion,
    subresource,
  } as const;
  const applier = managerId(identity);
  const reconciled = reconcileManagers(type, known);
  const last = reconciled.get(applier);
  const claimed = withoutReset(type, fieldsOf(type.schema, applied));
  const claiming = new Map(reconciled);
  claiming.set(applier, { ...identity, time: last?.time, fields: claimed });
  const merged = mergeObjects(type.schema, before, applied) as JsonObject;
  const object = pruneOwned(type, merged, claiming, last);
  const { managers, conflicts } = takeFields(claiming, versionedComparison(type, before, object), applier);
  const owned = new Map(managers);
  const fields = ownable(claimed);
  if (isEmptySet(fields)) owned.delete(applier);
  else owned.set(applier, { ...claiming.get(applier)!, fields });
  return { applier, object, managers: owned, conflicts, known };
}

/** Without what the applier owned, no longer claims, and nobody else owns. */
function pruneOwned(type: ManagedType, merged: JsonObject, managers: Managers, last: Manager | undefined): JsonObject {
  if (!last || isEmptySet(last.fields)) return merged;
  const schema = schemaAt(type, last.apiVersion);
  if (!schema) return merged;
  const owners = fieldsByVersion(managers, last.apiVersion);
  // Most applies let go of nothing: what somebody owns stays, and so does what is below it.
  if (isEmptySet(difference(last.fields, owners.get(last.apiVersion) ?? EMPTY_FIELDS))) return merged;
  const whole = convertTo(type, merged, type.apiVersion, last.apiVersion);
  const owned = withNamedFields(last.fields, schema);
  let pruned = removeFields(schema, whole, owned) as JsonObject;
  for (const [apiVersion, fields] of owners) {
    pruned = addBackOwned(type, { whole, pruned, version: last.apiVersion }, apiVersion, fields);
  }
  const gone = difference(namedFieldsOf(schema, whole), namedFieldsOf(schema, pruned));
  const result = removeFields(schema, whole, intersection(gone, owned)) as JsonObject;
  return convertTo(type, result, last.apiVersion, type.apiVersion);
}

function namedFieldsOf(schema: ObjectSchema, object: JsonObject): FieldSet {
  return withNamedFields(fieldsOf(schema, object), schema);
}

/** All that is owned in each version, that of the last apply first. */
function fieldsByVersion(managers: Managers, first: string): Map<string, FieldSet> {
  const byVersion = new Map<string, FieldSet>();
  const sorted = [...managers.values()].sort((a, b) => Number(b.apiVersion === first) - Number(a.apiVersion === first));
  for (const { apiVersion, fields } of sorted) {
    const others = byVersion.get(apiVersion);
    byVersion.set(apiVersion, others ? union(others, fields) : fields);
  }
  return byVersion;
}

function addBackOwned(
  type: ManagedType,
  objects: { readonly whole: JsonObject; readonly pruned: JsonObject; readonly version: string },
  apiVersion: string,
  owned: FieldSet,
): JsonObject {
  const schema = schemaAt(type, apiVersion);
  if (!schema) return objects.pruned;
  const whole = convertTo(type, objects.whole, objects.version, apiVersion);
  const pruned = convertTo(type, objects.pruned, objects.version, apiVersion);
  const kept = union(namedFieldsOf(schema, pruned), withNamedFields(owned, schema));
  const result = removeFields(schema, whole, difference(namedFieldsOf(schema, whole), kept)) as JsonObject;
  return convertTo(type, result, apiVersion, objects.version);
}

/** kubectl may take over from its own client-side apply; everybody else's conflicts are errors. */
function refuseConflicts(apply: ServerSideApply, before: JsonObject, known: Managers, plan: ApplyPlan): void {
  let { conflicts } = plan;
  if (apply.manager === KUBECTL_MANAGER) {
    const allowed = allowedByLastApplied(apply.type, before);
    if (allowed) conflicts = withoutAllowed(conflicts, allowed);
  }
  if (conflicts.size > 0) throw conflictError(conflicts, known);
}

function withoutAllowed(conflicts: ReadonlyMap<string, FieldSet>, allowed: FieldSet): ReadonlyMap<string, FieldSet> {
  const rest = [...conflicts].map(([id, fields]) => [id, difference(fields, allowed)] as const);
  return new Map(rest.filter(([, fields]) => !isEmptySet(fields)));
}

/** The applier's time is that of its last apply which changed the object. */
function withManagers({ applier, object, managers }: ApplyPlan, before: JsonObject, now: string): JsonObject {
  const changed = !deepEqual(before, object);
  const timed = new Map(managers);
  const own = timed.get(applier);
  if (own && changed) timed.set(applier, { ...own, time: now });
  const entries = encodeManagers(timed);
  const result = changed ? object : before;
  if (!entries) return result;
  return { ...result, metadata: { ...metadataOf(result), managedFields: entries as unknown as JsonValue } };
}

/** `apps/v1, Kind=Deployment`; the core group leaves a bare slash. */
function typeText(apiVersion: unknown, kind: unknown): string {
  const text = typeof apiVersion === 'string' && apiVersion.split('/').length <= 2 ? apiVersion : '';
  const { group, version } = parseApiVersion(text);
  return `${group}/${version}, Kind=${typeof kind === 'string' ? kind : ''}`;
}
