import { defineResource } from '../define-resource.ts';
import type { CertificateSigningRequest } from '../gen/certificates-v1.gen.ts';

export const certificateSigningRequests = defineResource<CertificateSigningRequest>(
  'certificates.k8s.io/v1',
  'certificatesigningrequests',
);
