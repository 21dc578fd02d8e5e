import type { ManagedFieldsEntry } from '../gen/meta-v1.gen.ts';
import type { JsonObject, JsonValue } from '../scalars.ts';
import { parseTime } from '../time.ts';
import { decodeFieldsV1, encodeFieldsV1, isEmptySet, union, type FieldSet } from './field-set.ts';

/**
 * Who owns which fields of an object: `metadata.managedFields` in a form that can be computed with.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/{managedfields,capmanagers}.go (v1.36)
 */
export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
  /** What it was decoded from: most managers that a write decodes it encodes again as they were. */
  readonly entry?: ManagedFieldsEntry;
}

/** By `managerId`. */
export type Managers = ReadonlyMap<string, Manager>;

/** Updates by more managers than this are merged into `ancient-changes`. */
export const UPDATE_MANAGERS_MAX = 10;
const OLD_UPDATES_MANAGER = 'ancient-changes';

type Identity = Pick<Manager, 'manager' | 'operation' | 'apiVersion' | 'subresource'>;

/** One and the same for the entries that a manager's operations update. An applier keeps its entry in any version. */
export function managerId({ manager, operation, apiVersion, subresource }: Identity): string {
  return JSON.stringify({ manager, operation, apiVersion: operation === 'Apply' ? '' : apiVersion, subresource });
}

/** Undefined if an entry makes no sense; then all are to be ignored. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers | undefined {
  const managers = new Map<string, Manager>();
  for (const entry of entries ?? []) {
    const { manager = '', operation, apiVersion, subresource = '', time } = entry;
    if ((operation !== 'Apply' && operation !== 'Update') || !apiVersion || entry.fieldsType !== 'FieldsV1')
      return undefined;
    try {
      const fields = decodeFieldsV1(entry.fieldsV1 as JsonValue | undefined);
      managers.set(managerId({ manager, operation, apiVersion, subresource }), {
        manager,
        operation,
        apiVersion,
        subresource,
        time,
        fields,
        entry,
      });
    } catch {
      return undefined;
    }
  }
  return managers;
}

/** In the API's order: appliers first, each kind by time, then by name. Undefined if there is nobody. */
export function encodeManagers(managers: Managers): readonly ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined;
  return [...managers.values()].sort(compareManagers).map(encodeManager);
}

function encodeManager(known: Manager): ManagedFieldsEntry {
  const { manager, operation, apiVersion, subresource, time, fields } = known;
  const fieldsV1 = encodeFieldsV1(fields);
  if (known.entry && isSameEntry(known.entry, known, fieldsV1)) return known.entry;
  return {
    ...(manager ? { manager } : {}),
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...(subresource ? { subresource } : {}),
  };
}

function isSameEntry(entry: ManagedFieldsEntry, known: Manager, fieldsV1: JsonObject): boolean {
  return entry.fieldsV1 === fieldsV1 && entry.time === known.time && entry.apiVersion === known.apiVersion;
}

/** Merges the oldest updaters, per version, until there are no more than UPDATE_MANAGERS_MAX. */
export function capManagers(managers: Managers): Managers {
  if (managers.size <= UPDATE_MANAGERS_MAX) return managers;
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  if (updaters.length <= UPDATE_MANAGERS_MAX) return managers;
  updaters.sort(([a, left], [b, right]) => seconds(left) - seconds(right) || compareText(a, b));
  const capped = new Map(managers);
  const firstOfVersion = new Map<string, string>();
  let count = updaters.length;
  for (const [id, updater] of updaters) {
    if (count <= UPDATE_MANAGERS_MAX) break;
    const { apiVersion, time } = updater;
    const bucketIdentity = { manager: OLD_UPDATES_MANAGER, operation: 'Update', apiVersion, subresource: '' } as const;
    const bucketId = managerId(bucketIdentity);
    const first = firstOfVersion.get(apiVersion);
    if (first === undefined) {
      firstOfVersion.set(apiVersion, id);
      continue;
    }
    const bucket = capped.get(bucketId) ?? capped.get(first)!;
    if (!capped.has(bucketId)) capped.delete(first);
    capped.delete(id);
    capped.set(bucketId, { ...bucketIdentity, time, fields: union(updater.fields, bucket.fields) });
    count--;
  }
  return capped;
}

/** Without those who own nothing. */
export function withoutEmpty(managers: Managers): Managers {
  const owning = new Map<string, Manager>();
  for (const [id, manager] of managers) if (!isEmptySet(manager.fields)) owning.set(id, manager);
  return owning;
}

function compareManagers(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    compareTimes(a, b) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

function compareTimes(a: Manager, b: Manager): number {
  return a.time === b.time ? 0 : seconds(a) - seconds(b);
}

function seconds({ time }: Manager): number {
  return time === undefined ? 0 : Math.floor(parseTime(time) / 1000);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
