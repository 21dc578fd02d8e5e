/**
 * What a definition may say. What older definitions broke already may stay broken.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go (v1.36)
 */
import {
  deepEqual,
  FieldPath,
  forbidden,
  invalid,
  isDNS1035Label,
  isDNS1123Subdomain,
  notSupported,
  required,
  wasSentEmpty,
  type FieldError,
} from '@kts/apimachinery';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  CustomResourceValidation,
  JSONSchemaProps,
} from '@kts/api/types/apiextensions-v1';

import { hasDefault } from '../schema/prune.ts';
import { validateApiApproval } from './api-approval.ts';
import { caBundleProblem } from './ca-bundle.ts';
import { invalidStruct, schemaForm, versionForm } from './go-form.ts';
import { internalSpec, schemasOf, type InternalSpec } from './internal-form.ts';
import { hasNonAtomicItems, validateListKeys } from './list-rules.ts';
import type { RuleContext } from './rule-context.ts';
import { hasUnprunedDefaults, validateDefaults, type CheckDefault } from './schema-defaults.ts';
import { isKnownType, someSchema } from './schema-walk.ts';
import { isStructural, unstructurable, validateStructural } from './structural-rules.ts';
import { hasKnownReviewVersion, validateConversion, type ConversionOptions } from './validate-conversion.ts';
import { requireNames, validateNames } from './validate-names.ts';
import { validateSchema, type SchemaOptions } from './validate-schema.ts';
import {
  SELECTABLE_FIELDS_MAX,
  validateColumns,
  validateDeprecation,
  validateSelectableFields,
  validateSubresources,
} from './validate-version.ts';

/** What there is to say about rules, which takes the expression language. */
export interface RuleChecks {
  /** `unchanged`: the schema may cost what it cost before. */
  context(schema: JSONSchemaProps, unchanged: boolean): RuleContext;
  readonly checkDefault: CheckDefault;
}

interface Options extends SchemaOptions, ConversionOptions {
  readonly openApiSchema: boolean;
  readonly structural: boolean;
  readonly prunedDefaults: boolean;
  readonly rules: RuleChecks | undefined;
  readonly old: CustomResourceDefinition | undefined;
}

export function validateDefinition(crd: CustomResourceDefinition, rules: RuleChecks | undefined): FieldError[] {
  const options: Options = {
    knownTypes: true,
    atomicSets: true,
    listKeys: true,
    knownReviewVersion: true,
    validCaBundle: false,
    openApiSchema: true,
    structural: true,
    prunedDefaults: true,
    rules,
    old: undefined,
  };
  return [...validateSpec(crd, options), ...validateRest(crd)];
}

export function validateDefinitionUpdate(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition,
  rules: RuleChecks | undefined,
): FieldError[] {
  const path = FieldPath.of('spec');
  const established = isEstablished(old);
  return [
    ...validateSpec(crd, optionsAfter(old, established, rules)),
    ...(established
      ? [
          ...immutable(crd.spec.scope, old.spec.scope, path.child('scope')),
          ...immutable(crd.spec.names.kind, old.spec.names.kind, path.child('names', 'kind')),
        ]
      : []),
    ...immutable(crd.spec.group, old.spec.group, path.child('group')),
    ...immutable(crd.spec.names.plural, old.spec.names.plural, path.child('names', 'plural')),
    ...validateRest(crd, old),
  ];
}

/** The name of a definition follows from what it defines. */
export function validateDefinitionName(crd: CustomResourceDefinition): FieldError[] {
  const { names, group } = crd.spec;
  return (['generateName', 'name'] as const).flatMap((field) => {
    const name = crd.metadata[field];
    if (!name || name === `${names.plural}.${group}`) return [];
    return [invalid(FieldPath.of('metadata', field), name, 'must be spec.names.plural+"."+spec.group')];
  });
}

