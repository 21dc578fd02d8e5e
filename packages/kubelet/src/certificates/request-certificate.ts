import { certificateSigningRequests } from '@kts/api';
import type { CertificateSigningRequest } from '@kts/api/types/certificates-v1';
import type { Clock, Logger } from '@kts/base';
import { newSigningRequest, type Client, type KeyPair } from '@kts/client';

/** What a kubelet needs a certificate for. */
export interface CertificateWish {
  readonly purpose: 'client' | 'server';
  readonly nodeName: string;
  /** Of a server: its names and addresses. */
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

const SIGNERS = {
  client: 'kubernetes.io/kube-apiserver-client-kubelet',
  server: 'kubernetes.io/kubelet-serving',
} as const;
const USAGES = { client: 'client auth', server: 'server auth' } as const;
const POLL_MS = 1000;
const WAIT_MS_MAX = 15 * 60_000;

/**
 * Asks the API server for a certificate and waits until somebody has signed it. Rejects if it is denied, or if nobody
 * answers in time.
 *
 * Mirrors: staging/src/k8s.io/client-go/util/certificate/csr/csr.go (v1.36)
 */
export async function requestCertificate(
  client: Client,
  { purpose, nodeName, dnsNames = [], ipAddresses = [] }: CertificateWish,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<KeyPair> {
  const commonName = `system:node:${nodeName}`;
  const { request, key } = newSigningRequest({ commonName, organizations: ['system:nodes'], dnsNames, ipAddresses });
  const created = await client.create(
    certificateSigningRequests,
    {
      metadata: { generateName: 'csr-' },
      spec: {
        request: new TextEncoder().encode(request).toBase64(),
        signerName: SIGNERS[purpose],
        usages: ['digital signature', USAGES[purpose]],
      },
    },
    { signal },
  );
  const { name } = created.metadata;
  log.info('waiting for a certificate', { request: name, signer: SIGNERS[purpose] });
  const end = clock.monotonic() + WAIT_MS_MAX;
  for (let found = created; ;) {
    const certificate = issued(found);
    if (certificate !== undefined) return { certificate, key };
    if (clock.monotonic() > end) throw new Error(`certificate request ${name} was not answered in time`);
    await clock.sleep(POLL_MS, signal);
    found = await client.get(certificateSigningRequests, { name }, { signal });
  }
}

/** PEM; `undefined`: not yet. Throws if there will be none. */
function issued({ metadata, status }: CertificateSigningRequest): string | undefined {
  const refusal = status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed');
  if (refusal) {
    const { type, reason = '', message = '' } = refusal;
    throw new Error(`certificate request ${metadata.name} is ${type.toLowerCase()}: ${reason} ${message}`.trim());
  }
  const text = status?.certificate;
  return text ? new TextDecoder().decode(Uint8Array.fromBase64(text)) : undefined;
}
