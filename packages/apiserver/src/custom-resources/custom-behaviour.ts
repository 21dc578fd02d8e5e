/**
 * How objects of a custom kind are read, prepared and validated. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/{strategy,status_strategy,validator}.go
 * and unstructuredSchemaCoercer in .../pkg/apiserver/customresource_handler.go (v1.36)
 */
import {
  deepEqual,
  FieldPath,
  forbiddenRequest,
  invalid,
  isQualifiedName,
  parseApiVersion,
  type FieldError,
  type FieldErrorType,
  type KubeObject,
} from '@kts/apimachinery';
import type { CoercedObject, ResourceBehaviour, StrategyContext } from '@kts/api';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '@kts/api/types/apiextensions-v1';

import type { RuleSet } from './object-rules.ts';
import { JsonPathError, parseJsonPath, type JsonPath } from './json-path.ts';
import { validateScaleSpec, validateScaleStatus } from './scale-paths.ts';
import { Correlation } from './schema/correlation.ts';
import { applyDefaults } from './schema/defaulting.ts';
import { coerceEmbedded, coerceMetadata, validateEmbedded } from './schema/embedded-resources.ts';
import { validateListTypes } from './schema/list-types.ts';
import { prune, pruneNulls } from './schema/prune.ts';
import { validateChangedValue, validateValue } from './schema/validate-value.ts';

export interface CustomVersion {
  readonly crd: CustomResourceDefinition;
  readonly version: CustomResourceDefinitionVersion;
  readonly kind: string;
  readonly cells: NonNullable<ResourceBehaviour<KubeObject>['cells']>;
  readonly rules: () => RuleSet | undefined;
  /** The definition is being deleted: there are to be no new objects. */
  readonly isTerminating: () => boolean;
}

export function customBehaviour(custom: CustomVersion): ResourceBehaviour<KubeObject> {
  const { version } = custom;
  const hasStatus = version.subresources?.status !== undefined;
  return {
    coerce: (object) => coerceObject(custom, object),
    setDefaults: (draft) => {
      if (isOwnKind(custom, draft)) applyDefaults(schemaAt(custom, draft), draft);
    },
    prepareForCreate: (draft) => {
      if (custom.isTerminating()) throw createForbidden(custom, draft.metadata.name ?? '');
      if (hasStatus) delete (draft as { status?: unknown }).status;
    },
    generation: (object, old) => !sameBesidesMetadata(object, old),
    validate: (object, context) => validateObject(custom, object, context),
    validateUpdate: (object, old, context) => validateUpdate(custom, object, old, context),
    validateStatusUpdate: (object, old, context) => validateStatusUpdate(custom, object, old, context),
    warnings: (object, old) => finalizerWarnings(object, old),
    requireResourceVersionOnUpdate: true,
    cells: (object, now) => [object.metadata.name, ...custom.cells(object, now)],
    ...(version.selectableFields?.length ? { selectableFields: selectableFieldsOf(version.selectableFields) } : {}),
  };
}

function createForbidden({ crd: { spec } }: CustomVersion, name: string): Error {
  const text = 'create not allowed while custom resource definition is terminating';
  return forbiddenRequest({ group: spec.group, plural: spec.names.plural }, name, text);
}

interface TypeMeta {
  readonly apiVersion?: string;
  readonly kind?: string;
}

/** Objects that say they are of another kind are left as they are: validation refuses them. */
function isOwnKind({ crd, kind }: CustomVersion, object: TypeMeta): boolean {
  const { group } = crd.spec;
  return (object.kind || kind) === kind && parseApiVersion(object.apiVersion || `${group}/`).group === group;
}

/** The schema of the version that an object says it is of. */
function schemaAt({ crd, version }: CustomVersion, { apiVersion }: TypeMeta): JSONSchemaProps | undefined {
  const name = apiVersion ? parseApiVersion(apiVersion).version : version.name;
  return crd.spec.versions.find((one) => one.name === name)?.schema?.openAPIV3Schema;
}

/** What reading into Go's types does for built-in kinds: unknown fields go, metadata is checked. */
function coerceObject(custom: CustomVersion, object: Record<string, unknown>): CoercedObject {
  const schema = schemaAt(custom, object);
  const unknown: string[] = [];
  const sent = object['metadata'];
  const own = sent === undefined ? undefined : coerceMetadata(sent ?? {});
  if (own?.error !== undefined) return { unknown, error: own.error };
  if (own) unknown.push(...own.unknown.map((path) => `metadata.${path}`));
  if (isOwnKind(custom, object)) {
    if (!custom.crd.spec.preserveUnknownFields) {
      unknown.push(...prune(schema, object, true));
      pruneNulls(schema, object);
    }
    const embedded = coerceEmbedded(schema, object);
    if (embedded.error !== undefined) return embedded;
    unknown.push(...embedded.unknown);
  }
  if (own) object['metadata'] = own.metadata;
  return { unknown };
}

/** What changes in status, for kinds that have it as a subresource, never gets here. */
function sameBesidesMetadata(object: KubeObject, old: KubeObject): boolean {
  const { metadata: _, ...rest } = object;
  const { metadata: __, ...before } = old;
  return deepEqual(rest, before);
}

