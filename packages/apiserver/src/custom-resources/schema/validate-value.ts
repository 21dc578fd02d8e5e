/**
 * Whether a value is what a schema describes. Pure.
 *
 * Mirrors: k8s.io/kube-openapi/pkg/validation/validate and
 * staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation/{validation,ratcheting}.go (v1.36)
 * Differs: keywords that no stored definition can have (`patternProperties`, `dependencies`, lists of item schemas, ...)
 * are not looked at.
 */
import { deepEqual, FieldPath, type FieldError } from '@kts/apimachinery';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { isObject, itemSchema, type Correlation } from './correlation.ts';
import { goRegexp, GoRegexpError } from './go-regexp.ts';
import {
  forbiddenProperty,
  missing,
  notInEnum,
  overall,
  should,
  tooLongText,
  tooManyItems,
  tooManyProperties,
  wrongType,
  type Finding,
  type ValuePath,
} from './schema-finding.ts';
import { effectiveFormat, matchesFormat } from './string-formats.ts';
import { isInteger, isNearlyInteger, validateNumber } from './validate-number.ts';

/** The value of a new object. `base` is where it stands, for messages. */
export function validateValue(schema: JSONSchemaProps, value: unknown, base: FieldPath = FieldPath.root): FieldError[] {
  return toErrors(new Walk(true).visit(schema, value, ''), base);
}

/** The default of a schema. That of an integer or string may be anything. */
export function validateDefaultValue(schema: JSONSchemaProps, value: unknown, base: FieldPath): FieldError[] {
  return toErrors(new Walk(false).visit(schema, value, ''), base);
}

/** The value of a changed object: what has not changed is not held against it, wherever that can be told. */
export function validateChangedValue(
  schema: JSONSchemaProps,
  correlation: Correlation,
  base: FieldPath = FieldPath.root,
): FieldError[] {
  return toErrors(new Walk(true).visitChanged(schema, correlation, ''), base);
}

function toErrors({ findings }: Outcome, base: FieldPath): FieldError[] {
  return findings.map((finding) => finding.toError(base));
}

/** How much of a value fits counts where one of several schemas has to: the best match explains the failure. */
interface Outcome {
  readonly findings: readonly Finding[];
  readonly matches: number;
}

const OK: Outcome = { findings: [], matches: 0 };

/** Collects what is found, the same only once. */
class Collector {
  findings: Finding[] = [];
  matches = 0;

  merge(outcome: Outcome): void {
    this.matches += outcome.matches;
    for (const finding of outcome.findings) this.add(finding);
  }

  add(finding: Finding): void {
    if (!this.findings.some(({ text }) => text === finding.text)) this.findings.push(finding);
  }
}

type VisitMember = (schema: JSONSchemaProps, value: unknown, path: ValuePath, name: string | number) => Outcome;

class Walk {
  /** Whether `x-kubernetes-int-or-string` is a type. */
  readonly #unionTypes: boolean;

  constructor(unionTypes: boolean) {
    this.#unionTypes = unionTypes;
  }

  visit(schema: JSONSchemaProps, value: unknown, path: ValuePath): Outcome {
    return this.#visit(schema, value, path, this.#plainMember);
  }

  /** Members that can be told to be the same are forgiven on their own, and so is the value as a whole. */
  visitChanged(schema: JSONSchemaProps, correlation: Correlation, path: ValuePath): Outcome {
    const member: VisitMember = (memberSchema, value, memberPath, name) => {
      const isTypeMeta = path === '' && (name === 'kind' || name === 'apiVersion');
      const child = typeof name === 'number' ? correlation.index(name) : correlation.key(name);
      if (!child || isTypeMeta) return this.visit(memberSchema, value, memberPath);
      return this.visitChanged(memberSchema, child, memberPath);
    };
    const outcome = this.#visit(schema, correlation.value, path, member);
    if (outcome.findings.length === 0 || !correlation.isUnchanged()) return outcome;
    return { findings: [], matches: outcome.matches };
  }

  readonly #plainMember: VisitMember = (schema, value, path) => this.visit(schema, value, path);

