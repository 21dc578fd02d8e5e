/**
 * The rules that the metadata of every kind obeys.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go (v1.36)
 */
import {
  deepEqual,
  FieldPath,
  forbidden,
  invalid,
  isDNS1123Label,
  isLabelValue,
  isPathSegmentName,
  isQualifiedName,
  nameIsDNSSubdomain,
  parseApiVersion,
  required,
  tooLong,
  type FieldError,
  type ManagedFieldsEntry,
  type ObjectMeta,
  type OwnerReference,
} from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import { validateFieldManager } from './write-options.ts';

const ANNOTATIONS_BYTES_MAX = 256 * 1024;
const SUBRESOURCE_BYTES_MAX = 256;
export const FINALIZER_ORPHAN = 'orphan';
export const FINALIZER_FOREGROUND = 'foregroundDeletion';

type NameRule = (name: string, isPrefix: boolean) => readonly string[];

const METADATA = FieldPath.of('metadata');

/** Metadata by the kind's own rule for names. */
export function validateMetadata(definition: ResourceDefinition, metadata: ObjectMeta): FieldError[] {
  const rule = definition.behaviour.validateName?.bind(definition.behaviour) ?? nameIsDNSSubdomain;
  const errors = validateMetadataWith(definition.namespaced, metadata, rule);
  return definition.schema.name === '' ? errors : [...errors, ...validateBareFinalizers(metadata.finalizers ?? [])];
}

/** Metadata by the rule for all kinds: a name has to fit into a path. */
export function validateCommonMetadata(definition: ResourceDefinition, metadata: ObjectMeta): FieldError[] {
  return validateMetadataWith(definition.namespaced, metadata, isPathSegmentName);
}

function validateMetadataWith(namespaced: boolean, metadata: ObjectMeta, rule: NameRule): FieldError[] {
  const errors: FieldError[] = [];
  const { name, generateName, namespace } = metadata;
  if (generateName) {
    for (const text of rule(generateName, true))
      errors.push(invalid(METADATA.child('generateName'), generateName, text));
  }
  if (!name) errors.push(required(METADATA.child('name'), 'name or generateName is required'));
  else for (const text of rule(name, false)) errors.push(invalid(METADATA.child('name'), name, text));
  const namespacePath = METADATA.child('namespace');
  if (namespaced && !namespace) errors.push(required(namespacePath));
  else if (namespaced)
    for (const text of isDNS1123Label(namespace!)) errors.push(invalid(namespacePath, namespace, text));
  else if (namespace) errors.push(forbidden(namespacePath, 'not allowed on this type'));
  if ((metadata.generation ?? 0) < 0) {
    errors.push(invalid(METADATA.child('generation'), metadata.generation, 'must be greater than or equal to 0'));
  }
  errors.push(...validateLabels(metadata.labels), ...validateAnnotations(metadata.annotations));
  errors.push(...validateOwnerReferences(metadata.ownerReferences ?? []));
  errors.push(...validateFinalizers(metadata.finalizers ?? []));
  return [...errors, ...validateManagedFields(metadata.managedFields ?? [])];
}

/** What may not change about an object once it exists. */
export function validateMetadataUpdate(metadata: ObjectMeta, old: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp) errors.push(...validateNoNewFinalizers(metadata.finalizers ?? [], old.finalizers ?? []));
  if (!metadata.resourceVersion) {
    const path = METADATA.child('resourceVersion');
    errors.push(invalid(path, metadata.resourceVersion ?? '', 'must be specified for an update'));
  }
  if ((metadata.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(METADATA.child('generation'), metadata.generation ?? 0, 'must not be decremented'));
  }
  for (const field of IMMUTABLE) {
    if (!deepEqual(metadata[field] || undefined, old[field] || undefined)) {
      errors.push(invalid(METADATA.child(field), metadata[field], 'field is immutable'));
    }
  }
  errors.push(...validateLabels(metadata.labels), ...validateAnnotations(metadata.annotations));
  errors.push(...validateOwnerReferences(metadata.ownerReferences ?? []));
  return [...errors, ...validateManagedFields(metadata.managedFields ?? [])];
}

const IMMUTABLE = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

