/**
 * What a schema may say, keyword by keyword.
 *
 * Mirrors: ValidateCustomResourceDefinitionOpenAPISchema and specStandardValidatorV3 in
 * staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go (v1.36)
 */
import { forbidden, invalid, notSupported, required, type FieldError, type FieldPath } from '@kts/apimachinery';
import type { JSONSchemaProps, ValidationRule } from '@kts/api/types/apiextensions-v1';

import { itemSchema } from '../schema/correlation.ts';
import { hasDefault } from '../schema/prune.ts';
import { resolveFieldPath } from './field-path-rule.ts';
import { validateListKeys, validateListType, validateMapType } from './list-rules.ts';
import type { RuleContext } from './rule-context.ts';
import { isKnownType, KNOWN_TYPES } from './schema-walk.ts';
import { isEmpty, unstructurable } from './structural-rules.ts';

/** Rules that stored definitions may have been too old for. */
export interface SchemaOptions {
  readonly knownTypes: boolean;
  readonly atomicSets: boolean;
  readonly listKeys: boolean;
}

/** Errors of rules are told only where the schema around them is right. */
export interface SchemaErrors {
  readonly schema: FieldError[];
  readonly rules: FieldError[];
}

interface Place {
  readonly path: FieldPath;
  readonly isRoot: boolean;
  readonly insideMeta: boolean;
  /** Why there may be no defaults; undefined: there may. */
  readonly defaultsForbidden: string | undefined;
  /** The outermost list or map around whose parts cannot be told apart between two states of an object. */
  readonly uncorrelated: FieldPath | undefined;
  readonly rules: RuleContext | undefined;
}

export function validateSchema(
  schema: JSONSchemaProps,
  path: FieldPath,
  options: SchemaOptions,
  rules: RuleContext | undefined,
): SchemaErrors {
  const place: Place = {
    path,
    isRoot: true,
    insideMeta: false,
    defaultsForbidden: undefined,
    uncorrelated: undefined,
    rules,
  };
  return new SchemaValidation(options).visit(schema, place);
}

const META_FIELDS: ReadonlySet<string> = new Set(['metadata', 'kind', 'apiVersion']);

class SchemaValidation {
  readonly #options: SchemaOptions;

  constructor(options: SchemaOptions) {
    this.#options = options;
  }

  visit(schema: JSONSchemaProps, place: Place): SchemaErrors {
    const { path } = place;
    const errors: SchemaErrors = { schema: keywordErrors(schema, place, this.#options.knownTypes), rules: [] };
    this.#visitMembers(errors, schema, place);
    this.#visitNested(errors, schema, place);
    this.#visitItems(errors, schema, place);
    const preserves = schema['x-kubernetes-preserve-unknown-fields'];
    if (preserves === false) {
      const at = path.child('x-kubernetes-preserve-unknown-fields');
      errors.schema.push(invalid(at, preserves, 'must be true or undefined'));
    }
    errors.schema.push(
      ...validateMapType(schema, path),
      ...validateListType(schema, this.#options.atomicSets, path),
      ...(this.#options.listKeys ? validateListKeys(schema, path) : []),
      ...ruleForms(schema, path),
    );
    if (!isEmpty(schema['x-kubernetes-validations']) && errors.schema.length === 0 && place.rules) {
      errors.rules.push(...place.rules.check(path, place.uncorrelated));
    }
    return errors;
  }

  #into(errors: SchemaErrors, schema: JSONSchemaProps, place: Place): void {
    const found = this.visit(schema, { ...place, isRoot: false });
    errors.schema.push(...found.schema);
    errors.rules.push(...found.rules);
  }

  #visitMembers(errors: SchemaErrors, schema: JSONSchemaProps, place: Place): void {
    const { path, rules } = place;
    const { properties = {}, additionalProperties } = schema;
    if (additionalProperties !== undefined) {
      const at = path.child('additionalProperties');
      if (!isEmpty(properties) && additionalProperties !== true) {
        errors.schema.push(forbidden(at, 'additionalProperties and properties are mutual exclusive'));
      }
      if (typeof additionalProperties === 'object') {
        const reason = 'inside additionalProperties applying to object metadata';
        this.#into(errors, additionalProperties, {
          ...place,
          path: at,
          defaultsForbidden: place.insideMeta ? reason : place.defaultsForbidden,
          rules: rules?.below(additionalProperties),
        });
      }
    }
    const isGranular = (schema['x-kubernetes-map-type'] ?? 'granular') === 'granular';
    const uncorrelated = place.uncorrelated ?? (isGranular ? undefined : path);
    for (const [name, property] of Object.entries(properties)) {
      const isMeta = (place.isRoot || schema['x-kubernetes-embedded-resource'] === true) && META_FIELDS.has(name);
      this.#into(errors, property, {
        ...place,
        path: path.child('properties').key(name),
        insideMeta: place.insideMeta || isMeta,
        defaultsForbidden: isMeta && place.isRoot ? `in top-level ${name}` : place.defaultsForbidden,
        uncorrelated,
        rules: rules?.below(property),
      });
    }
  }

  /** Where values are only narrowed there are no rules. */
  #visitNested(errors: SchemaErrors, schema: JSONSchemaProps, place: Place): void {
    const nested = (one: JSONSchemaProps, path: FieldPath): void =>
      this.#into(errors, one, { ...place, path, rules: undefined });
    const { path } = place;
    if (schema.not) nested(schema.not, path.child('not'));
    for (const name of ['allOf', 'oneOf', 'anyOf'] as const) {
      (schema[name] ?? []).forEach((one, index) => nested(one, path.child(name).index(index)));
    }
    for (const [name, one] of Object.entries(schema.definitions ?? {}))
      nested(one, path.child('definitions').key(name));
    for (const [name, one] of Object.entries(schema.dependencies ?? {})) {
      if (one && !Array.isArray(one)) nested(one as JSONSchemaProps, path.child('dependencies').key(name));
    }
  }

  #visitItems(errors: SchemaErrors, schema: JSONSchemaProps, place: Place): void {
    const { items } = schema;
    if (items === undefined) return;
    const isMap = schema['x-kubernetes-list-type'] === 'map';
    const uncorrelated = place.uncorrelated ?? (isMap ? undefined : place.path);
    const into = (one: JSONSchemaProps, path: FieldPath): void =>
      this.#into(errors, one, { ...place, path, uncorrelated, rules: place.rules?.below(one) });
    const path = place.path.child('items');
    const single = itemSchema(schema);
    if (single) into(single, path);
    else (items as readonly JSONSchemaProps[]).forEach((one, index) => into(one, path.index(index)));
  }
}

