import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';

import { FakeClock } from '@kts/base/testing';

import { signToken, signingKey, verificationKey } from './jwt.ts';
import { legacyTokens } from './legacy-tokens.ts';

const AUDIENCE = 'https://kubernetes.default.svc';
const PREFIX = 'kubernetes.io/serviceaccount';
const CLAIMS = {
  iss: 'kubernetes/serviceaccount',
  sub: 'system:serviceaccount:d:builder',
  [`${PREFIX}/namespace`]: 'd',
  [`${PREFIX}/secret.name`]: 's',
  [`${PREFIX}/service-account.name`]: 'builder',
  [`${PREFIX}/service-account.uid`]: 'sa-uid',
};
const KEY = newKey();

interface Situation {
  readonly claims?: object;
  /** Undefined: there is none. */
  readonly account?: object | undefined;
  readonly secret?: object | undefined;
  /** What the Secret holds in place of the token. */
  readonly held?: string;
}

function setUp({ claims, held, ...objects }: Situation = {}) {
  const token = signToken(signingKey(KEY), { ...CLAIMS, ...claims });
  const account = 'account' in objects ? objects.account : { uid: 'sa-uid' };
  const secret = 'secret' in objects ? objects.secret : {};
  const used: string[] = [];
  const tokens = legacyTokens({
    keys: [verificationKey(KEY)],
    audiences: [AUDIENCE],
    clock: new FakeClock(),
    markUsed: (_secret, date) => used.push(date),
    read: (plural) => {
      const metadata = plural === 'secrets' ? secret : account;
      const data = { token: Buffer.from(held ?? token).toString('base64') };
      return Promise.resolve(metadata && ({ metadata, data } as never));
    },
  });
  return { token, tokens, used };
}

describe('tokens in secrets', () => {
  it('are accepted, and their use is marked', async () => {
    const { token, tokens, used } = setUp();
    assert.deepEqual(await tokens.authenticate(token, [AUDIENCE]), {
      user: {
        name: 'system:serviceaccount:d:builder',
        uid: 'sa-uid',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:d'],
      },
      audiences: [AUDIENCE],
    });
    assert.deepEqual(used, ['2026-01-01']);
  });

  for (const date of ['2026-01-01', '2026-01-02']) {
    it(`are not marked again if they are marked with ${date}`, async () => {
      const labels = { 'kubernetes.io/legacy-token-last-used': date };
      const { token, tokens, used } = setUp({ secret: { labels } });
      await tokens.authenticate(token, [AUDIENCE]);
      assert.deepEqual(used, []);
    });
  }

  it('are left to others if somebody else issued them', async () => {
    const { token, tokens } = setUp({ claims: { iss: AUDIENCE } });
    assert.equal(await tokens.authenticate(token, [AUDIENCE]), undefined);
  });

  it('are for this server only', async () => {
    const { token, tokens } = setUp();
    await assert.rejects(tokens.authenticate(token, ['vault']), /is invalid for the target audiences \["vault"\]/);
  });

  it('are refused with another signature', async () => {
    const token = signToken(signingKey(newKey()), CLAIMS);
    await assert.rejects(setUp().tokens.authenticate(token, [AUDIENCE]), /invalid signature/);
  });

  const deleted = { uid: 'sa-uid', deletionTimestamp: '2025-12-31T23:59:59Z' };
  const refused: readonly (readonly [title: string, situation: Situation, message: RegExp])[] = [
    ['without a subject', { claims: { sub: undefined } }, /^sub claim is missing$/],
    ['without a secret', { claims: { [`${PREFIX}/secret.name`]: '' } }, /^secretName claim is missing$/],
    ['for another subject', { claims: { sub: 'system:serviceaccount:d:other' } }, /^sub claim is invalid$/],
    ['whose secret is gone', { secret: undefined }, /^Token has been invalidated$/],
    ['whose secret is being deleted', { secret: deleted }, /^Token has been invalidated$/],
    ['that were replaced', { held: 'another' }, /^Token does not match server's copy$/],
    ['whose account is gone', { account: undefined }, /^serviceaccounts "builder" not found$/],
    ['whose account is being deleted', { account: deleted }, /^ServiceAccount d\/builder has been deleted$/],
    [
      'of an earlier account',
      { account: { uid: 'new' } },
      /^ServiceAccount UID \(new\) does not match claim \(sa-uid\)$/,
    ],
    [
      'that are marked invalid',
      { secret: { labels: { 'kubernetes.io/legacy-token-invalid-since': '2025-12-01' } } },
      /^the token in secret d\/s for service account d\/builder has been marked invalid\. /,
    ],
  ];
  for (const [title, situation, message] of refused) {
    it(`are refused ${title}`, async () => {
      const { token, tokens } = setUp(situation);
      await assert.rejects(tokens.authenticate(token, [AUDIENCE]), { message });
    });
  }
});

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
