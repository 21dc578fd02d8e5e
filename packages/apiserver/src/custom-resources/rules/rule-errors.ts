import { duplicate, forbidden, invalid, required, type FieldError, type FieldPath } from '@kts/apimachinery';
import type { JSONSchemaProps, ValidationRule } from '@kts/api/types/apiextensions-v1';

/** An error of the kind that the rule asks for. Objects and lists are not repeated in messages. */
export function ruleError(
  { reason }: ValidationRule,
  { type }: JSONSchemaProps,
  value: unknown,
  detail: string,
  path: FieldPath,
): FieldError {
  const omitted = type === 'object' || type === 'array';
  if (reason === 'FieldValueForbidden') return forbidden(path, detail);
  if (reason === 'FieldValueRequired') return required(path, detail);
  if (reason === 'FieldValueDuplicate') {
    return omitted ? withoutValue('FieldValueDuplicate', 'Duplicate value', path) : duplicate(path, value);
  }
  return omitted ? withoutValue('FieldValueInvalid', `Invalid value: ${detail}`, path) : invalid(path, value, detail);
}

function withoutValue(type: FieldError['type'], message: string, path: FieldPath): FieldError {
  return { type, field: path.toString() || '<nil>', message };
}

/** What a rule is called in messages. */
export function ruleText({ message, rule }: ValidationRule): string {
  return (message || rule).trim();
}
