/**
 * The tokens in Secrets of service accounts: they never expire and are valid as long as their Secret is there.
 *
 * Mirrors: pkg/serviceaccount/{jwt,legacy}.go (v1.36)
 */
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';

import type { Secret, ServiceAccount } from '@kts/api/types/core-v1';

const ISSUER = 'kubernetes/serviceaccount';
const PREFIX = 'kubernetes.io/serviceaccount';

/** By OpenSSL's names of curves. */
const ALGORITHMS: Readonly<Record<string, readonly [algorithm: string, hash: string]>> = {
  prime256v1: ['ES256', 'sha256'],
  secp384r1: ['ES384', 'sha384'],
  secp521r1: ['ES512', 'sha512'],
};

/** @param key a private key in PEM: RSA, or EC on P-256, P-384 or P-521. Throws for any other. */
export function legacyToken(key: string, account: ServiceAccount, secret: Secret): string {
  const { namespace, name, uid } = account.metadata;
  const privateKey = createPrivateKey(key);
  const [algorithm, hash] = algorithmOf(privateKey);
  const header = { alg: algorithm, kid: keyId(privateKey) };
  const claims = {
    iss: ISSUER,
    [`${PREFIX}/namespace`]: namespace,
    [`${PREFIX}/secret.name`]: secret.metadata.name,
    [`${PREFIX}/service-account.name`]: name,
    [`${PREFIX}/service-account.uid`]: uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
  const signed = `${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims))}`;
  const signature = sign(hash, Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function algorithmOf(key: KeyObject): readonly [algorithm: string, hash: string] {
  if (key.asymmetricKeyType === 'rsa') return ['RS256', 'sha256'];
  const byCurve = ALGORITHMS[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (byCurve) return byCurve;
  throw new TypeError('the key for tokens of service accounts is neither RSA nor on the curve P-256, P-384 or P-521');
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function keyId(privateKey: KeyObject): string {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(publicKey).digest('base64url');
}