function validateLabels(labels: Readonly<Record<string, string>> | undefined): FieldError[] {
  const path = METADATA.child('labels');
  const errors: FieldError[] = [];
  for (const key in labels) {
    for (const text of isQualifiedName(key)) errors.push(invalid(path, key, text));
    for (const text of isLabelValue(labels[key]!)) errors.push(invalid(path, labels[key], text));
  }
  return errors;
}

function validateAnnotations(annotations: Readonly<Record<string, string>> | undefined): FieldError[] {
  const path = METADATA.child('annotations');
  const errors: FieldError[] = [];
  let size = 0;
  for (const key in annotations) {
    for (const text of isQualifiedName(key.toLowerCase())) errors.push(invalid(path, key, text));
    size += Buffer.byteLength(key) + Buffer.byteLength(annotations[key]!);
  }
  if (size > ANNOTATIONS_BYTES_MAX) errors.push(tooLong(path, ANNOTATIONS_BYTES_MAX));
  return errors;
}

function validateOwnerReferences(references: readonly OwnerReference[]): FieldError[] {
  const path = METADATA.child('ownerReferences');
  const errors: FieldError[] = [];
  let controller = '';
  for (const reference of references) {
    const { group, version } = parseApiVersion(reference.apiVersion);
    if (!version) errors.push(invalid(path.child('apiVersion'), reference.apiVersion, 'version must not be empty'));
    if (!reference.kind) errors.push(invalid(path.child('kind'), reference.kind, 'must not be empty'));
    if (!reference.name) errors.push(invalid(path.child('name'), reference.name, 'must not be empty'));
    if (!reference.uid) errors.push(invalid(path.child('uid'), reference.uid, 'must not be empty'));
    if (group === '' && version === 'v1' && reference.kind === 'Event') {
      errors.push(invalid(path, reference, '/v1, Kind=Event is disallowed from being an owner'));
    }
    if (reference.controller !== true) continue;
    const name = `${reference.kind}/${reference.name}`;
    if (controller !== '') {
      const text = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
      errors.push(invalid(path, references, text));
    } else controller = name;
  }
  return errors;
}

function validateFinalizers(finalizers: readonly string[]): FieldError[] {
  const path = METADATA.child('finalizers');
  const errors = finalizers.flatMap((name) => isQualifiedName(name).map((text) => invalid(path, name, text)));
  if (finalizers.includes(FINALIZER_ORPHAN) && finalizers.includes(FINALIZER_FOREGROUND)) {
    const text = `finalizer ${FINALIZER_ORPHAN} and ${FINALIZER_FOREGROUND} cannot be both set`;
    errors.push(invalid(path, finalizers, text));
  }
  return errors;
}

const BARE_FINALIZERS: ReadonlySet<string> = new Set(['kubernetes', FINALIZER_ORPHAN, FINALIZER_FOREGROUND]);

/** Built-in kinds take names without a domain only from Kubernetes itself. */
function validateBareFinalizers(finalizers: readonly string[]): FieldError[] {
  const text = 'name is neither a standard finalizer name nor is it fully qualified';
  return finalizers.flatMap((name, index) =>
    name.includes('/') || BARE_FINALIZERS.has(name) || isQualifiedName(name).length > 0
      ? []
      : [invalid(METADATA.child('finalizers').index(index), name, text)],
  );
}

function validateNoNewFinalizers(finalizers: readonly string[], old: readonly string[]): FieldError[] {
  const extra = finalizers.filter((name) => !old.includes(name)).sort();
  if (extra.length === 0) return [];
  const list = extra.map((name) => JSON.stringify(name)).join(', ');
  const text = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  return [forbidden(METADATA.child('finalizers'), text)];
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, entry] of entries.entries()) {
    const path = METADATA.child('managedFields').index(index);
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(invalid(path.child('operation'), entry.operation ?? '', 'must be `Apply` or `Update`'));
    }
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
      errors.push(invalid(path.child('fieldsType'), entry.fieldsType, 'must be `FieldsV1`'));
    }
    errors.push(...validateFieldManager(entry.manager ?? '', path.child('manager')));
    if (Buffer.byteLength(entry.subresource ?? '') > SUBRESOURCE_BYTES_MAX) {
      errors.push(tooLong(path.child('subresource'), SUBRESOURCE_BYTES_MAX));
    }
  }
  return errors;
}
