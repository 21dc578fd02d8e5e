/**
 * What a request for a certificate of a kubelet must look like.
 *
 * Mirrors: pkg/apis/certificates/helpers.go (v1.36)
 */
import type { SigningRequest } from '@kts/client';

type Subject = Pick<
  SigningRequest,
  'commonName' | 'organizations' | 'dnsNames' | 'emailAddresses' | 'ipAddresses' | 'uris'
>;

const SERVING_USAGES = ['digital signature', 'key encipherment', 'server auth'];
const CLIENT_USAGES = ['client auth', 'digital signature', 'key encipherment'];
/** Keys other than RSA do not encipher keys. */
const RSA_USAGE = 'key encipherment';

/** What is wrong with a request for a certificate that a kubelet serves with; undefined if nothing is. */
export function servingRequestProblem(request: Subject, usages: readonly string[]): string | undefined {
  if (!isOfNodes(request)) return 'subject organization is not system:nodes';
  if (request.dnsNames.length + request.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return usagesProblem(usages, SERVING_USAGES) ?? nameProblem(request);
}

/** What is wrong with a request for a certificate that a kubelet authenticates with; undefined if nothing is. */
export function clientRequestProblem(request: Subject, usages: readonly string[]): string | undefined {
  if (!isOfNodes(request)) return 'subject organization is not system:nodes';
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return usagesProblem(usages, CLIENT_USAGES) ?? nameProblem(request);
}

function isOfNodes({ organizations }: Subject): boolean {
  return organizations.length === 1 && organizations[0] === 'system:nodes';
}

function nameProblem({ commonName }: Subject): string | undefined {
  return commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node:';
}

/** @param required sorted */
function usagesProblem(usages: readonly string[], required: readonly string[]): string | undefined {
  const given = [...new Set(usages)].toSorted().join();
  const isRight = given === required.join() || given === required.filter((usage) => usage !== RSA_USAGE).join();
  return isRight ? undefined : `usages did not match [${required.join(' ')}]`;
}