function validateObject(custom: CustomVersion, object: KubeObject, context: StrategyContext): readonly FieldError[] {
  const wrongType = validateType(custom, object);
  if (wrongType.length > 0) return wrongType;
  const schema = custom.version.schema?.openAPIV3Schema;
  const scale = custom.version.subresources?.scale;
  const errors = [
    ...(schema ? validateValue(schema, object) : []),
    ...validateScaleSpec(scale, object),
    ...validateScaleStatus(scale, object),
    ...validateEmbedded(schema, object),
    ...validateListTypes(schema, object),
  ];
  const { metadataErrors = [] } = context;
  const validate = (rules: RuleSet): readonly FieldError[] =>
    rules.validate(object, undefined, undefined, warnIn(context));
  return withRules(custom, errors, validate, metadataErrors);
}

function validateUpdate(
  custom: CustomVersion,
  object: KubeObject,
  old: KubeObject,
  context: StrategyContext,
): readonly FieldError[] {
  const wrongType = validateType(custom, object);
  if (wrongType.length > 0) return wrongType;
  const schema = custom.version.schema?.openAPIV3Schema;
  const scale = custom.version.subresources?.scale;
  const correlation = new Correlation(object, old, schema ?? {});
  const errors = [
    ...(schema ? validateChangedValue(schema, correlation) : []),
    ...validateScaleSpec(scale, object),
    ...validateScaleStatus(scale, object),
    ...validateEmbedded(schema, object),
    ...validateChangedLists(custom, object, old),
  ];
  return withRules(custom, errors, (rules) => rules.validate(object, old, correlation, warnIn(context)));
}

function validateStatusUpdate(
  custom: CustomVersion,
  object: KubeObject,
  old: KubeObject,
  context: StrategyContext,
): readonly FieldError[] {
  const wrongType = validateType(custom, object);
  if (wrongType.length > 0) return wrongType;
  const schema = custom.version.schema?.openAPIV3Schema;
  const statusSchema = schema?.properties?.['status'];
  const correlation = new Correlation(object, old, schema ?? {});
  const [status, oldStatus] = [object, old].map((one) => (one as { readonly status?: unknown }).status);
  const errors: FieldError[] = [];
  if (statusSchema && status !== undefined) {
    const changed = correlation.key('status') ?? new Correlation(status, oldStatus, statusSchema);
    errors.push(...validateChangedValue(statusSchema, changed, FieldPath.of('status')));
  }
  errors.push(
    ...validateScaleStatus(custom.version.subresources?.scale, object),
    ...validateChangedLists(custom, object, old),
  );
  return withRules(custom, errors, (rules) => rules.validate(object, old, correlation, warnIn(context)));
}

/** Lists that were wrong before may stay wrong. */
function validateChangedLists({ version }: CustomVersion, object: KubeObject, old: KubeObject): readonly FieldError[] {
  const schema = version.schema?.openAPIV3Schema;
  const errors = validateListTypes(schema, object);
  return errors.length > 0 && validateListTypes(schema, old).length > 0 ? [] : errors;
}

/** Errors after which rules could not count on what they are about. */
const BLOCKING: ReadonlySet<FieldErrorType> = new Set<FieldErrorType>([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
const NOT_CHECKED =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

function warnIn(context: StrategyContext): (text: string) => void {
  return (text) => context.warn?.(text);
}

function withRules(
  custom: CustomVersion,
  errors: readonly FieldError[],
  validate: (rules: RuleSet) => readonly FieldError[],
  others: readonly FieldError[] = [],
): readonly FieldError[] {
  const rules = custom.rules();
  if (!rules) return errors;
  if ([...others, ...errors].some(({ type }) => BLOCKING.has(type)))
    return [...errors, invalid(FieldPath.root, undefined, NOT_CHECKED)];
  return [...errors, ...validate(rules)];
}

function validateType({ crd, version, kind }: CustomVersion, object: KubeObject): readonly FieldError[] {
  const own = `${crd.spec.group}/${version.name}`;
  return [
    ...(object.kind === kind ? [] : [invalid(FieldPath.of('kind'), object.kind, `must be ${kind}`)]),
    ...(object.apiVersion === own ? [] : [invalid(FieldPath.of('apiVersion'), object.apiVersion, `must be ${own}`)]),
  ];
}

const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

function finalizerWarnings({ metadata }: KubeObject, old: KubeObject | undefined): readonly string[] {
  const before = new Set(old?.metadata.finalizers);
  const added = [...new Set(metadata.finalizers)].filter((name) => !before.has(name)).sort();
  return added.flatMap((name) => {
    const prefix = `metadata.finalizers: ${JSON.stringify(name)}: `;
    const warnings = isQualifiedName(name).map((text) => prefix + text);
    if (name.includes('/') || STANDARD_FINALIZERS.has(name)) return warnings;
    const form = name.includes('.') ? ' including a path (/)' : '';
    return [
      ...warnings,
      `${prefix}prefer a domain-qualified finalizer name${form} to avoid accidental conflicts with other finalizer writers`,
    ];
  });
}

/** Values of fields that selectors may name; what is not there counts as empty. */
function selectableFieldsOf(
  fields: NonNullable<CustomResourceDefinitionVersion['selectableFields']>,
): NonNullable<ResourceBehaviour<KubeObject>['selectableFields']> {
  let paths: readonly (readonly [name: string, path: JsonPath])[] | undefined;
  return (object) => {
    paths ??= fields.map(({ jsonPath }) => [jsonPath.replace(/^\./, ''), parseJsonPath(jsonPath)]);
    return Object.fromEntries(paths.map(([name, path]) => [name, valueText(path, object)]));
  };
}

function valueText(path: JsonPath, object: KubeObject): string {
  try {
    return String((path.find(object)[0] ?? '') as string | number | boolean);
  } catch (error) {
    if (error instanceof JsonPathError) return '';
    throw error;
  }
}
