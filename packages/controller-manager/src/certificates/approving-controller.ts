/**
 * Approves kubelets' requests for client certificates, if whoever asks may have them.
 *
 * Mirrors: pkg/controller/certificates/approver/sarapprove.go (v1.36)
 */
import { certificateSigningRequests, subjectAccessReviews } from '@kts/api';
import type { CertificateSigningRequest } from '@kts/api/types/certificates-v1';
import { parseSigningRequest } from '@kts/client';
import { defineController, ExpectedError, type AnyControllerDefinition, type ControllerContext } from '@kts/controlkit';

import { clientRequestProblem } from './kubelet-request.ts';
import { KUBELET_CLIENT_SIGNER } from './plan-signature.ts';
import { REQUEST_BACKOFF } from './signing-controller.ts';
import { isDecided, withCondition } from './signing-condition.ts';

/** What the asker must be allowed to create, and what is said then. */
interface Recognized {
  readonly subresource: 'selfnodeclient' | 'nodeclient';
  readonly message: string;
}

interface Observed {
  readonly request: CertificateSigningRequest;
}

export const approvingController: AnyControllerDefinition = defineController<
  CertificateSigningRequest,
  Observed,
  readonly Recognized[]
>({
  name: 'certificatesigningrequest-approving-controller',
  for: certificateSigningRequests,
  backoff: REQUEST_BACKOFF,
  observe: (key, { informers }) => {
    const request = informers.get(certificateSigningRequests).get(key);
    return request && !request.status?.certificate && !isDecided(request) ? { request } : undefined;
  },
  plan: ({ request }) => recognize(request),
  apply: async (recognized, { request }, context) => {
    for (const { subresource, message } of recognized) {
      if (!(await isAllowed(request, subresource, context))) continue;
      const condition = { type: 'Approved', status: 'True', reason: 'AutoApproved', message } as const;
      await context.client.update(certificateSigningRequests, withCondition(request, condition), {
        subresource: 'approval',
        signal: context.signal,
      });
      return;
    }
    if (recognized.length === 0) return;
    const tried = recognized.map(({ subresource }) => subresource).join(' ');
    throw new ExpectedError(
      `recognized csr "${request.metadata.name}" as [${tried}] but subject access review was not approved`,
    );
  },
});

/** The permissions of which one suffices, in the order in which they are tried. Throws if the request cannot be read. */
export function recognize({ spec }: CertificateSigningRequest): readonly Recognized[] {
  const parsed = parseSigningRequest(Buffer.from(spec.request, 'base64').toString());
  if (spec.signerName !== KUBELET_CLIENT_SIGNER || clientRequestProblem(parsed, spec.usages ?? [])) return [];
  const own: Recognized = {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  };
  const any: Recognized = {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  };
  return spec.username === parsed.commonName ? [own, any] : [any];
}

async function isAllowed(
  { spec }: CertificateSigningRequest,
  subresource: Recognized['subresource'],
  { client, signal }: ControllerContext,
): Promise<boolean> {
  const resourceAttributes = {
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests',
    verb: 'create',
    version: '*',
    subresource,
  };
  const { username = '', uid, groups = [], extra } = spec;
  const asker = { user: username, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
  const review = { metadata: {}, spec: { ...asker, resourceAttributes } };
  const { status } = await client.create(subjectAccessReviews, review, { signal });
  return status?.allowed ?? false;
}
