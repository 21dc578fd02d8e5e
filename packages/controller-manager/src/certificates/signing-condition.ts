/**
 * Mirrors: pkg/controller/certificates/certificate_controller_utils.go (v1.36)
 */
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '@kts/api/types/certificates-v1';

type Conditioned = Pick<CertificateSigningRequest, 'status'>;

/** An empty status counts as true: conditions of old clients have none. */
export function hasTrueCondition({ status }: Conditioned, type: string): boolean {
  return (status?.conditions ?? []).some((each) => each.type === type && (each.status || 'True') === 'True');
}

/** Approved, and not denied as well. */
export function isApproved(request: Conditioned): boolean {
  const types = new Set(request.status?.conditions?.map(({ type }) => type));
  return types.has('Approved') && !types.has('Denied');
}

export function isDecided(request: Conditioned): boolean {
  return (request.status?.conditions ?? []).some(({ type }) => type === 'Approved' || type === 'Denied');
}

export function withCondition(
  request: CertificateSigningRequest,
  condition: CertificateSigningRequestCondition,
): CertificateSigningRequest {
  return { ...request, status: { ...request.status, conditions: [...(request.status?.conditions ?? []), condition] } };
}