function optionsAfter(old: CustomResourceDefinition, established: boolean, rules: RuleChecks | undefined): Options {
  const spec = internalSpec(old.spec);
  const schemas = schemasOf(spec);
  const all = (is: (schema: JSONSchemaProps) => boolean): boolean => schemas.every(is);
  const none = (is: (schema: JSONSchemaProps) => boolean): boolean => all((schema) => !someSchema(schema, is));
  const webhook = old.spec.conversion?.webhook;
  const caBundle = webhook?.clientConfig?.caBundle;
  return {
    knownTypes: none(({ type }) => Boolean(type) && !isKnownType(type!)),
    atomicSets: none(hasNonAtomicItems),
    listKeys: none((schema) => validateListKeys(schema, FieldPath.root).length > 0),
    knownReviewVersion: hasKnownReviewVersion(webhook?.conversionReviewVersions ?? []),
    validCaBundle: established && (!caBundle || caBundleProblem(caBundle) === undefined),
    openApiSchema: spec.common.schema !== undefined || spec.versions.every(({ schema }) => schema?.openAPIV3Schema),
    structural: all(isStructural),
    prunedDefaults: !schemas.some(hasUnprunedDefaults),
    rules,
    old,
  };
}

function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Established' && value === 'True') === true;
}

function immutable(value: unknown, old: unknown, path: FieldPath): FieldError[] {
  return deepEqual(value, old) ? [] : [invalid(path, value, 'field is immutable')];
}

function validateRest(crd: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  return [
    ...validateNames(crd.status?.acceptedNames ?? {}, FieldPath.of('status', 'acceptedNames')),
    ...validateStoredVersions(crd),
    ...validateApiApproval(crd, old),
    ...validatePreserve(crd, old),
  ];
}

function validateStoredVersions({ spec, status }: CustomResourceDefinition): FieldError[] {
  const path = FieldPath.of('status', 'storedVersions');
  const stored = status?.storedVersions ?? [];
  const versions = spec.versions ?? [];
  if (stored.length === 0) return [invalid(path, null, 'must have at least one stored version')];
  const names = new Set(versions.map(({ name }) => name));
  const unclaimed = new Set(stored);
  return [
    ...versions
      .filter(({ name, storage }) => !unclaimed.delete(name) && storage)
      .map(({ name }) => invalid(path, stored, `must have the storage version ${name}`)),
    ...stored.flatMap((name, index) => {
      if (names.has(name)) return [];
      const text = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
      return [invalid(path.index(index), name, text)];
    }),
  ];
}

function validatePreserve({ spec }: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  if (!spec.preserveUnknownFields || old?.spec.preserveUnknownFields) return [];
  const text =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [invalid(FieldPath.of('spec', 'preserveUnknownFields'), true, text)];
}

function validateSpec(crd: CustomResourceDefinition, given: Options): FieldError[] {
  const spec = internalSpec(crd.spec);
  const path = FieldPath.of('spec');
  const preserves = spec.preserveUnknownFields === true;
  const needsStructure = !preserves || hasDefaults(spec) || hasExtensions(spec);
  const options = { ...given, structural: given.structural || needsStructure };
  const { common } = spec;
  return [
    ...validateGroup(spec.group, path.child('group')),
    ...validateScope(spec.scope, path.child('scope')),
    ...requireSchemas(spec, options, path),
    ...(hasDefaults(spec) && preserves
      ? [invalid(path.child('preserveUnknownFields'), true, 'must be false in order to use defaults in the schema')]
      : []),
    ...validateVersions(spec, options, path.child('versions')),
    ...requireNames(spec.names, path.child('names')),
    ...validateNames(spec.names, path.child('names')),
    ...validateRootSchema(
      common.schema,
      spec.versions[0]?.name,
      statusAnywhere(spec),
      options,
      path.child('validation'),
    ),
    ...validateSubresources(common.subresources, path.child('subresources')),
    ...validateColumns(common.additionalPrinterColumns, path.child('additionalPrinterColumns')),
    ...validateSelectable(common, '', options, common.schema !== undefined, {
      path: path.child('selectableFields'),
      missing: 'may only be set when validations.schema is included',
    }),
    ...(spec.conversion && spec.conversion.strategy !== 'None' && preserves
      ? [
          invalid(
            path.child('conversion', 'strategy'),
            spec.conversion.strategy,
            'must be None if spec.preserveUnknownFields is true',
          ),
        ]
      : []),
    ...validateConversion(spec.conversion, options, path.child('conversion')),
  ];
}

