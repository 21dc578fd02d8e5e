/**
 * What a signer does with an approved request.
 *
 * Mirrors: pkg/controller/certificates/signer/signer.go, pkg/controller/certificates/authority/policies.go (v1.36)
 */
import type { CertificateSigningRequest } from '@kts/api/types/certificates-v1';
import type { SigningPolicy, SigningRequest } from '@kts/client';

import { clientRequestProblem, servingRequestProblem } from './kubelet-request.ts';
import { hasTrueCondition, isApproved } from './signing-condition.ts';

export const KUBELET_CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet';

/** Whose requests are signed, and what may be wrong with them. */
export const SIGNERS = {
  'kubernetes.io/kubelet-serving': servingRequestProblem,
  [KUBELET_CLIENT_SIGNER]: clientRequestProblem,
  'kubernetes.io/kube-apiserver-client': (_request, usages) => clientUsagesProblem(usages),
  'kubernetes.io/legacy-unknown': () => undefined,
} as const satisfies Record<string, (request: SigningRequest, usages: readonly string[]) => string | undefined>;

export type SignerName = keyof typeof SIGNERS;

export const SIGNER_NAMES = Object.keys(SIGNERS) as readonly SignerName[];

const MINUTE_MS = 60_000;
const BACKDATE_MS = 5 * MINUTE_MS;
/** Certificates that live shorter than this are not cut short by having been dated back. */
const SHORT_MS = 8 * 60 * MINUTE_MS;
const LIFETIME_MIN_MS = 10 * MINUTE_MS;

const USAGE_BITS: Readonly<Record<string, number>> = {
  signing: 1,
  'digital signature': 1,
  'content commitment': 1 << 1,
  'key encipherment': 1 << 2,
  'data encipherment': 1 << 3,
  'key agreement': 1 << 4,
  'cert sign': 1 << 5,
  'crl sign': 1 << 6,
  'encipher only': 1 << 7,
  'decipher only': 1 << 8,
};

/** In the order in which certificates list them. */
const EXTENDED_USAGES: readonly (readonly [names: readonly string[], oid: string])[] = [
  [['any'], '2.5.29.37.0'],
  [['server auth'], '1.3.6.1.5.5.7.3.1'],
  [['client auth'], '1.3.6.1.5.5.7.3.2'],
  [['code signing'], '1.3.6.1.5.5.7.3.3'],
  [['email protection', 's/mime'], '1.3.6.1.5.5.7.3.4'],
  [['ipsec end system'], '1.3.6.1.5.5.7.3.5'],
  [['ipsec tunnel'], '1.3.6.1.5.5.7.3.6'],
  [['ipsec user'], '1.3.6.1.5.5.7.3.7'],
  [['timestamping'], '1.3.6.1.5.5.7.3.8'],
  [['ocsp signing'], '1.3.6.1.5.5.7.3.9'],
  [['microsoft sgc'], '1.3.6.1.4.1.311.10.3.3'],
  [['netscape sgc'], '2.16.840.1.113730.4.1'],
];

/** Whether the signer of this name has anything to do with the request. */
export function awaitsSignature(request: CertificateSigningRequest): boolean {
  return !request.status?.certificate && isApproved(request) && !hasTrueCondition(request, 'Failed');
}

/** How long the certificate is to be valid: what was asked for, but no longer than the signer allows. */
export function lifetimeMs(expirationSeconds: number | undefined, maximumMs: number): number {
  if (expirationSeconds === undefined) return maximumMs;
  const asked = expirationSeconds * 1000;
  return asked > maximumMs ? maximumMs : Math.max(asked, LIFETIME_MIN_MS);
}

/**
 * What goes into the certificate.
 *
 * @param signerEnd when the signer's own certificate ends
 * @throws Error if the signer cannot sign any more, or not for these usages
 */
export function planSignature(
  usages: readonly string[],
  lifetime: number,
  now: number,
  signerEnd: number,
): Omit<SigningPolicy, 'serial'> {
  const unknown = usages.filter(
    (usage) => !USAGE_BITS[usage] && !EXTENDED_USAGES.some(([names]) => names.includes(usage)),
  );
  if (unknown.length > 0)
    throw new Error(`unrecognized usage values: [${unknown.map((each) => JSON.stringify(each)).join(' ')}]`);
  if (now >= signerEnd) throw new Error('refusing to sign a certificate that expired in the past');
  const end = lifetime < SHORT_MS ? now + lifetime : now + lifetime - BACKDATE_MS;
  return {
    keyUsageBits: usages.reduce((bits, usage) => bits | (USAGE_BITS[usage] ?? 0), 0),
    extendedKeyUsages: EXTENDED_USAGES.filter(([names]) => names.some((name) => usages.includes(name))).map(
      ([, oid]) => oid,
    ),
    notBefore: now - BACKDATE_MS,
    notAfter: Math.min(end, signerEnd),
  };
}

function clientUsagesProblem(usages: readonly string[]): string | undefined {
  const allowed = ['digital signature', 'key encipherment', 'client auth'];
  const wrong = usages.find((usage) => !allowed.includes(usage));
  if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}
