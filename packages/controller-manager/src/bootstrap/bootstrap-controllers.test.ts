import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';

import { configMaps, namespaces, secrets } from '@kts/api';
import type { Secret } from '@kts/api/types/core-v1';
import { formatTime } from '@kts/base';
import { isNotFound } from '@kts/apimachinery';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';
import { planSignatures } from './bootstrap-signer.ts';
import { remainingMs, signingToken } from './bootstrap-token.ts';

const NOW = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

function token(data: Readonly<Record<string, string>>, name = 'bootstrap-token-abcdef'): Secret {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  return {
    metadata: { name, namespace: 'kube-system', uid: 'u', resourceVersion: '1', creationTimestamp: formatTime(NOW) },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(encoded),
  };
}

const GOOD = { 'token-id': 'abcdef', 'token-secret': 's3cret', 'usage-bootstrap-signing': 'true' };

describe('remainingMs', () => {
  for (const [expiration, expected] of [
    ['', undefined],
    [formatTime(NOW + HOUR_MS), HOUR_MS],
    ['2026-01-01T02:00:00+01:00', HOUR_MS],
    [formatTime(NOW), 0],
    [formatTime(NOW - HOUR_MS), 0],
    ['tomorrow', 0],
  ] as const) {
    it(expiration || 'none', () => assert.equal(remainingMs(token({ expiration }), NOW), expected));
  }
});

describe('signingToken', () => {
  for (const [name, secret, isGood] of [
    ['good', token(GOOD), true],
    ['ended', token({ ...GOOD, expiration: formatTime(NOW - 1000) }), false],
    ['for authentication only', token({ ...GOOD, 'usage-bootstrap-signing': 'false' }), false],
    ['without a secret', token({ ...GOOD, 'token-secret': '' }), false],
    ['of another name', token(GOOD, 'bootstrap-token-ghijkl'), false],
    ['of a name that is none', token(GOOD, 'abcdef'), false],
  ] as const) {
    it(`${name}: ${isGood}`, () => assert.equal(signingToken(secret, NOW) !== undefined, isGood));
  }
});

describe('planSignatures', () => {
  const { metadata } = token(GOOD);
  const info = (data: Readonly<Record<string, string>>) => ({ metadata, data });
  const signed = planSignatures({ info: info({ kubeconfig: 'k' }), secrets: [token(GOOD)], now: NOW })!;

  it('signs with the token, and leaves the content out', () => {
    const [header = '', content, signature] = signed['jws-kubeconfig-abcdef']!.split('.');
    assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), { alg: 'HS256', kid: 'abcdef' });
    assert.equal(content, '');
    const whole = `${header}.${Buffer.from('k').toString('base64url')}`;
    assert.equal(signature, createHmac('sha256', 's3cret').update(whole).digest('base64url'));
  });
  it('writes nothing that is there already', () =>
    assert.equal(planSignatures({ info: info(signed), secrets: [token(GOOD)], now: NOW }), undefined));
  it('takes signatures of tokens away that are gone', () =>
    assert.deepEqual(planSignatures({ info: info(signed), secrets: [], now: NOW }), { kubeconfig: 'k' }));
  it('signs nothing if there is nothing', () =>
    assert.equal(planSignatures({ info: info({}), secrets: [token(GOOD)], now: NOW }), undefined));
});

describe('the bootstrap controllers', () => {
  const start = async (): Promise<ControllerHarness> => {
    const cluster = await startControllers(['bootstrap-signer-controller', 'token-cleaner-controller']);
    for (const name of ['kube-public', 'kube-system']) {
      await cluster.client.create(namespaces, { metadata: { name }, spec: {}, status: {} }).catch(() => {});
    }
    return cluster;
  };

  it('sign the cluster information until the token ends', async () => {
    await using cluster = await start();
    const info = { namespace: 'kube-public', name: 'cluster-info' };
    await cluster.client.create(configMaps, { metadata: info, data: { kubeconfig: 'k' } });
    const secret = token({ ...GOOD, expiration: formatTime(cluster.clock.now() + HOUR_MS) });
    const { name, namespace } = secret.metadata;
    await cluster.client.create(secrets, { ...secret, metadata: { name, namespace } });
    await cluster.settle();
    const keys = async (): Promise<string> =>
      Object.keys((await cluster.client.get(configMaps, info)).data ?? {}).join();
    assert.equal(await keys(), 'jws-kubeconfig-abcdef,kubeconfig');
    await cluster.clock.advance(HOUR_MS + 1000);
    await cluster.settle();
    await assert.rejects(cluster.client.get(secrets, { name, namespace }), isNotFound);
    assert.equal(await keys(), 'kubeconfig');
  });
});