function validateGroup(group: string, path: FieldPath): FieldError[] {
  if (!group) return [required(path)];
  const problems = isDNS1123Subdomain(group);
  if (problems.length > 0) return [invalid(path, group, problems.join(','))];
  return group.includes('.') ? [] : [invalid(path, group, 'should be a domain with at least one dot')];
}

function validateScope(scope: string, path: FieldPath): FieldError[] {
  if (!scope) return [required(path)];
  const scopes = ['Cluster', 'Namespaced'];
  return scopes.includes(scope) ? [] : [notSupported(path, scope, scopes)];
}

/** Without a schema all fields would be pruned. */
function requireSchemas(spec: InternalSpec, options: Options, path: FieldPath): FieldError[] {
  if (spec.common.schema?.openAPIV3Schema) return [];
  if (!options.openApiSchema && spec.preserveUnknownFields) return [];
  return spec.versions.flatMap((version, index) => {
    if (version.schema?.openAPIV3Schema || (!options.openApiSchema && !version.served)) return [];
    const at = path.child('versions').index(index).child('schema', 'openAPIV3Schema');
    return [required(at, options.openApiSchema ? '' : 'because otherwise all fields are pruned')];
  });
}

function hasDefaults(spec: InternalSpec): boolean {
  return schemasOf(spec).some((schema) => someSchema(schema, hasDefault));
}

function hasExtensions(spec: InternalSpec): boolean {
  const extended = (schema: JSONSchemaProps): boolean =>
    Boolean(schema['x-kubernetes-embedded-resource']) ||
    schema['x-kubernetes-preserve-unknown-fields'] !== undefined ||
    Boolean(schema['x-kubernetes-int-or-string']) ||
    (schema['x-kubernetes-list-map-keys'] ?? []).length > 0 ||
    schema['x-kubernetes-list-type'] !== undefined ||
    (schema['x-kubernetes-validations'] ?? []).length > 0;
  return schemasOf(spec).some((schema) => someSchema(schema, extended));
}

function statusAnywhere({ common, versions }: InternalSpec): boolean {
  return [common, ...versions].some(({ subresources }) => subresources?.status !== undefined);
}

function validateVersions(spec: InternalSpec, options: Options, path: FieldPath): FieldError[] {
  const { versions, common } = spec;
  const perVersion = versions.some(({ subresources }) => subresources !== undefined);
  const names = versions.map(({ name }) => name);
  const whole = (text: string): FieldError => {
    if (versions.length === 0) return invalid(path, wasSentEmpty(spec, 'versions') ? [] : null, text);
    return invalidStruct(path, versions.map(versionForm), text);
  };
  return [
    ...versions.flatMap((version, index) => {
      const at = path.index(index);
      const problems = isDNS1035Label(version.name);
      const subresources = perVersion ? version.subresources : common.subresources;
      return [
        ...(problems.length > 0 ? [invalid(at.child('name'), version.name, problems.join(','))] : []),
        ...validateVersion(version, subresources, options, at),
      ];
    }),
    ...(new Set(names).size < names.length ? [whole('must contain unique version names')] : []),
    ...(versions.filter(({ storage }) => storage).length === 1
      ? []
      : [whole('must have exactly one version marked as storage version')]),
    ...validateFirstName(names[0]),
  ];
}

/** The first version stands for the definition as a whole. */
function validateFirstName(name: string | undefined): FieldError[] {
  const problems = name ? isDNS1035Label(name) : [];
  return problems.length > 0 ? [invalid(FieldPath.of('spec', 'version'), name, problems.join(','))] : [];
}

function validateVersion(
  version: CustomResourceDefinitionVersion,
  subresources: CustomResourceSubresources | undefined,
  options: Options,
  path: FieldPath,
): FieldError[] {
  return [
    ...validateDeprecation(version, path),
    ...validateRootSchema(
      version.schema,
      version.name,
      subresources?.status !== undefined,
      options,
      path.child('schema'),
    ),
    ...validateSubresources(version.subresources, path.child('subresources')),
    ...validateColumns(version.additionalPrinterColumns, path.child('additionalPrinterColumns')),
    ...validateSelectable(version, version.name, options, version.schema?.openAPIV3Schema !== undefined, {
      path: path.child('selectableFields'),
      missing: 'may only be set when `version.schema.openAPIV3Schema` is not included',
    }),
  ];
}