/** Keywords of JSON schema that definitions may not have. */
function keywordErrors(schema: JSONSchemaProps, place: Place, knownTypes: boolean): FieldError[] {
  const { path, insideMeta, defaultsForbidden } = place;
  const errors: FieldError[] = [];
  const refuse = (name: string, text: string): void => void errors.push(forbidden(path.child(name), text));
  const { type = '' } = schema;
  if (knownTypes && type !== '' && !isKnownType(type)) {
    errors.push(notSupported(path.child('type'), type, KNOWN_TYPES));
  }
  if (hasDefault(schema) && defaultsForbidden !== undefined) refuse('default', `must not be set ${defaultsForbidden}`);
  if (schema.id) refuse('id', 'id is not supported');
  if (schema.additionalItems !== undefined) refuse('additionalItems', 'additionalItems is not supported');
  if (!isEmpty(schema.patternProperties)) refuse('patternProperties', 'patternProperties is not supported');
  if (!isEmpty(schema.definitions)) refuse('definitions', 'definitions is not supported');
  if (schema.dependencies !== undefined) refuse('dependencies', 'dependencies is not supported');
  if (schema.$ref !== undefined) refuse('$ref', '$ref is not supported');
  if (type === 'null') refuse('type', 'type cannot be set to null, use nullable as an alternative');
  if (Array.isArray(schema.items) && schema.items.length > 0) {
    refuse('items', 'items must be a schema object and not an array');
  }
  if (insideMeta && schema['x-kubernetes-embedded-resource']) {
    refuse('x-kubernetes-embedded-resource', 'must not be used inside of resource meta');
  }
  if (schema.uniqueItems) {
    refuse('uniqueItems', 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic');
  }
  return errors;
}

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const LINE_BREAK = /[\n\r]/;

/** What is wrong with rules before anybody tries to compile them. */
function ruleForms(schema: JSONSchemaProps, path: FieldPath): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule, index) =>
    ruleForm(rule, schema, path.child('x-kubernetes-validations').index(index)),
  );
}

function ruleForm(rule: ValidationRule, schema: JSONSchemaProps, path: FieldPath): FieldError[] {
  const { message = '', messageExpression = '', reason, fieldPath = '' } = rule;
  const errors: FieldError[] = [];
  if (rule.rule.trim() === '') errors.push(required(path.child('rule'), 'rule is not specified'));
  else if (message !== '' && message.trim() === '') {
    errors.push(invalid(path.child('message'), message, 'must be non-empty if specified'));
  } else if (LINE_BREAK.test(message.trim())) {
    errors.push(invalid(path.child('message'), message, 'must not contain line breaks'));
  } else if (LINE_BREAK.test(rule.rule.trim()) && message.trim() === '') {
    errors.push(required(path.child('message'), 'message must be specified if rule contains line breaks'));
  }
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(required(path.child('messageExpression'), 'messageExpression must be non-empty if specified'));
  }
  if (reason !== undefined && !REASONS.includes(reason)) {
    errors.push(notSupported(path.child('reason'), reason, REASONS));
  }
  const at = path.child('fieldPath');
  if (fieldPath !== '' && fieldPath.trim() === '')
    errors.push(invalid(at, fieldPath, 'must be non-empty if specified'));
  if (LINE_BREAK.test(fieldPath)) errors.push(invalid(at, fieldPath, 'must not contain line breaks'));
  const resolvable = unstructurable(schema) === undefined;
  if (fieldPath !== '' && resolvable && !resolveFieldPath(fieldPath, schema).ok) {
    errors.push(invalid(at, fieldPath, 'must be a valid path'));
  }
  return errors;
}
