/**
 * Options of writing requests, from their query.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go (v1.36)
 */
import { FieldPath, forbidden, invalidObject, notSupported, required, type FieldError } from '@kts/apimachinery';
import { validateFieldManager } from '@kts/api';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface WriteOptions {
  readonly dryRun: boolean;
  /** Empty if the client named none; see `managerOf`. */
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Only of apply patches. */
  readonly force: boolean;
}

const FIELD_MANAGER_BYTES_MAX = 128;

/** Throws Invalid for options that make no sense. `apply` is undefined for anything but a patch. */
export function parseWriteOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  apply?: boolean,
): WriteOptions {
  const fieldManager = query.get('fieldManager') ?? '';
  const fieldValidation = query.get('fieldValidation') ?? '';
  const force = query.get('force');
  const errors: FieldError[] = [];
  if (apply === true && fieldManager === '') {
    errors.push(required(FieldPath.of('fieldManager'), 'is required for apply patch'));
  }
  if (apply === false && force !== null) {
    errors.push(forbidden(FieldPath.of('force'), 'may not be specified for non-apply patch'));
  }
  errors.push(...validateFieldManager(fieldManager, FieldPath.of('fieldManager')));
  errors.push(...validateDryRun(query.getAll('dryRun')));
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(fieldValidation)) {
    const path = FieldPath.of('fieldValidation');
    errors.push(notSupported(path, fieldValidation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind }, '', errors);
  return {
    dryRun: query.has('dryRun'),
    fieldManager,
    fieldValidation: (fieldValidation || 'Warn') as FieldValidation,
    force: force !== null && force !== 'false' && force !== '0',
  };
}

export function validateDryRun(values: readonly string[]): FieldError[] {
  if (values.every((value) => value === 'All')) return [];
  return [notSupported(FieldPath.of('dryRun'), values, ['All'])];
}

/** The manager of a write: what the client says, or the first part of its user agent. */
export function managerOf(fieldManager: string, userAgent: string | undefined): string {
  if (fieldManager !== '') return fieldManager;
  let manager = '';
  for (const letter of (userAgent ?? '').split('/', 1)[0]!) {
    if (!isPrintable(letter)) continue;
    if (Buffer.byteLength(manager) + Buffer.byteLength(letter) > FIELD_MANAGER_BYTES_MAX) break;
    manager += letter;
  }
  return manager;
}

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space. */
function isPrintable(letter: string): boolean {
  return letter === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(letter);
}
