import type { Clock, Random } from '@kts/base';

import type { Authenticator } from './authentication/authenticator.ts';
import { bearerTokenAuthenticator, type TokenAuthenticator } from './authentication/bearer-tokens.ts';
import { identityReviews } from './authentication/identity-reviews.ts';
import { signingKey, verificationKey, type VerificationKey } from './authentication/jwt.ts';
import { legacyTokens, type LegacyTokenOptions } from './authentication/legacy-tokens.ts';
import { requestHeaderAuthenticator } from './authentication/request-headers.ts';
import { serviceAccountTokens, type BoundObjectReader } from './authentication/service-account-tokens.ts';
import { staticTokens } from './authentication/static-tokens.ts';
import { createTokenIssuer, type TokenIssuer } from './authentication/token-issuer.ts';
import { x509Authenticator } from './authentication/x509.ts';
import type { Review } from './authorization/access-reviews.ts';
import { FRONT_PROXY_NAME, type ClusterPki } from './pki/cluster-pki.ts';
import type { ApiServerConfig } from './server-config.ts';

/** Everything about who somebody is. */
export interface ServerIdentity {
  readonly issuer: string;
  readonly keys: readonly VerificationKey[];
  readonly tokenIssuer: TokenIssuer;
  readonly reviews: Readonly<Record<string, Review>>;
  /** In the order in which they are asked. */
  readonly authenticators: readonly Authenticator[];
}

export interface ServerIdentityDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly serviceAccount: ClusterPki['serviceAccount'];
  readonly read: BoundObjectReader;
  readonly markUsed: LegacyTokenOptions['markUsed'];
}

export function createIdentity(config: ApiServerConfig, deps: ServerIdentityDeps): ServerIdentity {
  const { clock, random, serviceAccount, read, markUsed } = deps;
  const issuer =
    config.serviceAccountIssuer ?? `https://kubernetes.default.svc.${config.clusterDomain ?? 'cluster.local'}`;
  const audiences = config.apiAudiences ?? [issuer];
  const { signing, verification } = config.serviceAccountKeys ?? {};
  const keys = (verification ?? [signing ?? serviceAccount.publicKey]).map(verificationKey);
  const kinds: TokenAuthenticator[] = [
    ...(config.tokens ? [staticTokens(config.tokens)] : []),
    serviceAccountTokens({ keys, issuer, read, clock }),
    legacyTokens({ keys, audiences, read, markUsed, clock }),
  ];
  const key = signingKey(signing ?? serviceAccount.privateKey);
  return {
    issuer,
    keys,
    tokenIssuer: createTokenIssuer({ key, issuer, audiences, clock, random }),
    reviews: identityReviews(kinds, audiences),
    authenticators: [
      requestHeaderAuthenticator([FRONT_PROXY_NAME], clock),
      x509Authenticator(clock),
      bearerTokenAuthenticator({ kinds, audiences, clock }),
    ],
  };
}
