import type { TLSSocket } from 'node:tls';

import type { PeerCertificate } from '../request.ts';

const AUTHORITY_MISSING = 'x509: certificate signed by unknown authority';

/** The client certificate of a connection, checked by TLS against the client authorities. */
export function peerCertificateOf(socket: TLSSocket): PeerCertificate | undefined {
  const x509 = socket.getPeerX509Certificate();
  if (!x509) return undefined;
  const { subject } = x509.toLegacyObject() as { subject: Readonly<Record<string, string | string[] | undefined>> };
  const organizations = subject['O'] ?? [];
  const commonName = subject['CN'] ?? '';
  return {
    commonName: typeof commonName === 'string' ? commonName : commonName.at(-1)!,
    organizations: typeof organizations === 'string' ? [organizations] : organizations,
    fingerprint: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    notAfter: x509.validToDate.getTime(),
    ...(socket.authorized ? {} : { problem: String(socket.authorizationError ?? AUTHORITY_MISSING) }),
  };
}
