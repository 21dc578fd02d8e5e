/**
 * Paths with a domain in front, such as `acme.io/foo`.
 *
 * Mirrors: IsDomainPrefixedPath in staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go (v1.36)
 */
import { invalid, isDNS1123Subdomain, regexError, required, type FieldError, type FieldPath } from '@kts/apimachinery';
import { invalidEach } from './field-checks.ts';

const HTTP_PATH_FORMAT = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const HTTP_PATH = new RegExp(`^${HTTP_PATH_FORMAT}$`);

export function validateDomainPath(text: string, path: FieldPath): FieldError[] {
  if (text === '') return [required(path)];
  const slash = text.indexOf('/');
  if (slash <= 0 || slash === text.length - 1) {
    return [invalid(path, text, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const host = text.slice(0, slash);
  const rest = text.slice(slash + 1);
  const errors = invalidEach(path, host, isDNS1123Subdomain(host));
  if (HTTP_PATH.test(rest)) return errors;
  return [...errors, invalid(path, rest, regexError('Invalid path', HTTP_PATH_FORMAT))];
}
