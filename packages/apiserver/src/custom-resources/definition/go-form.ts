/**
 * Values of messages that upstream prints as it holds them in memory: all fields, in Go's order, under Go's names.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/{types,types_jsonschema}.go (v1.36)
 */
import { formatJson, type FieldError, type FieldPath } from '@kts/apimachinery';
import type {
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
  JSONSchemaPropsOrBool,
  ValidationRule,
} from '@kts/api/types/apiextensions-v1';

/** An Invalid error about a value in Go's form. */
export function invalidStruct(path: FieldPath, value: object, detail: string): FieldError {
  return {
    type: 'FieldValueInvalid',
    field: path.toString(),
    message: `Invalid value: ${formatJson(value)}: ${detail}`,
  };
}

export function versionForm(version: CustomResourceDefinitionVersion): object {
  const { schema, subresources, additionalPrinterColumns, selectableFields } = version;
  return {
    Name: version.name,
    Served: version.served,
    Storage: version.storage,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: schema ? { OpenAPIV3Schema: schemaForm(schema.openAPIV3Schema) } : null,
    Subresources: subresources
      ? { Status: subresources.status ? {} : null, Scale: scaleForm(subresources.scale) }
      : null,
    AdditionalPrinterColumns:
      additionalPrinterColumns?.map((column) => ({
        Name: column.name,
        Type: column.type,
        Format: column.format ?? '',
        Description: column.description ?? '',
        Priority: column.priority ?? 0,
        JSONPath: column.jsonPath,
      })) ?? null,
    SelectableFields: selectableFields?.map(({ jsonPath }) => ({ JSONPath: jsonPath })) ?? null,
  };
}

function scaleForm(scale: NonNullable<CustomResourceDefinitionVersion['subresources']>['scale']): object | null {
  if (!scale) return null;
  return {
    SpecReplicasPath: scale.specReplicasPath,
    StatusReplicasPath: scale.statusReplicasPath,
    LabelSelectorPath: scale.labelSelectorPath ?? null,
  };
}

export function ruleForm(rule: ValidationRule): object {
  return {
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  };
}

export function schemaForm(schema: JSONSchemaProps | undefined): object | null {
  if (!schema) return null;
  const list = (schemas: readonly JSONSchemaProps[] | undefined): unknown => schemas?.map(schemaForm) ?? null;
  const { externalDocs, items, dependencies } = schema;
  return {
    ID: schema.id ?? '',
    Schema: schema.$schema ?? '',
    Ref: schema.$ref ?? null,
    Description: schema.description ?? '',
    Type: schema.type ?? '',
    Nullable: schema.nullable ?? false,
    Format: schema.format ?? '',
    Title: schema.title ?? '',
    Default: schema.default ?? null,
    Maximum: schema.maximum ?? null,
    ExclusiveMaximum: schema.exclusiveMaximum ?? false,
    Minimum: schema.minimum ?? null,
    ExclusiveMinimum: schema.exclusiveMinimum ?? false,
    MaxLength: schema.maxLength ?? null,
    MinLength: schema.minLength ?? null,
    Pattern: schema.pattern ?? '',
    MaxItems: schema.maxItems ?? null,
    MinItems: schema.minItems ?? null,
    UniqueItems: schema.uniqueItems ?? false,
    MultipleOf: schema.multipleOf ?? null,
    Enum: schema.enum ?? null,
    MaxProperties: schema.maxProperties ?? null,
    MinProperties: schema.minProperties ?? null,
    Required: schema.required ?? null,
    Items: items === undefined ? null : itemsForm(items),
    AllOf: list(schema.allOf),
    OneOf: list(schema.oneOf),
    AnyOf: list(schema.anyOf),
    Not: schemaForm(schema.not),
    Properties: mapForm(schema.properties, schemaForm),
    AdditionalProperties: orBoolForm(schema.additionalProperties),
    PatternProperties: mapForm(schema.patternProperties, schemaForm),
    Dependencies: mapForm(dependencies, (one) =>
      Array.isArray(one)
        ? { Schema: null, Property: one }
        : { Schema: one ? schemaForm(one as JSONSchemaProps) : null, Property: null },
    ),
    AdditionalItems: orBoolForm(schema.additionalItems),
    Definitions: mapForm(schema.definitions, schemaForm),
    ExternalDocs: externalDocs ? { Description: externalDocs.description ?? '', URL: externalDocs.url ?? '' } : null,
    Example: schema.example ?? null,
    XPreserveUnknownFields: schema['x-kubernetes-preserve-unknown-fields'] ?? null,
    XEmbeddedResource: schema['x-kubernetes-embedded-resource'] ?? false,
    XIntOrString: schema['x-kubernetes-int-or-string'] ?? false,
    XListMapKeys: schema['x-kubernetes-list-map-keys'] ?? null,
    XListType: schema['x-kubernetes-list-type'] ?? null,
    XMapType: schema['x-kubernetes-map-type'] ?? null,
    XValidations: schema['x-kubernetes-validations']?.map(ruleForm) ?? null,
  };
}

function itemsForm(items: NonNullable<JSONSchemaProps['items']>): object {
  if (Array.isArray(items)) return { Schema: null, JSONSchemas: items.map(schemaForm) };
  return { Schema: schemaForm(items as JSONSchemaProps), JSONSchemas: null };
}

function orBoolForm(value: JSONSchemaPropsOrBool | undefined): object | null {
  if (value === undefined) return null;
  return typeof value === 'boolean' ? { Allows: value, Schema: null } : { Allows: true, Schema: schemaForm(value) };
}

function mapForm<T>(map: Readonly<Record<string, T>> | undefined, form: (value: T) => unknown): object | null {
  if (!map) return null;
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, value]) => [name, form(value)]));
}
