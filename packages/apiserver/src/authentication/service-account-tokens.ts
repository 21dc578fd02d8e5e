/**
 * Checks the tokens of service accounts: signature, time, audience, and that the objects they are bound to still exist.
 *
 * Mirrors: pkg/serviceaccount/jwt.go and claims.go (v1.36)
 */
import { parseTime, type KubeObject } from '@kts/apimachinery';
import type { Clock } from '@kts/base';

import type { UserInfo } from '../request.ts';
import { readClaims, verifyToken, type VerificationKey } from './jwt.ts';
import type { TokenAuthenticator, TokenIdentity } from './bearer-tokens.ts';
import { serviceAccountGroups, serviceAccountUser } from './user-names.ts';

const EXTRA = 'authentication.kubernetes.io/';
/** Clocks of issuers differ, and objects that are being deleted keep their tokens for so long. */
const LEEWAY_SECONDS = 60;

/** Reads an object the token is bound to; undefined if there is none. */
export type BoundObjectReader = (
  plural: 'serviceaccounts' | 'pods' | 'secrets' | 'nodes',
  namespace: string,
  name: string,
) => Promise<KubeObject | undefined>;

export interface ServiceAccountTokenOptions {
  readonly keys: readonly VerificationKey[];
  readonly issuer: string;
  readonly read: BoundObjectReader;
  readonly clock: Pick<Clock, 'now'>;
}

interface Reference {
  readonly name: string;
  readonly uid: string;
}

interface TokenClaims {
  readonly iss?: unknown;
  readonly aud?: string | readonly string[];
  readonly exp?: number;
  readonly nbf?: number;
  readonly iat?: number;
  readonly jti?: string;
  readonly sub?: string;
  readonly 'kubernetes.io'?: {
    readonly namespace?: string;
    readonly serviceaccount?: Reference;
    readonly pod?: Reference;
    readonly secret?: Reference;
    readonly node?: Reference;
  };
}

export function serviceAccountTokens(options: ServiceAccountTokenOptions): TokenAuthenticator {
  return {
    async authenticate(token, audiences) {
      if (readClaims(token)?.['iss'] !== options.issuer) return undefined;
      const claims = verifyToken(token, options.keys) as TokenClaims | undefined;
      if (!claims) throw new Error('invalid signature of service account token');
      return checkClaims(claims, audiences, options);
    },
  };
}

async function checkClaims(
  claims: TokenClaims,
  audiences: readonly string[],
  { read, clock }: ServiceAccountTokenOptions,
): Promise<TokenIdentity> {
  const now = Math.floor(clock.now() / 1000);
  const meant = typeof claims.aud === 'string' ? [claims.aud] : (claims.aud ?? []);
  const common = audiences.filter((audience) => meant.includes(audience));
  if (common.length === 0) {
    throw new Error(`token audiences ${format(meant)} is invalid for the target audiences ${format(audiences)}`);
  }
  if (claims.exp === undefined || now > claims.exp + LEEWAY_SECONDS) {
    throw new Error('service account token has expired');
  }
  if (claims.nbf !== undefined && now < claims.nbf - LEEWAY_SECONDS) {
    throw new Error('service account token is not valid yet');
  }
  const bound = claims['kubernetes.io'];
  const { namespace = '', serviceaccount } = bound ?? {};
  if (!bound || !serviceaccount || claims.sub !== serviceAccountUser({ namespace, name: serviceaccount.name })) {
    throw new Error('service account token claims could not be validated');
  }
  const deletedBefore = clock.now() - LEEWAY_SECONDS * 1000;
  const alive = async (plural: Parameters<BoundObjectReader>[0], home: string, reference: Reference): Promise<void> => {
    const object = await read(plural, home, reference.name);
    const { uid, deletionTimestamp } = object?.metadata ?? {};
    if (uid !== reference.uid || (deletionTimestamp && parseTime(deletionTimestamp) < deletedBefore)) {
      throw new Error('service account token has been invalidated');
    }
  };
  await alive('serviceaccounts', namespace, serviceaccount);
  if (bound.secret) await alive('secrets', namespace, bound.secret);
  if (bound.pod) await alive('pods', namespace, bound.pod);
  else if (bound.node) await alive('nodes', '', bound.node);
  return { user: userOf(claims, namespace, serviceaccount), audiences: common, expiresAt: claims.exp * 1000 };
}

function userOf(claims: TokenClaims, namespace: string, account: Reference): UserInfo {
  const { pod, node } = claims['kubernetes.io'] ?? {};
  const extra: Record<string, readonly string[]> = {};
  if (claims.jti) extra[`${EXTRA}credential-id`] = [`JTI=${claims.jti}`];
  if (node) {
    extra[`${EXTRA}node-name`] = [node.name];
    extra[`${EXTRA}node-uid`] = [node.uid];
  }
  if (pod) {
    extra[`${EXTRA}pod-name`] = [pod.name];
    extra[`${EXTRA}pod-uid`] = [pod.uid];
  }
  return {
    name: serviceAccountUser({ namespace, name: account.name }),
    uid: account.uid,
    groups: serviceAccountGroups(namespace),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

/** A list of strings as Go's `%q` shows it. */
const format = (texts: readonly string[]): string => `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;
