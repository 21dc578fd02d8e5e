import type { ManagedFieldsEntry } from '../gen/meta-v1.gen.ts';
import { difference, fieldSetOfNames, hasPath, isEmptySet, type FieldSet } from './field-set.ts';
import { decodeManagers, encodeManagers, type Manager, type Managers } from './managers.ts';
import { fieldElement } from './path-element.ts';

/**
 * Managed fields between an object and its `scale` subresource: who owns the number of replicas there owns it here.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go (v1.36)
 */
type Entries = readonly ManagedFieldsEntry[] | undefined;

/** Where the replicas are in each version of the object, such as `['spec', 'replicas']`. */
export type ReplicasPaths = Readonly<Record<string, readonly string[]>>;

const SCALE_VERSION = 'autoscaling/v1';
const SCALE_PATH = ['spec', 'replicas'];

/** The entries of the scale: of managers that own the replicas of the object. */
export function toScaleManagedFields(entries: Entries, paths: ReplicasPaths): Entries {
  const owners = new Map<string, Manager>();
  for (const [id, manager] of decodeManagers(entries) ?? new Map<string, Manager>()) {
    const path = paths[manager.apiVersion];
    if (!path || !ownsPath(manager.fields, path)) continue;
    owners.set(id, { ...manager, apiVersion: SCALE_VERSION, fields: fieldSetOfNames(SCALE_PATH) });
  }
  return encodeManagers(owners);
}

/**
 * The entries of the object after its scale was written and got `scaleEntries`. `apiVersion` is the object's. As
 * upstream does it, an update of the scale has no time here.
 */
export function fromScaleManagedFields(
  entries: Entries,
  scaleEntries: Entries,
  apiVersion: string,
  paths: ReplicasPaths,
): Entries {
  const parents: Managers = decodeManagers(entries) ?? new Map();
  const scales = new Map(decodeManagers(scaleEntries));
  const result = new Map<string, Manager>();
  for (const [id, manager] of parents) {
    const path = paths[manager.apiVersion];
    if (!path) continue;
    if (!ownsPath(manager.fields, path) || scales.delete(id)) {
      result.set(id, manager);
      continue;
    }
    const fields = difference(manager.fields, fieldSetOfNames(path));
    if (!isEmptySet(fields)) result.set(id, { ...manager, fields });
  }
  const path = paths[apiVersion];
  for (const [id, manager] of scales) {
    if (!path || !ownsPath(manager.fields, SCALE_PATH)) continue;
    result.set(id, { ...manager, apiVersion, time: parents.get(id)?.time, fields: fieldSetOfNames(path) });
  }
  return encodeManagers(result);
}

function ownsPath(fields: FieldSet, path: readonly string[]): boolean {
  return hasPath(fields, path.map(fieldElement));
}
