/**
 * Client certificates: the common name is the user, organizations are the groups. The result is kept with the
 * connection, so that a request after the first costs a map look-up.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/authentication/request/x509/x509.go (v1.36)
 */
import type { Clock } from '@kts/base';

import type { Connection, PeerCertificate, UserInfo } from '../request.ts';
import { withAuthenticatedGroup, type Authenticator } from './authenticator.ts';

const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id';

export function x509Authenticator(clock: Pick<Clock, 'now'>): Authenticator {
  const users = new WeakMap<Connection, UserInfo>();
  return {
    authenticate({ connection }) {
      if (connection.kind !== 'http' || !connection.peerCertificate) return undefined;
      const certificate = connection.peerCertificate;
      if (certificate.problem) throw new Error(certificate.problem);
      if (certificate.notAfter < clock.now()) throw new Error('x509: certificate has expired or is not yet valid');
      let user = users.get(connection);
      if (!user) {
        user = userOf(certificate);
        users.set(connection, user);
      }
      return user;
    },
  };
}

function userOf(certificate: PeerCertificate): UserInfo {
  if (certificate.commonName === '') throw new Error('the client certificate has no common name');
  return withAuthenticatedGroup({
    name: certificate.commonName,
    groups: certificate.organizations,
    extra: { [CREDENTIAL_ID]: [`X509SHA256=${certificate.fingerprint}`] },
  });
}
