/**
 * Limits of numbers. Integers are compared as integers: a limit of 5.5 counts as 5 for them.
 *
 * Mirrors: numberValidator in k8s.io/kube-openapi/pkg/validation/validate/validator.go (v1.36)
 */
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { factorNotPositive, goFloat, overall, should, type Finding, type ValuePath } from './schema-finding.ts';

const INT32_MAX = 2 ** 31 - 1;
const INT64_MAX = 2 ** 63;
const EPSILON = 1e-9;
const FLOAT32_MAX = 3.4028235677973366e38;

export function validateNumber(schema: JSONSchemaProps, value: number, path: ValuePath): readonly Finding[] {
  const findings: Finding[] = [];
  const check = (finding: Finding | undefined): void => void (finding && findings.push(finding));
  const { multipleOf, maximum, minimum } = schema;
  check(outOfRange(schema, value, 'Checked', path));
  if (multipleOf !== undefined) {
    const bad = outOfRange(schema, multipleOf, 'MultipleOf', path);
    check(bad);
    check(notMultiple(value, multipleOf, isInteger(value) && !bad, path));
  }
  if (minimum !== undefined) {
    const bad = outOfRange(schema, minimum, 'Minimum boundary', path);
    check(bad);
    const { limit, shown } = limitFor(value, minimum, bad === undefined);
    const exclusive = schema.exclusiveMinimum === true;
    if (exclusive ? value <= limit : value < limit) {
      check(should(path, value, `be greater than ${exclusive ? '' : 'or equal to '}${shown}`));
    }
  }
  if (maximum !== undefined) {
    const bad = outOfRange(schema, maximum, 'Maximum boundary', path);
    check(bad);
    const { limit, shown } = limitFor(value, maximum, bad === undefined);
    const exclusive = schema.exclusiveMaximum === true;
    if (exclusive ? value >= limit : value > limit) {
      check(should(path, value, `be less than ${exclusive ? '' : 'or equal to '}${shown}`));
    }
  }
  return findings;
}

export function isInteger(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) <= INT64_MAX;
}

/** A limit as it counts for a value, and as messages show it. */
function limitFor(value: number, limit: number, fits: boolean): { readonly limit: number; readonly shown: string } {
  const whole = Math.trunc(limit);
  return fits && isInteger(value) ? { limit: whole, shown: String(whole) } : { limit, shown: goFloat(limit) };
}

/** What is wrong with a number for the type and format of the schema. */
function outOfRange(
  { type, format, 'x-kubernetes-int-or-string': intOrString }: JSONSchemaProps,
  value: number,
  what: string,
  path: ValuePath,
): Finding | undefined {
  if (intOrString) return undefined;
  if (type === 'integer') {
    const named = format === 'int32' || format === 'int64';
    const fits = format === 'int32' ? value <= INT32_MAX && value >= -INT32_MAX - 1 : Math.abs(value) <= INT64_MAX;
    if (Number.isInteger(value) && fits) return undefined;
    const suffix = named ? `with format ${format}` : '(default format)';
    return overall(`${what} value must be of type integer ${suffix} in ${path}`);
  }
  if (type !== 'number' || format !== 'float' || Math.abs(value) <= FLOAT32_MAX) return undefined;
  return overall(`${what} value must be of type number with format float in ${path}`);
}

function notMultiple(value: number, multipleOf: number, asIntegers: boolean, path: ValuePath): Finding | undefined {
  const factor = asIntegers ? Math.trunc(multipleOf) : multipleOf;
  const shown = asIntegers ? String(factor) : goFloat(factor);
  if (factor <= 0) return factorNotPositive(path, factor, shown);
  const quotient = !asIntegers && factor < 1 ? (1 / factor) * value : value / factor;
  const isMultiple = asIntegers ? value % factor === 0 : isNearlyInteger(quotient);
  return isMultiple ? undefined : should(path, value, `be a multiple of ${shown}`);
}

/** Divisions of floating-point numbers hardly ever come out even. */
export function isNearlyInteger(value: number): boolean {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
  const whole = Math.trunc(value);
  if (value === whole) return true;
  return whole !== 0 && Math.abs(value - whole) / (Math.abs(value) + Math.abs(whole)) < EPSILON;
}