  #visit(schema: JSONSchemaProps, value: unknown, path: ValuePath, member: VisitMember): Outcome {
    const all = new Collector();
    if (value === null || value === undefined) {
      all.merge(this.#nothing(schema, path));
      if (schema.enum?.length) all.add(notInEnum(path, null, schema.enum));
      return all;
    }
    const step = (outcome: Outcome): void => {
      all.merge(outcome);
      all.matches++;
    };
    const types = this.#typesOf(schema);
    const format = effectiveFormat(schema.type, schema.format);
    if (types.length > 0 || format !== undefined) step(checkType(types, format, value, path));
    step(this.#combinations(schema, value, path));
    if (typeof value === 'string') {
      step(found(checkString(schema, value, path)));
      if (format !== undefined) step(found(checkFormat(format, value, path)));
    } else if (typeof value === 'number') {
      step({ findings: validateNumber(schema, value, path), matches: 1 });
    } else if (Array.isArray(value)) {
      step(this.#items(schema, value, path, member));
    }
    step(found(isInEnum(schema.enum, value) ? undefined : notInEnum(path, value, schema.enum!)));
    if (isObject(value)) step(this.#members(schema, value, path, member));
    all.matches++;
    return all;
  }

  #typesOf(schema: JSONSchemaProps): readonly string[] {
    if (this.#unionTypes && schema['x-kubernetes-int-or-string']) return ['integer', 'string'];
    return schema.type ? [schema.type] : [];
  }

  #nothing(schema: JSONSchemaProps, path: ValuePath): Outcome {
    const types = this.#typesOf(schema);
    if (types.length === 0 || schema.nullable) return { findings: [], matches: 1 };
    return found(wrongType(path, types.join(','), 'null'));
  }

  #items(schema: JSONSchemaProps, value: readonly unknown[], path: ValuePath, member: VisitMember): Outcome {
    const all = new Collector();
    const items = itemSchema(schema);
    if (items) value.forEach((item, index) => all.merge(member(items, item, `${path}[${index}]`, index)));
    const { minItems, maxItems } = schema;
    const size = value.length;
    if (minItems !== undefined && size < minItems) all.add(should(path, size, `have at least ${minItems} items`));
    if (maxItems !== undefined && size > maxItems) all.add(tooManyItems(path, size, maxItems));
    all.matches++;
    return all;
  }

  #members(
    schema: JSONSchemaProps,
    value: Readonly<Record<string, unknown>>,
    path: ValuePath,
    member: VisitMember,
  ): Outcome {
    const all = new Collector();
    const { minProperties, maxProperties, properties = {}, additionalProperties } = schema;
    const names = Object.keys(value);
    const size = names.length;
    if (minProperties !== undefined && size < minProperties) {
      all.add(should(path, size, `have at least ${minProperties} properties`));
    }
    if (maxProperties !== undefined && size > maxProperties) all.add(tooManyProperties(path, size, maxProperties));
    for (const name of names) {
      if (Object.hasOwn(properties, name)) continue;
      if (additionalProperties === false) all.add(forbiddenProperty(path, name));
      else if (typeof additionalProperties === 'object') {
        all.merge(member(additionalProperties, value[name], `${path}.${name}`, name));
      }
    }
    for (const name of names) {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (property) all.merge(member(property, value[name], path === '' ? name : `${path}.${name}`, name));
    }
    for (const name of schema.required ?? []) {
      if (!Object.hasOwn(value, name)) all.add(missing(`${path}.${name}`));
    }
    return all;
  }

