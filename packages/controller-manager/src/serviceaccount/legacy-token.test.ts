import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify, type KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';

import { legacyToken } from './legacy-token.ts';

const ACCOUNT = { metadata: { namespace: 'd', name: 'builder', uid: 'u' } };
const SECRET = { metadata: { namespace: 'd', name: 's', uid: 'v' } };
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const elliptic = (namedCurve: string): string => pem(generateKeyPairSync('ec', { namedCurve }).privateKey);

describe('tokens in Secrets', () => {
  const keys: readonly (readonly [algorithm: string, hash: string, key: string])[] = [
    ['RS256', 'sha256', pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)],
    ['ES256', 'sha256', elliptic('P-256')],
    ['ES384', 'sha384', elliptic('P-384')],
    ['ES512', 'sha512', elliptic('P-521')],
  ];
  for (const [algorithm, hash, key] of keys) {
    it(`are signed with ${algorithm}`, () => {
      const [header = '', claims = '', signature = ''] = legacyToken(key, ACCOUNT as never, SECRET as never).split('.');
      assert.equal((JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string }).alg, algorithm);
      const publicKey = { key: createPublicKey(key), dsaEncoding: 'ieee-p1363' } as const;
      assert.ok(verify(hash, Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url')));
    });
  }

  it('are not signed with a key of another kind', () => {
    const key = pem(generateKeyPairSync('ed25519').privateKey);
    assert.throws(() => legacyToken(key, ACCOUNT as never, SECRET as never), /neither RSA nor on the curve/);
  });
});
