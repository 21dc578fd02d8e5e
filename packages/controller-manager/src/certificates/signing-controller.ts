/**
 * Signs approved requests for certificates of Kubernetes' own signers.
 *
 * Mirrors: pkg/controller/certificates/{signer,certificate_controller.go} (v1.36)
 * Differs: one controller serves all signers, because each request names exactly one.
 */
import { certificateSigningRequests } from '@kts/api';
import type { CertificateSigningRequest } from '@kts/api/types/certificates-v1';
import { formatTime } from '@kts/base';
import { certificateEnd, parseSigningRequest, signRequest } from '@kts/client';
import { defineController, type AnyControllerDefinition, type ControllerContext } from '@kts/controlkit';

import type { ClusterSigning, ControllerManagerConfig } from '../controller-manager-config.ts';
import {
  awaitsSignature,
  lifetimeMs,
  planSignature,
  SIGNER_NAMES,
  SIGNERS,
  type SignerName,
} from './plan-signature.ts';
import { withCondition } from './signing-condition.ts';

export interface SigningOptions {
  /** The authority of each signer; requests for one that is absent stay as they are. */
  readonly authorities: Readonly<Partial<Record<SignerName, ClusterSigning>>>;
  readonly durationMs: number;
}

/** By signer: the one for all of them, unless any has its own. */
export function signingAuthorities({
  clusterSigning,
  signers = {},
}: Pick<ControllerManagerConfig, 'clusterSigning' | 'signers'>): SigningOptions['authorities'] {
  if (Object.keys(signers).length > 0) return signers;
  return clusterSigning ? Object.fromEntries(SIGNER_NAMES.map((name) => [name, clusterSigning])) : {};
}

interface Observed {
  readonly request: CertificateSigningRequest;
  readonly signer: SignerName;
  readonly authority: ClusterSigning;
}

/** Of a request that cannot be signed. */
export const REQUEST_BACKOFF = { initialMs: 200, factor: 2, maxMs: 1_000_000 };

export function signingController(options: SigningOptions): AnyControllerDefinition {
  return defineController<CertificateSigningRequest, Observed, Observed>({
    name: 'certificatesigningrequest-signing-controller',
    for: certificateSigningRequests,
    backoff: REQUEST_BACKOFF,
    observe: (key, { informers }) => {
      const request = informers.get(certificateSigningRequests).get(key);
      const signer = SIGNER_NAMES.find((name) => name === request?.spec.signerName);
      const authority = signer && options.authorities[signer];
      return request && authority && awaitsSignature(request) ? { request, signer, authority } : undefined;
    },
    plan: (observed) => observed,
    apply: async (observed, _same, context) => {
      const answer = answerRequest(observed, options.durationMs, context);
      await context.client.updateStatus(certificateSigningRequests, answer, { signal: context.signal });
    },
  });
}

/** The request with its certificate, or with what is wrong with it. */
function answerRequest(
  { request, signer, authority }: Observed,
  durationMs: number,
  { clock, random }: Pick<ControllerContext, 'clock' | 'random'>,
): CertificateSigningRequest {
  const { request: encoded, usages = [], expirationSeconds } = request.spec;
  const parsed = parseSigningRequest(Buffer.from(encoded, 'base64').toString());
  const problem = SIGNERS[signer](parsed, usages);
  const now = clock.now();
  if (problem !== undefined) {
    return withCondition(request, {
      type: 'Failed',
      status: 'True',
      reason: 'SignerValidationFailure',
      message: problem,
      lastUpdateTime: formatTime(now),
    });
  }
  const end = certificateEnd(authority.certificate);
  const policy = planSignature(usages, lifetimeMs(expirationSeconds, durationMs), now, end);
  const certificate = signRequest(
    parsed,
    { ...policy, serial: Buffer.from(random.uuid().replaceAll('-', ''), 'hex') },
    authority,
  );
  return { ...request, status: { ...request.status, certificate: Buffer.from(certificate).toString('base64') } };
}
