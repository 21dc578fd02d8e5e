/**
 * What metadata of any object must look like.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go and apis/meta/v1/validation (v1.36)
 */
import {
  FieldPath,
  forbidden,
  invalid,
  isQualifiedName,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
  parseApiVersion,
  required,
  tooLong,
  wasSentEmpty,
  type FieldError,
  type GroupVersion,
  type ManagedFieldsEntry,
  type ObjectMeta,
  type OwnerReference,
  type TemplateMeta,
} from '@kts/apimachinery';
import { byteLength, checkImmutable, invalidEach, NEGATIVE } from './field-checks.ts';
import { validateAnnotations, validateLabels } from './label-validation.ts';

const FIELD_MANAGER_BYTES_MAX = 128;
const SUBRESOURCE_BYTES_MAX = 256;
const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';
/** The finalizers without a domain that Kubernetes itself uses. */
const STANDARD_FINALIZERS = new Set(['kubernetes', ORPHAN, FOREGROUND]);

export interface MetadataRules {
  readonly namespaced: boolean;
  /** Absent: a DNS-1123 subdomain. */
  readonly validateName?: ((name: string, isPrefix: boolean) => readonly string[]) | undefined;
}

/** The metadata of a new object, after its name has been generated. */
export function validateObjectMeta(
  meta: TemplateMeta,
  rules: MetadataRules,
  path: FieldPath = FieldPath.of('metadata'),
): FieldError[] {
  const validateName = rules.validateName ?? nameIsDNSSubdomain;
  const { name, generateName } = meta;
  const errors: FieldError[] = [];
  if (generateName)
    errors.push(...invalidEach(path.child('generateName'), generateName, validateName(generateName, true)));
  if (name) errors.push(...invalidEach(path.child('name'), name, validateName(name, false)));
  else errors.push(required(path.child('name'), 'name or generateName is required'));
  errors.push(...validateNamespace(meta, rules, path.child('namespace')));
  if ((meta.generation ?? 0) < 0) errors.push(invalid(path.child('generation'), meta.generation, NEGATIVE));
  errors.push(
    ...validateLabels(meta.labels, path.child('labels')),
    ...validateAnnotations(meta.annotations, path.child('annotations')),
    ...validateOwnerReferences(meta.ownerReferences ?? [], path.child('ownerReferences')),
    ...validateFinalizers(meta.finalizers ?? [], path.child('finalizers')),
    ...validateManagedFields(meta.managedFields ?? [], path.child('managedFields')),
    ...validateStandardFinalizers(meta.finalizers ?? [], (index) => path.child('finalizers').index(index)),
  );
  return errors;
}

/** What an update may not do to metadata. */
export function validateObjectMetaUpdate(
  meta: ObjectMeta,
  old: ObjectMeta,
  path: FieldPath = FieldPath.of('metadata'),
): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp) {
    const added = [...new Set(meta.finalizers)].filter((name) => !old.finalizers?.includes(name)).toSorted();
    if (added.length > 0) {
      const list = `[]string{${added.map((name) => JSON.stringify(name)).join(', ')}}`;
      const text = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
      errors.push(forbidden(path.child('finalizers'), text));
    }
  }
  if (!meta.resourceVersion) {
    errors.push(invalid(path.child('resourceVersion'), meta.resourceVersion ?? '', 'must be specified for an update'));
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(path.child('generation'), meta.generation ?? 0, 'must not be decremented'));
  }
  for (const field of IMMUTABLE_FIELDS) errors.push(...checkImmutable(meta[field], old[field], path.child(field)));
  errors.push(
    ...validateLabels(meta.labels, path.child('labels')),
    ...validateAnnotations(meta.annotations, path.child('annotations')),
    ...validateOwnerReferences(meta.ownerReferences ?? [], path.child('ownerReferences')),
    ...validateManagedFields(meta.managedFields ?? [], path.child('managedFields')),
    ...validateStandardFinalizers(meta.finalizers ?? [], (index) => path.child('finalizers').index(index)),
  );
  return errors;
}

const IMMUTABLE_FIELDS = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

/** Metadata of a template: only what is copied to the objects made from it. */
export function validateTemplateMeta(meta: TemplateMeta | undefined, path: FieldPath): FieldError[] {
  return [
    ...validateAnnotations(meta?.annotations, path.child('annotations')),
    ...validateLabels(meta?.labels, path.child('labels')),
  ];
}

