/**
 * Who owns which field: kept with every write, and decided by for server-side apply.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/fieldmanager and the GetResetFields functions of the
 * strategies in pkg/registry (v1.36)
 */
import { formatTime } from '@kts/base';
import {
  apiVersionOf,
  applyServerSide,
  badRequest,
  decodeObject,
  deepEqual,
  fromScaleManagedFields,
  internalError,
  toScaleManagedFields,
  updateManagedFields,
  wrapIntegers,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  type ManagedFieldsEntry,
  type ManagedType,
} from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import { finishDraft, goTypeName, type BodyType } from './decode-body.ts';
import { draftOf, setOrDelete, type ObjectDraft } from './object-draft.ts';
import { canonicalForm } from './put-object.ts';
import type { RequestScope } from './request-scope.ts';
import { resetFields } from './reset-fields.ts';
import type { WriteOptions } from './write-options.ts';

/** What is written through. */
type TrackedEndpoint = Pick<RequestScope, 'registry' | 'definition' | 'subresource'>;

/** Records a write that is no apply in the draft's managed fields. */
export function trackUpdate(
  scope: TrackedEndpoint,
  old: KubeObject | undefined,
  draft: ObjectDraft,
  manager: string,
  type: BodyType = scope.definition,
): void {
  const entries = updateManagedFields({
    type: managedType(scope, type),
    subresource: scope.subresource,
    live: old as unknown as JsonObject | undefined,
    object: draft as unknown as JsonObject,
    manager,
    now: formatTime(scope.registry.clock.now()),
  });
  setOrDelete(draft.metadata, 'managedFields', entries);
}

/** What server-side apply makes of an object, with defaults. Throws what the client gets. */
export function appliedDraft(
  scope: RequestScope,
  old: KubeObject | undefined,
  applied: JsonValue,
  options: WriteOptions,
  type: BodyType,
): ObjectDraft {
  if (applied !== null && (typeof applied !== 'object' || Array.isArray(applied))) {
    const text = `json: cannot unmarshal ${goTypeName(applied)} into Go value of type map[string]interface {}`;
    throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${text}`);
  }
  const merged = applyServerSide({
    type: managedType(scope, type),
    subresource: scope.subresource,
    live: old as unknown as JsonObject | undefined,
    applied: (applied ?? {}) as JsonObject,
    manager: options.fieldManager,
    force: options.force,
    now: formatTime(scope.registry.clock.now()),
  });
  const object = type.behaviour?.coerce ? merged : converted(type, merged);
  // What was not applied is still shared with the live object.
  return finishDraft(draftOf(canonicalForm(type, object as unknown as KubeObject)), type);
}

/** Throws InternalError, as upstream does, for values that no field can hold. */
function converted({ schema }: BodyType, merged: JsonObject): JsonObject {
  if (decodeObject(schema, merged).error === undefined) return merged;
  const object = wrapIntegers(schema, merged) as JsonObject;
  const { error } = decodeObject(schema, object);
  if (error !== undefined) throw internalError(`failed to convert new object to proper version: ${error}`);
  return object;
}

/** A write that changes nothing but the times in managed fields changes nothing. */
export function forgetTimestampOnlyChanges(draft: ObjectDraft, old: KubeObject): void {
  const entries = draft.metadata.managedFields;
  const before = old.metadata.managedFields;
  if (!entries || !before || !deepEqual(entries.map(withoutTime), before.map(withoutTime))) return;
  const { metadata, ...rest } = draft;
  const { metadata: oldMetadata, ...oldRest } = old;
  const same =
    deepEqual(rest, oldRest) && deepEqual({ ...metadata, managedFields: [] }, { ...oldMetadata, managedFields: [] });
  if (same) metadata.managedFields = before;
}

function withoutTime({ time: _time, ...entry }: ManagedFieldsEntry): Omit<ManagedFieldsEntry, 'time'> {
  return entry;
}

const REPLICAS: readonly string[] = ['spec', 'replicas'];

/** The managed fields that an object's scale shows. */
export function scaleManagedFields(
  definition: ResourceDefinition,
  parent: KubeObject,
  replicas: readonly string[] = REPLICAS,
): readonly ManagedFieldsEntry[] | undefined {
  return toScaleManagedFields(parent.metadata.managedFields, { [apiVersionOf(definition)]: replicas });
}

/** Takes over into the parent who owns its replicas after a write of its scale. */
export function scaleToParent(
  definition: ResourceDefinition,
  old: KubeObject,
  scale: ObjectDraft,
  parent: ObjectDraft,
  replicas: readonly string[] = REPLICAS,
): void {
  const apiVersion = apiVersionOf(definition);
  const { managedFields } = scale.metadata;
  const entries = fromScaleManagedFields(old.metadata.managedFields, managedFields, apiVersion, {
    [apiVersion]: replicas,
  });
  setOrDelete(parent.metadata, 'managedFields', entries);
}

function managedType({ definition, registry, subresource }: TrackedEndpoint, type: BodyType): ManagedType {
  const reset = type === definition ? resetFields(definition, subresource) : undefined;
  const { conversion } = definition;
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    schema: type.schema,
    ...(reset ? { resetFields: reset } : {}),
    ...(conversion
      ? {
          versions: {
            schema: (apiVersion) => versionOf(registry.catalog.all(), definition, apiVersion)?.schema,
            convert: (object, from, to) => {
              if (conversion.between) {
                return conversion.between(object as unknown as KubeObject, to) as unknown as JsonObject;
              }
              const stored = from === apiVersionOf(definition);
              const converted = stored
                ? conversion.toStorage(object as unknown as KubeObject)
                : conversion.fromStorage(object as unknown as KubeObject);
              return converted as unknown as JsonObject;
            },
          },
        }
      : {}),
  };
}

function versionOf(
  definitions: Iterable<ResourceDefinition>,
  definition: ResourceDefinition,
  apiVersion: string,
): ResourceDefinition | undefined {
  for (const other of definitions) {
    if (other.storagePrefix === definition.storagePrefix && apiVersionOf(other) === apiVersion) return other;
  }
  return undefined;
}
