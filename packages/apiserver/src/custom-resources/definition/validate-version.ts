/**
 * What a version says besides its schema: columns, subresources, selectable fields, deprecation.
 *
 * Mirrors: validateCustomResourceDefinitionVersion and what it calls in
 * staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go (v1.36)
 */
import { duplicate, invalid, required, tooMany, type FieldError, type FieldPath } from '@kts/apimachinery';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  JSONSchemaProps,
  SelectableField,
} from '@kts/api/types/apiextensions-v1';

import { resolveFieldPath } from './field-path-rule.ts';

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
export const SELECTABLE_FIELDS_MAX = 8;
const WARNING_BYTES_MAX = 256;

export function validateDeprecation(version: CustomResourceDefinitionVersion, path: FieldPath): FieldError[] {
  const { deprecated = false, deprecationWarning: warning } = version;
  if (warning === undefined) return [];
  const refuse = (text: string): FieldError => invalid(path.child('deprecationWarning'), warning, text);
  if (!deprecated) return [refuse('can only be set for deprecated versions')];
  const unprintable = unprintableAt(warning);
  return [
    ...(Buffer.byteLength(warning) > WARNING_BYTES_MAX ? [refuse('must be <= 256 characters long')] : []),
    ...(warning === '' ? [refuse('must not be an empty string')] : []),
    ...(unprintable < 0
      ? []
      : [
          refuse(`must only contain printable UTF-8 characters; non-printable character found at index ${unprintable}`),
        ]),
  ];
}

/** In bytes; -1 if all characters can be printed. Of the spaces only the plain one can. */
function unprintableAt(text: string): number {
  const found = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(text);
  return found ? Buffer.byteLength(text.slice(0, found.index)) : -1;
}

export function validateSubresources(
  subresources: CustomResourceSubresources | undefined,
  path: FieldPath,
): FieldError[] {
  const { scale } = subresources ?? {};
  if (!scale) return [];
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  return [
    ...validateScalePath(
      specReplicasPath,
      ['.spec.'],
      'should be a json path under .spec',
      path.child('scale.specReplicasPath'),
    ),
    ...validateScalePath(
      statusReplicasPath,
      ['.status.'],
      'should be a json path under .status',
      path.child('scale.statusReplicasPath'),
    ),
    ...(labelSelectorPath
      ? validateScalePath(
          labelSelectorPath,
          ['.spec.', '.status.'],
          'should be a json path under either .spec or .status',
          path.child('scale.labelSelectorPath'),
        )
      : []),
  ];
}

function validateScalePath(text: string, roots: readonly string[], detail: string, path: FieldPath): FieldError[] {
  if (!text) return [required(path)];
  const errors = validateSimplePath(text, path);
  if (errors.length > 0) return errors;
  return roots.some((root) => text.startsWith(root)) ? [] : [invalid(path, text, detail)];
}

function validateSimplePath(text: string, path: FieldPath): FieldError[] {
  return text.startsWith('.') ? [] : [invalid(path, text, 'must be a simple json path starting with .')];
}

export function validateColumns(
  columns: readonly CustomResourceColumnDefinition[] | undefined,
  path: FieldPath,
): FieldError[] {
  return (columns ?? []).flatMap((column, index) => validateColumn(column, path.index(index)));
}

function validateColumn(
  { name, type, format, jsonPath }: CustomResourceColumnDefinition,
  path: FieldPath,
): FieldError[] {
  const types = `must be one of ${COLUMN_TYPES.join(',')}`;
  const pathField = path.child('JSONPath');
  return [
    ...(name ? [] : [required(path.child('name'))]),
    ...(type ? [] : [required(path.child('type'), types)]),
    ...(type && !COLUMN_TYPES.includes(type) ? [invalid(path.child('type'), type, types)] : []),
    ...(format && !COLUMN_FORMATS.includes(format)
      ? [invalid(path.child('format'), format, `must be one of ${COLUMN_FORMATS.join(',')}`)]
      : []),
    ...(jsonPath ? validateSimplePath(jsonPath, pathField) : [required(pathField)]),
  ];
}

/** `limited`: whether there may be only so many. */
export function validateSelectableFields(
  fields: readonly SelectableField[],
  schema: JSONSchemaProps,
  limited: boolean,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const unique = new Set<string>();
  fields.forEach(({ jsonPath }, index) => {
    const at = path.index(index).child('jsonPath');
    if (!jsonPath) return void errors.push(required(at));
    const found = resolveFieldPath(jsonPath, schema, false);
    if (!found.ok) return void errors.push(invalid(at, jsonPath, `is an invalid path: ${found.problem}`));
    if (found.names[0] === 'metadata') errors.push(invalid(at, jsonPath, 'must not point to fields in metadata'));
    if (!['string', 'boolean', 'integer'].includes(found.schema.type ?? '')) {
      const text =
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
      errors.push(invalid(at, jsonPath, text));
    }
    const name = found.path.toString();
    if (unique.has(name)) errors.push(duplicate(at, jsonPath));
    unique.add(name);
  });
  if (limited && unique.size > SELECTABLE_FIELDS_MAX) errors.push(tooMany(path, unique.size, SELECTABLE_FIELDS_MAX));
  return errors;
}
