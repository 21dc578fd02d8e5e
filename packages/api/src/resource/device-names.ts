/**
 * Names of pools, devices, attributes and shares.
 *
 * Mirrors: pkg/apis/resource/validation/validation.go (v1.36); github.com/google/uuid for share IDs
 */
import { goQuote, invalid, isCIdentifier, required, tooLong, type FieldError, type FieldPath } from '@kts/apimachinery';
import { validateCsiDriverName } from '../core/storage-source-validation.ts';
import { byteLength, checkDnsSubdomain, invalidEach } from '../field-checks.ts';

const POOL_NAME_BYTES_MAX = 253;
const ID_BYTES_MAX = 32;
const DOMAIN_BYTES_MAX = 63;
/** Of `domain/id`. */
export const QUALIFIED_NAME_BYTES_MAX = DOMAIN_BYTES_MAX + 1 + ID_BYTES_MAX;

/** Drivers are named as those of storage are. */
export const validateDriverName = validateCsiDriverName;

export function validatePoolName(name: string | undefined, path: FieldPath): FieldError[] {
  if (!name) return [required(path)];
  const errors = byteLength(name) > POOL_NAME_BYTES_MAX ? [tooLong(path, POOL_NAME_BYTES_MAX)] : [];
  return [...errors, ...name.split('/').flatMap((part) => checkDnsSubdomain(part, path))];
}

/** An ID with or without a domain before it. More than one slash is not looked at: upstream lets it pass. */
export function validateQualifiedName(name: string, path: FieldPath): FieldError[] {
  const parts = name.split('/');
  if (parts.length > 2) return [];
  if (parts.length === 1) return validateId(name, path);
  const [domain, id] = parts as [string, string];
  return [
    ...(domain ? validateDriverName(domain, path) : [invalid(path, '', 'the domain must not be empty')]),
    ...(id ? validateId(id, path) : [invalid(path, '', 'the name must not be empty')]),
  ];
}

export function validateFullyQualifiedName(name: string, path: FieldPath): FieldError[] {
  const errors = validateQualifiedName(name, path);
  if (name.includes('/')) return errors;
  const text = 'a fully qualified name must be a domain and a name separated by a slash';
  return [...errors, invalid(path, name, text)];
}

function validateId(id: string, path: FieldPath): FieldError[] {
  const errors = byteLength(id) > ID_BYTES_MAX ? [tooLong(path, ID_BYTES_MAX)] : [];
  return [...errors, ...invalidEach(path, id, isCIdentifier(id))];
}

/** A UUID in lower case. */
export function validateShareId(id: string, path: FieldPath): FieldError[] {
  const problem = uuidProblem(id);
  if (problem !== undefined) return [invalid(path, id, `error validating uid: ${problem}`)];
  if (id.length === 36 && id === id.toLowerCase()) return [];
  const form = '`xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`';
  return [invalid(path, id, `uid must be in RFC 4122 normalized form, ${form} with lowercase hexadecimal characters`)];
}

function uuidProblem(text: string): string | undefined {
  switch (byteLength(text)) {
    case 36:
      return standardProblem(text);
    case 45:
      if (!/^urn:uuid:/i.test(text)) return `invalid urn prefix: ${goQuote(text.slice(0, 9))}`;
      return standardProblem(text.slice(9));
    case 38:
      return /^\{.*\}$/s.test(text) ? standardProblem(text.slice(1, -1)) : 'invalid bracketed UUID format';
    case 32:
      return /^[0-9a-f]{32}$/i.test(text) ? undefined : 'invalid UUID format';
    default:
      return `invalid UUID length: ${byteLength(text)}`;
  }
}

function standardProblem(text: string): string | undefined {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? undefined : 'invalid UUID format';
}
