/**
 * The tokens in Secrets of service accounts: they never expire and are valid as long as their Secret is there.
 *
 * Mirrors: pkg/serviceaccount/{jwt,legacy}.go (v1.36)
 */
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';

import type { Secret, ServiceAccount } from '@kts/api/types/core-v1';

const ISSUER = 'kubernetes/serviceaccount';
const PREFIX = 'kubernetes.io/serviceaccount';

/** @param key a private key in PEM: RSA, or EC on P-256 */
export function legacyToken(key: string, account: ServiceAccount, secret: Secret): string {
  const { namespace, name, uid } = account.metadata;
  const privateKey = createPrivateKey(key);
  const isRsa = privateKey.asymmetricKeyType === 'rsa';
  const header = { alg: isRsa ? 'RS256' : 'ES256', kid: keyId(privateKey) };
  const claims = {
    iss: ISSUER,
    [`${PREFIX}/namespace`]: namespace,
    [`${PREFIX}/secret.name`]: secret.metadata.name,
    [`${PREFIX}/service-account.name`]: name,
    [`${PREFIX}/service-account.uid`]: uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
  const signed = `${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims))}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function keyId(privateKey: KeyObject): string {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(publicKey).digest('base64url');
}
