/**
 * Who may approve and sign certificates, and which certificates nobody may ask for.
 *
 * Mirrors: plugin/pkg/admission/certificates/{approval,signing,subjectrestriction} (v1.36)
 */
import { deepEqual } from '@kts/apimachinery';
import type { CertificateSigningRequest } from '@kts/api/types/certificates-v1';

import { resourceAttributes, type Authorizer } from '../authorization/authorizer.ts';
import { only, type AdmissionAttributes, type AdmissionPlugin } from './admission.ts';
import { csrOrganizations } from './csr-organizations.ts';
import { forbiddenBy } from './forbidden.ts';

const GROUP = 'certificates.k8s.io';
const isRequest = only(`certificatesigningrequests.${GROUP}`);
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';
const MASTERS = 'system:masters';

export function certificateApproval(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    concerns: isRequest,
    validate(attributes) {
      if (!changes(attributes, 'approval')) return;
      const { signerName } = (attributes.old as CertificateSigningRequest).spec;
      if (mayUseSigner(authorizer, attributes, 'approve', signerName)) return;
      const text = `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`;
      throw forbiddenBy(attributes, text);
    },
  };
}

export function certificateSigning(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    concerns: isRequest,
    validate(attributes) {
      if (!changes(attributes, 'status')) return;
      const old = attributes.old as CertificateSigningRequest;
      const request = attributes.object as unknown as CertificateSigningRequest;
      const same =
        old.status?.certificate === request.status?.certificate &&
        deepEqual(old.status?.conditions ?? [], request.status?.conditions ?? []);
      const { signerName } = old.spec;
      if (same || mayUseSigner(authorizer, attributes, 'sign', signerName)) return;
      throw forbiddenBy(
        attributes,
        `user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`,
      );
    },
  };
}

export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  concerns: isRequest,
  validate(attributes) {
    if (attributes.operation !== 'CREATE' || attributes.subresource !== '' || !attributes.object) return;
    const { spec } = attributes.object as unknown as CertificateSigningRequest;
    if (spec.signerName !== CLIENT_SIGNER) return;
    if (!organizationsOf(attributes, spec.request).includes(MASTERS)) return;
    throw forbiddenBy(attributes, `use of ${CLIENT_SIGNER} signer with system:masters group is not allowed`);
  },
};

function changes(attributes: AdmissionAttributes, subresource: string): boolean {
  return attributes.subresource === subresource && attributes.old !== undefined;
}

/** A signer by its name, or all of its domain. */
function mayUseSigner(authorizer: Authorizer, attributes: AdmissionAttributes, verb: string, signer: string): boolean {
  const domain = `${signer.split('/', 1)[0]!}/*`;
  return [signer, domain].some((name) => {
    const asked = resourceAttributes({ verb, group: GROUP, version: '*', resource: 'signers', name });
    return authorizer.authorize(attributes.request.user, asked).decision === 'allow';
  });
}

/** The organizations in the subject of a PEM request, which is base64 in JSON. */
function organizationsOf(attributes: AdmissionAttributes, request: string): readonly string[] {
  try {
    return csrOrganizations(Buffer.from(request, 'base64').toString());
  } catch (error) {
    throw forbiddenBy(attributes, `failed to parse CSR: ${(error as Error).message}`);
  }
}
