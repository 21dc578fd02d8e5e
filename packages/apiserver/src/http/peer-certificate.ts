import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

import type { PeerCertificate } from '../request.ts';

const AUTHORITY_MISSING = 'x509: certificate signed by unknown authority';

/** Who signs the certificates that clients show. */
export interface PeerAuthorities {
  readonly clients: readonly X509Certificate[];
  /** Of proxies that say in headers for whom they ask. */
  readonly frontProxies: readonly X509Certificate[];
}

/** The client certificate of a connection, checked by TLS against all authorities. */
export function peerCertificateOf(socket: TLSSocket, authorities: PeerAuthorities): PeerCertificate | undefined {
  const x509 = socket.getPeerX509Certificate();
  if (!x509) return undefined;
  const { subject } = x509.toLegacyObject() as { subject: Readonly<Record<string, string | string[] | undefined>> };
  const organizations = subject['O'] ?? [];
  const commonName = subject['CN'] ?? '';
  const problem = problemOf(x509, socket, authorities);
  return {
    commonName: typeof commonName === 'string' ? commonName : commonName.at(-1)!,
    organizations: typeof organizations === 'string' ? [organizations] : organizations,
    fingerprint: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    notAfter: x509.validToDate.getTime(),
    ...(problem === undefined ? {} : { problem }),
    ...(socket.authorized && leadsTo(x509, authorities.frontProxies) ? { frontProxy: true } : {}),
  };
}

/** TLS accepts what any authority has signed, but users' certificates are those of some. */
function problemOf(x509: X509Certificate, socket: TLSSocket, { clients }: PeerAuthorities): string | undefined {
  if (!socket.authorized) return String(socket.authorizationError ?? AUTHORITY_MISSING);
  return leadsTo(x509, clients) ? undefined : AUTHORITY_MISSING;
}

function leadsTo(certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  let current: X509Certificate | undefined = certificate;
  while (current) {
    const signed = current;
    if (authorities.some((authority) => signed.checkIssued(authority) && signed.verify(authority.publicKey)))
      return true;
    const issuer: X509Certificate | undefined = current.issuerCertificate;
    current = issuer?.fingerprint256 === current.fingerprint256 ? undefined : issuer;
  }
  return false;
}
