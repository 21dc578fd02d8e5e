/**
 * Makes the tokens of service accounts.
 *
 * Mirrors: pkg/serviceaccount/claims.go (v1.36)
 */
import { formatTime, type Clock, type Random } from '@kts/base';

import { signToken, type SigningKey } from './jwt.ts';
import { serviceAccountUser } from './user-names.ts';

/** Kubelets of old ask for a little more than an hour; they get a year, and a warning is due after that hour. */
const WARN_ONLY_SECONDS = 3607;
const EXTENDED_SECONDS = 365 * 24 * 3600;

export interface BoundReference {
  readonly name: string;
  readonly uid: string;
}

export interface TokenOrder {
  readonly namespace: string;
  readonly serviceAccount: BoundReference;
  /** At most one of pod, secret and node; a pod may bring its node along. */
  readonly pod?: BoundReference;
  readonly secret?: BoundReference;
  readonly node?: BoundReference;
  /** Empty: the audiences of the API server. */
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
}

export interface IssuedToken {
  readonly token: string;
  /** What the TokenRequest's status says; the token itself may live longer. */
  readonly expirationTimestamp: string;
  readonly audiences: readonly string[];
}

export interface TokenIssuer {
  readonly issuer: string;
  /** What the API server accepts, and what tokens are for by default. */
  readonly audiences: readonly string[];
  issue(order: TokenOrder): IssuedToken;
}

export interface TokenIssuerOptions {
  readonly key: SigningKey;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'uuid'>;
}

export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  const { issuer, audiences: own, clock, random } = options;
  return {
    issuer,
    audiences: own,
    issue(order) {
      const now = Math.floor(clock.now() / 1000);
      const audiences = order.audiences.length > 0 ? order.audiences : own;
      const extended =
        order.expirationSeconds === WARN_ONLY_SECONDS && audiences.every((audience) => own.includes(audience));
      const lifetime = extended ? EXTENDED_SECONDS : order.expirationSeconds;
      const claims = {
        aud: audiences,
        exp: now + lifetime,
        iat: now,
        iss: issuer,
        jti: random.uuid(),
        'kubernetes.io': {
          namespace: order.namespace,
          ...(order.node ? { node: order.node } : {}),
          ...(order.pod ? { pod: order.pod } : {}),
          ...(order.secret ? { secret: order.secret } : {}),
          serviceaccount: order.serviceAccount,
          ...(extended ? { warnafter: now + order.expirationSeconds } : {}),
        },
        nbf: now,
        sub: serviceAccountUser({ namespace: order.namespace, name: order.serviceAccount.name }),
      };
      return {
        token: signToken(options.key, claims),
        expirationTimestamp: formatTime((now + order.expirationSeconds) * 1000),
        audiences,
      };
    },
  };
}
