import { X509Certificate } from 'node:crypto';

import type { Clock, Logger, Random } from '@kts/base';
import type { Client, KeyPair } from '@kts/client';

import type { CertificateStore } from './certificate-store.ts';
import { requestCertificate, type CertificateWish } from './request-certificate.ts';

export interface CertificateRotationDeps {
  readonly store: CertificateStore;
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** What to ask for; `undefined`: nothing can be asked for yet. */
  readonly wish: () => Promise<CertificateWish | undefined>;
  /** There is another certificate. */
  readonly onChange: (pair: KeyPair) => void;
}

const RETRY_MS = 10_000;
const SHARE_MIN = 0.7;
const SHARE_RANGE = 0.2;
/** Clocks count no longer waits. */
const WAIT_MS_MAX = 24 * 3600_000;

/**
 * When to ask for the next certificate: after 70 to 90 % of this one's life, so that nodes that started together do not
 * ask together.
 *
 * Mirrors: staging/src/k8s.io/client-go/util/certificate/certificate_manager.go, nextRotationDeadline (v1.36)
 */
export function rotationTime(certificate: string, random: number): number {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()];
  return from + (to - from) * (SHARE_MIN + SHARE_RANGE * random);
}

/** The certificate still counts at a time. */
export function isValidAt(certificate: string, now: number): boolean {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return validFromDate.getTime() <= now && now < validToDate.getTime();
}

/** Sees to it that there always is a certificate, until the signal. */
export async function keepCertificate(deps: CertificateRotationDeps, signal: AbortSignal): Promise<void> {
  const { store, client, clock, random, log, wish, onChange } = deps;
  const share = random.next();
  while (!signal.aborted) {
    const current = store.current();
    const dueIn = current ? rotationTime(current.certificate, share) - clock.now() : 0;
    if (dueIn > 0) {
      await clock.sleep(Math.min(dueIn, WAIT_MS_MAX), signal).catch(() => {});
      continue;
    }
    try {
      const wanted = await wish();
      if (wanted) {
        const next = await requestCertificate(client, wanted, { clock, log }, signal);
        store.save(next, clock.now());
        onChange(next);
        continue;
      }
    } catch (error) {
      if (!signal.aborted) log.error('failed to get a certificate', { error });
    }
    await clock.sleep(RETRY_MS, signal).catch(() => {});
  }
}