  /** `anyOf`, `oneOf`, `allOf` and `not`: parts of the same value, which changes forgive nothing. */
  #combinations(schema: JSONSchemaProps, value: unknown, path: ValuePath): Outcome {
    const all = new Collector();
    const shown = JSON.stringify(path);
    const { anyOf, oneOf, allOf, not } = schema;
    if (anyOf?.length) this.#anyOf(all, anyOf, value, path);
    if (oneOf?.length) this.#oneOf(all, oneOf, value, path);
    if (allOf?.length) {
      const outcomes = allOf.map((one) => this.visit(one, value, path));
      for (const outcome of outcomes) all.merge(outcome);
      const valid = outcomes.filter(isValid).length;
      if (valid !== allOf.length) {
        all.add(overall(`${shown} must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`));
      }
    }
    if (not && isValid(this.visit(not, value, path))) all.add(overall(`${shown} must not validate the schema (not)`));
    all.matches++;
    return all;
  }

  #anyOf(all: Collector, schemas: readonly JSONSchemaProps[], value: unknown, path: ValuePath): void {
    let best: Outcome | undefined;
    for (const schema of schemas) {
      const outcome = this.visit(schema, value, path);
      if (isValid(outcome)) return all.merge(outcome);
      if (!best || outcome.matches > best.matches) best = outcome;
    }
    all.add(overall(`${JSON.stringify(path)} must validate at least one schema (anyOf)`));
    all.merge(best ?? OK);
  }

  #oneOf(all: Collector, schemas: readonly JSONSchemaProps[], value: unknown, path: ValuePath): void {
    const outcomes = schemas.map((schema) => this.visit(schema, value, path));
    const valid = outcomes.filter(isValid);
    if (valid.length === 1) return all.merge(valid[0]!);
    const explained = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
    all.add(overall(`${JSON.stringify(path)} must validate one and only one schema (oneOf). ${explained}`));
    if (valid.length > 0) return;
    let best = outcomes[0]!;
    for (const outcome of outcomes) if (outcome.matches > best.matches) best = outcome;
    all.merge(best);
  }
}

function isValid({ findings }: Outcome): boolean {
  return findings.length === 0;
}

function found(finding: Finding | undefined): Outcome {
  return finding ? { findings: [finding], matches: 0 } : OK;
}

/** A format widens what is taken: whatever its type, a string or list passes here if it has a format. */
function checkType(types: readonly string[], format: string | undefined, value: unknown, path: ValuePath): Outcome {
  const [type, valueFormat] = typeOfValue(value);
  const isWhole = type === 'number' && isNearlyInteger(value as number) && types.includes('integer');
  const fits = types.includes(type) || isWhole || (type === 'integer' && types.includes('number'));
  if (format !== undefined) {
    const textual = type === 'string' || type === 'array';
    if (!textual && !fits && format !== valueFormat) return found(wrongType(path, format, valueFormat));
    if (textual && !types.includes('number') && !types.includes('integer')) return { findings: [], matches: 1 };
  }
  return fits ? { findings: [], matches: 1 } : found(wrongType(path, types.join(','), type));
}

function typeOfValue(value: unknown): readonly [type: string, format: string] {
  if (Array.isArray(value)) return ['array', ''];
  if (typeof value === 'number') return isInteger(value) ? ['integer', 'int64'] : ['number', 'float64'];
  return [typeof value, ''];
}

/** Only the first thing that is wrong with a string is told. */
function checkString({ maxLength, minLength, pattern }: JSONSchemaProps, value: string, path: ValuePath) {
  const length = maxLength === undefined && minLength === undefined ? 0 : Array.from(value).length;
  if (maxLength !== undefined && length > maxLength) return tooLongText(path, maxLength);
  if (minLength !== undefined && length < minLength) return should(path, value, `be at least ${minLength} chars long`);
  if (!pattern) return undefined;
  try {
    return goRegexp(pattern).test(value) ? undefined : should(path, value, `match '${pattern}'`);
  } catch (error) {
    if (!(error instanceof GoRegexpError)) throw error;
    return should(path, value, `match '${pattern}, but pattern is invalid: ${error.message}'`);
  }
}

function checkFormat(format: string, value: string, path: ValuePath): Finding | undefined {
  return matchesFormat(format, value) ? undefined : wrongType(path, format, value);
}

/** A number equals an integer of the enumeration if its whole part does. */
function isInEnum(values: JSONSchemaProps['enum'], value: unknown): boolean {
  if (!values?.length) return true;
  return values.some((one) => {
    if (one === null) return false;
    if (typeof one === 'number' && typeof value === 'number' && Number.isInteger(one)) return Math.trunc(value) === one;
    return deepEqual(one, value);
  });
}