function validateSelectable(
  { selectableFields = [], schema }: Pick<CustomResourceDefinitionVersion, 'selectableFields' | 'schema'>,
  version: string,
  { old }: Options,
  hasSchema: boolean,
  { path, missing }: { readonly path: FieldPath; readonly missing: string },
): FieldError[] {
  if (selectableFields.length === 0) return [];
  const openApiSchema = schema?.openAPIV3Schema;
  if (!hasSchema || !openApiSchema) return [invalid(path, '', missing)];
  if (unstructurable(openApiSchema) !== undefined) return [];
  const before = old && internalSpec(old.spec);
  const oldFields = (version === '' ? before?.common : before?.versions.find(({ name }) => name === version))
    ?.selectableFields;
  const limited = !((oldFields?.length ?? 0) > SELECTABLE_FIELDS_MAX && deepEqual(oldFields, selectableFields));
  return validateSelectableFields(selectableFields, openApiSchema, limited, path);
}

/** What a schema may have at its root if it has a status of its own, whose schema is taken out of it. */
const AT_ROOT_WITH_STATUS =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations';

function validateRootSchema(
  validation: CustomResourceValidation | undefined,
  version: string | undefined,
  hasStatus: boolean,
  options: Options,
  at: FieldPath,
): FieldError[] {
  const schema = validation?.openAPIV3Schema;
  if (!schema) return [];
  const path = at.child('openAPIV3Schema');
  const errors = hasStatus ? validateRootWithStatus(schema, path) : [];
  if (schema.nullable) errors.push(forbidden(path.child('nullable'), 'nullable cannot be true at the root'));
  const unstructured = options.structural ? unstructurable(schema) : undefined;
  const structure = options.structural && !unstructured ? validateStructure(schema, options, path) : [];
  errors.push(...structure);
  const mayHaveRules = options.structural && !unstructured && structure.length === 0;
  const rules = mayHaveRules ? options.rules?.context(schema, isUnchanged(schema, version, options)) : undefined;
  const found = validateSchema(schema, path, options, rules);
  errors.push(...found.schema, ...found.rules);
  if (errors.length === 0 && unstructured) errors.push(invalid(path, '', unstructured));
  return [...errors, ...(rules?.checkTotal(path) ?? [])];
}

function validateStructure(schema: JSONSchemaProps, options: Options, path: FieldPath): readonly FieldError[] {
  const errors = validateStructural(schema, path);
  if (errors.length > 0) return errors;
  const checkRules = options.rules?.checkDefault ?? (() => []);
  return validateDefaults(schema, path, { pruned: options.prunedDefaults, checkRules });
}

function isUnchanged(schema: JSONSchemaProps, version: string | undefined, { old }: Options): boolean {
  const before = old?.spec.versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema;
  return before !== undefined && deepEqual(before, schema);
}

/** Texts that are there even if they are empty. */
const POINTERS: ReadonlySet<string> = new Set(['Ref', 'XListType', 'XMapType']);

function validateRootWithStatus(schema: JSONSchemaProps, path: FieldPath): FieldError[] {
  const form = schemaForm(schema) as Readonly<Record<string, unknown>>;
  const allowed = new Set(AT_ROOT_WITH_STATUS.split(' '));
  for (const [name, value] of Object.entries(form)) {
    if (value === null || value === false || (value === '' && !POINTERS.has(name))) continue;
    if (name === 'Type' && value !== 'object') {
      const text =
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
      return [invalid(path.child('type'), value, text)];
    }
    if (allowed.has(name)) continue;
    const text = `only [${AT_ROOT_WITH_STATUS}] fields are allowed at the root of the schema if the status subresource is enabled`;
    return [invalidStruct(path, form, text)];
  }
  return [];
}
