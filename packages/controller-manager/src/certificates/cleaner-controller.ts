/**
 * Deletes requests for certificates that nobody needs any more.
 *
 * Mirrors: pkg/controller/certificates/cleaner/cleaner.go (v1.36)
 */
import { certificateSigningRequests } from '@kts/api';
import type { CertificateSigningRequest } from '@kts/api/types/certificates-v1';
import { parseTime } from '@kts/apimachinery';
import { certificateEnd } from '@kts/client';

import type { PeriodicController } from '../periodic/periodic-controller.ts';

const HOUR_MS = 3_600_000;
const APPROVED_MS = HOUR_MS;
const DENIED_MS = HOUR_MS;
const PENDING_MS = 24 * HOUR_MS;

export const requestCleaner: PeriodicController = {
  name: 'certificatesigningrequest-cleaner-controller',
  periodMs: HOUR_MS,
  reads: [certificateSigningRequests],
  look: async ({ client, informers, clock, log, signal }) => {
    for (const request of informers.get(certificateSigningRequests).list()) {
      if (!isOutdated(request, clock.now())) continue;
      await client.delete(certificateSigningRequests, request.metadata, { signal }).catch((error: unknown) => {
        log.warn('cannot delete a certificate signing request', { name: request.metadata.name, error });
      });
    }
  },
};

/** Decided, issued or failed an hour ago, waiting for a day, or its certificate has ended. */
export function isOutdated({ metadata, status }: CertificateSigningRequest, now: number): boolean {
  const conditions = status?.conditions ?? [];
  const isOld = (time: string | undefined, limitMs: number): boolean =>
    time !== undefined && now - parseTime(time) > limitMs;
  const isOldCondition = (type: string, limitMs: number): boolean =>
    conditions.some((each) => each.type === type && isOld(each.lastUpdateTime, limitMs));
  if (isOldCondition('Denied', DENIED_MS) || isOldCondition('Failed', DENIED_MS)) return true;
  if (!status?.certificate) {
    return conditions.length === 0
      ? isOld(metadata.creationTimestamp, PENDING_MS)
      : isOldCondition('Approved', PENDING_MS);
  }
  const isApproved = conditions.some(({ type }) => type === 'Approved');
  return isOldCondition('Approved', APPROVED_MS) || (isApproved && hasEnded(status.certificate, now));
}

function hasEnded(certificate: string, now: number): boolean {
  try {
    return now > certificateEnd(Buffer.from(certificate, 'base64').toString());
  } catch {
    // Not of ours: another signer may have put anything there.
    return false;
  }
}