/** In Go's order. */
const TEMPLATE_FORBIDDEN = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'ownerReferences',
  'finalizers',
  'managedFields',
] as const satisfies readonly (keyof TemplateMeta)[];

/** Metadata of a claim's template: nothing else may be set. */
export function validateClaimTemplateMeta(meta: TemplateMeta | undefined, path: FieldPath): FieldError[] {
  const extra = TEMPLATE_FORBIDDEN.filter((field) => meta?.[field] !== undefined || wasSentEmpty(meta, field));
  return [
    ...validateTemplateMeta(meta, path),
    ...extra.map((field) => forbidden(path.child(field === 'uid' ? 'uID' : field), 'cannot be set')),
  ];
}

function validateNamespace(meta: TemplateMeta, rules: MetadataRules, path: FieldPath): FieldError[] {
  if (!rules.namespaced) return meta.namespace ? [forbidden(path, 'not allowed on this type')] : [];
  if (!meta.namespace) return [required(path)];
  return invalidEach(path, meta.namespace, nameIsDNSLabel(meta.namespace, false));
}

function validateOwnerReferences(references: readonly OwnerReference[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let controller: string | undefined;
  for (const reference of references) {
    errors.push(...validateOwnerReference(reference, path));
    if (!reference.controller) continue;
    const name = `${reference.kind}/${reference.name}`;
    if (controller !== undefined) {
      const text = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
      errors.push(invalid(path, references, text));
    }
    controller ??= name;
  }
  return errors;
}

function validateOwnerReference(reference: OwnerReference, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { group, version } = ownerGroupVersion(reference.apiVersion ?? '');
  if (!version) errors.push(invalid(path.child('apiVersion'), reference.apiVersion ?? '', 'version must not be empty'));
  for (const field of ['kind', 'name', 'uid'] as const) {
    if (!reference[field]) errors.push(invalid(path.child(field), '', 'must not be empty'));
  }
  if (group === '' && version === 'v1' && reference.kind === 'Event') {
    errors.push(invalid(path, reference, '/v1, Kind=Event is disallowed from being an owner'));
  }
  return errors;
}

/** Text with two slashes names no group and no version. */
function ownerGroupVersion(apiVersion: string): GroupVersion {
  return apiVersion.split('/').length > 2 ? { group: '', version: '' } : parseApiVersion(apiVersion);
}

function validateFinalizers(finalizers: readonly string[], path: FieldPath): FieldError[] {
  const errors = finalizers.flatMap((name) => invalidEach(path, name, isQualifiedName(name)));
  if (finalizers.includes(ORPHAN) && finalizers.includes(FOREGROUND)) {
    errors.push(invalid(path, finalizers, `finalizer ${ORPHAN} and ${FOREGROUND} cannot be both set`));
  }
  return errors;
}

/** A finalizer without a domain must be one of Kubernetes' own. */
export function validateStandardFinalizers(
  finalizers: readonly string[],
  pathOf: (index: number) => FieldPath,
): FieldError[] {
  return finalizers.flatMap((name, index) =>
    !name.includes('/') && !STANDARD_FINALIZERS.has(name)
      ? [invalid(pathOf(index), name, 'name is neither a standard finalizer name nor is it fully qualified')]
      : [],
  );
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, entry] of entries.entries()) {
    const at = path.index(index);
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(invalid(at.child('operation'), entry.operation ?? '', 'must be `Apply` or `Update`'));
    }
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
      errors.push(invalid(at.child('fieldsType'), entry.fieldsType, 'must be `FieldsV1`'));
    }
    errors.push(...validateFieldManager(entry.manager ?? '', at.child('manager')));
    if (byteLength(entry.subresource ?? '') > SUBRESOURCE_BYTES_MAX) {
      errors.push(tooLong(at.child('subresource'), SUBRESOURCE_BYTES_MAX));
    }
  }
  return errors;
}

const PRINTABLE_ASCII = /^[ -~]*$/;

/** The `fieldManager` of a request or of an entry of managed fields. */
export function validateFieldManager(manager: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (byteLength(manager) > FIELD_MANAGER_BYTES_MAX) errors.push(tooLong(path, FIELD_MANAGER_BYTES_MAX));
  if (PRINTABLE_ASCII.test(manager)) return errors;
  let position = 0;
  for (const character of manager) {
    if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) {
      const point = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
      errors.push(invalid(path, manager, `invalid character U+${point} (at position ${position})`));
    }
    position += byteLength(character);
  }
  return errors;
}
