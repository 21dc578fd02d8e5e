import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';

import { seededRandom } from '@kts/base';
import { FakeClock } from '@kts/base/testing';

import { verificationKey, verifyToken } from './authentication/jwt.ts';
import type { ServiceAccountKeys } from './server-config.ts';
import { createIdentity } from './server-identity.ts';

interface Pair {
  readonly privateKey: string;
  readonly publicKey: string;
}

const ENCODINGS = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;
const OWN: Pair = generateKeyPairSync('ec', { namedCurve: 'P-256', ...ENCODINGS });
const RSA: Pair = generateKeyPairSync('rsa', { modulusLength: 2048, ...ENCODINGS });
const NAMES = new Map([OWN, RSA].map((pair) => [verificationKey(pair.publicKey).id, pair === OWN ? 'own' : 'rsa']));

describe('keys of service account tokens', () => {
  const rows: readonly [string, ServiceAccountKeys | undefined, checks: string, signs: Pair][] = [
    ['the own one', undefined, 'own', OWN],
    ['another to sign with', { signing: RSA.privateKey }, 'rsa', RSA],
    ['others to check with', { verification: [RSA.publicKey, OWN.privateKey] }, 'rsa own', OWN],
    ['both', { signing: RSA.privateKey, verification: [RSA.publicKey, OWN.publicKey] }, 'rsa own', RSA],
  ];
  for (const [name, serviceAccountKeys, checks, signs] of rows) {
    it(name, () => {
      const { keys, tokenIssuer } = createIdentity(serviceAccountKeys ? { serviceAccountKeys } : {}, {
        clock: new FakeClock(),
        random: seededRandom(1),
        serviceAccount: OWN,
        read: () => Promise.resolve(undefined),
        markUsed: () => {},
      });
      assert.equal(keys.map(({ id }) => NAMES.get(id)).join(' '), checks);
      const { token } = tokenIssuer.issue({
        namespace: 'd',
        serviceAccount: { name: 'a', uid: 'u' },
        audiences: [],
        expirationSeconds: 600,
      });
      assert.ok(verifyToken(token, [verificationKey(signs.publicKey)]));
    });
  }
});
