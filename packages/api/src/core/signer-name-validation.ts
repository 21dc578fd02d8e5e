/**
 * Names of certificate signers, `example.com/signer`, and of the trust bundles that belong to them.
 *
 * Mirrors: pkg/apis/core/validation/names.go (v1.36)
 */
import {
  DNS1123_LABEL_LENGTH_MAX,
  DNS1123_SUBDOMAIN_LENGTH_MAX,
  invalid,
  isDNS1123Label,
  isDNS1123Subdomain,
  nameIsDNSSubdomain,
  required,
  tooLong,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { byteLength } from '../field-checks.ts';

const DOMAIN_LENGTH_MAX = DNS1123_SUBDOMAIN_LENGTH_MAX;
/** A namespace, a dot and a name. */
const PATH_LENGTH_MAX = DNS1123_SUBDOMAIN_LENGTH_MAX + DNS1123_LABEL_LENGTH_MAX + 1;
const SIGNER_NAME_LENGTH_MAX = DOMAIN_LENGTH_MAX + PATH_LENGTH_MAX + 1;

export function validateSignerName(name: string | undefined, path: FieldPath): FieldError[] {
  if (!name) return [required(path)];
  const segments = name.split('/');
  if (segments.length !== 2) {
    const text = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalid(path, name, text)];
  }
  const [domain = '', rest = ''] = segments;
  const errors: FieldError[] = [];
  if (byteLength(domain) > DOMAIN_LENGTH_MAX) errors.push(tooLong(path, DOMAIN_LENGTH_MAX));
  errors.push(...firstBadLabel(domain, isDNS1123Label, path));
  if (!domain.includes('.')) {
    errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'));
  }
  errors.push(...firstBadLabel(rest, isDNS1123Subdomain, path));
  if (byteLength(name) > SIGNER_NAME_LENGTH_MAX) errors.push(tooLong(path, SIGNER_NAME_LENGTH_MAX));
  return errors;
}

/** Signers of Kubernetes itself. */
export function isKubernetesSigner(name: string): boolean {
  const host = name.split('/', 1)[0]!;
  return host === 'kubernetes.io' || host.endsWith('.kubernetes.io');
}

/** What is wrong with the name of a trust bundle: bundles of a signer start with its name. */
export function trustBundleNameErrors(name: string): string[] {
  const colon = name.lastIndexOf(':');
  return nameIsDNSSubdomain(colon < 0 ? name : name.slice(colon + 1), false);
}

function firstBadLabel(text: string, check: (label: string) => readonly string[], path: FieldPath): FieldError[] {
  for (const label of text.split('.')) {
    const complaints = check(label);
    if (complaints.length > 0) {
      return complaints.map((complaint) =>
        invalid(path, text, `validating label ${JSON.stringify(label)}: ${complaint}`),
      );
    }
  }
  return [];
}
