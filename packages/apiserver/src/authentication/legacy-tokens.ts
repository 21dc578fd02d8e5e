/**
 * Checks the tokens of service accounts that are kept in Secrets: they never expire, and are worth something as long
 * as their Secret holds exactly them.
 *
 * Mirrors: pkg/serviceaccount/legacy.go and jwt.go (v1.36)
 * Differs: nobody is warned of a Secret that was made by itself, because identity is found out before there is an answer.
 */
import type { Secret, ServiceAccount } from '@kts/api/types/core-v1';
import { formatTime, type Clock } from '@kts/base';

import type { TokenAuthenticator, TokenIdentity } from './bearer-tokens.ts';
import { readClaims, verifyToken, type VerificationKey } from './jwt.ts';
import type { BoundObjectReader } from './service-account-tokens.ts';
import { parseServiceAccountUser, serviceAccountGroups } from './user-names.ts';

const ISSUER = 'kubernetes/serviceaccount';
const PREFIX = 'kubernetes.io/serviceaccount';
const INVALID_SINCE_LABEL = 'kubernetes.io/legacy-token-invalid-since';
export const LAST_USED_LABEL = 'kubernetes.io/legacy-token-last-used';
const DAY_MS = 86_400_000;

export interface LegacyTokenOptions {
  readonly keys: readonly VerificationKey[];
  /** Of this server: such a token is for no other. */
  readonly audiences: readonly string[];
  readonly read: BoundObjectReader;
  /** Told at most once a day of a Secret: puts `LAST_USED_LABEL` with that date on it. Must not throw. */
  readonly markUsed: (secret: Secret, date: string) => void;
  readonly clock: Pick<Clock, 'now'>;
}

interface LegacyClaims {
  readonly namespace: string;
  readonly secret: string;
  readonly account: string;
  readonly uid: string;
}

export function legacyTokens(options: LegacyTokenOptions): TokenAuthenticator {
  return {
    async authenticate(token, audiences): Promise<TokenIdentity | undefined> {
      if (readClaims(token)?.['iss'] !== ISSUER) return undefined;
      const claims = verifyToken(token, options.keys);
      if (!claims) throw new Error('invalid signature of service account token');
      const common = audiences.filter((audience) => options.audiences.includes(audience));
      if (common.length === 0) {
        throw new Error(
          `token audiences ${format(options.audiences)} is invalid for the target audiences ${format(audiences)}`,
        );
      }
      const legacy = readLegacyClaims(claims);
      await checkObjects(token, legacy, options);
      const { namespace, uid } = legacy;
      return {
        user: { name: claims['sub'] as string, uid, groups: serviceAccountGroups(namespace) },
        audiences: common,
      };
    },
  };
}

function readLegacyClaims(claims: Readonly<Record<string, unknown>>): LegacyClaims {
  const read = (claim: string, name: string): string => {
    const value = claims[claim];
    if (typeof value !== 'string' || value === '') throw new Error(`${name} claim is missing`);
    return value;
  };
  const subject = parseServiceAccountUser(read('sub', 'sub'));
  const namespace = read(`${PREFIX}/namespace`, 'namespace');
  const secret = read(`${PREFIX}/secret.name`, 'secretName');
  const account = read(`${PREFIX}/service-account.name`, 'serviceAccountName');
  const uid = read(`${PREFIX}/service-account.uid`, 'serviceAccountUID');
  if (subject?.namespace !== namespace || subject.name !== account) throw new Error('sub claim is invalid');
  return { namespace, secret, account, uid };
}

async function checkObjects(token: string, claims: LegacyClaims, options: LegacyTokenOptions): Promise<void> {
  const { namespace, account: name, uid } = claims;
  const secret = (await options.read('secrets', namespace, claims.secret)) as Secret | undefined;
  if (!secret || secret.metadata.deletionTimestamp) throw new Error('Token has been invalidated');
  if (secret.data?.['token'] !== Buffer.from(token).toString('base64')) {
    throw new Error("Token does not match server's copy");
  }
  const account = (await options.read('serviceaccounts', namespace, name)) as ServiceAccount | undefined;
  if (!account) throw new Error(`serviceaccounts ${JSON.stringify(name)} not found`);
  if (account.metadata.deletionTimestamp) throw new Error(`ServiceAccount ${namespace}/${name} has been deleted`);
  if (account.metadata.uid !== uid) {
    throw new Error(`ServiceAccount UID (${account.metadata.uid}) does not match claim (${uid})`);
  }
  const now = options.clock.now();
  const lastUsed = secret.metadata.labels?.[LAST_USED_LABEL];
  if (lastUsed !== dateOf(now) && lastUsed !== dateOf(now + DAY_MS)) options.markUsed(secret, dateOf(now));
  if (secret.metadata.labels?.[INVALID_SINCE_LABEL]) {
    throw new Error(
      `the token in secret ${namespace}/${claims.secret} for service account ${namespace}/${name} has been marked ` +
        'invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the ' +
        `'${INVALID_SINCE_LABEL}' label from the secret to temporarily allow use of this token`,
    );
  }
}

const dateOf = (ms: number): string => formatTime(ms).slice(0, 10);

/** A list of strings as Go's `%q` shows it. */
const format = (texts: readonly string[]): string => `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;
