/**
 * Proxies that have found out themselves who asks, and say so in headers.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/authentication/request/headerrequest/requestheader.go and Verifier of
 * request/x509/x509.go (v1.36)
 */
import type { Clock } from '@kts/base';

import { remoteUserOf } from '../aggregation/remote-user.ts';
import { withAuthenticatedGroup, type Authenticator } from './authenticator.ts';

/** `allowedNames` are common names of proxies' certificates; none: any name will do. */
export function requestHeaderAuthenticator(allowedNames: readonly string[], clock: Pick<Clock, 'now'>): Authenticator {
  return {
    authenticate(request) {
      const { connection } = request;
      if (connection.kind !== 'http' || !connection.peerCertificate?.frontProxy) return undefined;
      const { commonName, notAfter } = connection.peerCertificate;
      if (notAfter < clock.now()) throw new Error('x509: certificate has expired or is not yet valid');
      if (allowedNames.length > 0 && !allowedNames.includes(commonName)) {
        throw new Error(`x509: subject with cn=${commonName} is not in the allowed list`);
      }
      const user = remoteUserOf(Object.keys(request.headers), (name) => request.headerValues(name));
      return user && withAuthenticatedGroup(user);
    },
  };
}
