import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';

import { seededRandom } from '@kts/base';
import { FakeClock } from '@kts/base/testing';

import { signingKey, verificationKey } from './jwt.ts';
import { serviceAccountTokens, type BoundObjectReader } from './service-account-tokens.ts';
import { createTokenIssuer, type TokenOrder } from './token-issuer.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const ORDER: TokenOrder = {
  namespace: 'd',
  serviceAccount: { name: 'builder', uid: 'sa-uid' },
  pod: { name: 'web', uid: 'pod-uid' },
  node: { name: 'a', uid: 'node-uid' },
  audiences: [],
  expirationSeconds: 3600,
};

/** Objects with the uids of the order, except those that are given. */
const objects =
  (uids: Readonly<Record<string, string | undefined>> = {}): BoundObjectReader =>
  (plural) => {
    const uid = { serviceaccounts: 'sa-uid', pods: 'pod-uid', secrets: 's', nodes: 'node-uid', ...uids }[plural];
    return Promise.resolve(uid ? { metadata: { uid } as never } : undefined);
  };

function setUp(type: 'rsa' | 'P-256' | 'P-384' | 'P-521' = 'P-256', read = objects()) {
  const { privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: type });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const clock = new FakeClock();
  const common = { issuer: ISSUER, clock };
  return {
    clock,
    issuer: createTokenIssuer({ ...common, key: signingKey(pem), audiences: [ISSUER], random: seededRandom(1) }),
    tokens: serviceAccountTokens({ ...common, keys: [verificationKey(pem)], read }),
  };
}

describe('service account tokens', () => {
  for (const type of ['rsa', 'P-256', 'P-384', 'P-521'] as const) {
    it(`are accepted as they were issued (${type})`, async () => {
      const { issuer, tokens } = setUp(type);
      const identity = await tokens.authenticate(issuer.issue(ORDER).token, [ISSUER]);
      assert.deepEqual(identity?.user, {
        name: 'system:serviceaccount:d:builder',
        uid: 'sa-uid',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:d'],
        extra: {
          'authentication.kubernetes.io/credential-id':
            identity?.user.extra?.['authentication.kubernetes.io/credential-id'],
          'authentication.kubernetes.io/node-name': ['a'],
          'authentication.kubernetes.io/node-uid': ['node-uid'],
          'authentication.kubernetes.io/pod-name': ['web'],
          'authentication.kubernetes.io/pod-uid': ['pod-uid'],
        },
      });
    });
  }

  it('are left to others if somebody else issued them', async () => {
    const { tokens } = setUp();
    assert.equal(await tokens.authenticate('opaque', [ISSUER]), undefined);
  });

  it('are refused with another signature', async () => {
    const { token } = setUp().issuer.issue(ORDER);
    await assert.rejects(setUp().tokens.authenticate(token, [ISSUER]), /invalid signature/);
  });

  it('expire', async () => {
    const { issuer, tokens, clock } = setUp();
    const { token } = issuer.issue(ORDER);
    await clock.advance(3700 * 1000);
    await assert.rejects(tokens.authenticate(token, [ISSUER]), /has expired/);
  });

  it('are for their audience only', async () => {
    const { issuer, tokens } = setUp();
    const { token } = issuer.issue({ ...ORDER, audiences: ['vault'] });
    await assert.rejects(tokens.authenticate(token, [ISSUER]), /is invalid for the target audiences/);
    assert.deepEqual((await tokens.authenticate(token, ['vault', 'x']))?.audiences, ['vault']);
  });

  const gone: readonly [string, Readonly<Record<string, string | undefined>>][] = [
    ['the pod is gone', { pods: undefined }],
    ['the pod is another', { pods: 'other' }],
    ['the service account is gone', { serviceaccounts: undefined }],
    ['the service account is another', { serviceaccounts: 'other' }],
  ];
  for (const [name, uids] of gone) {
    it(`are worth nothing when ${name}`, async () => {
      const { issuer, tokens } = setUp('P-256', objects(uids));
      await assert.rejects(tokens.authenticate(issuer.issue(ORDER).token, [ISSUER]), /invalidated/);
    });
  }

  it('live for a year where an old client asks for an hour and seven seconds', async () => {
    const { issuer, tokens, clock } = setUp();
    const { token, expirationTimestamp } = issuer.issue({ ...ORDER, expirationSeconds: 3607 });
    assert.equal(expirationTimestamp, '2026-01-01T01:00:07Z');
    await clock.advance(300 * 24 * 3600 * 1000);
    assert.ok(await tokens.authenticate(token, [ISSUER]));
  });
});
