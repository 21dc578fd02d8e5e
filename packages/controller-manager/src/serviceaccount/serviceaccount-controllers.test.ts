import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, it } from 'node:test';

import { configMaps, namespaces, secrets, serviceAccounts } from '@kts/api';
import type { Secret } from '@kts/api/types/core-v1';
import { isNotFound, type New } from '@kts/apimachinery';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const NAMESPACE = 'default';

const start = (): Promise<ControllerHarness> =>
  startControllers(
    ['serviceaccount-controller', 'serviceaccount-token-controller', 'root-ca-certificate-publisher-controller'],
    { config: { rootCA: 'CERTIFICATE', serviceAccountKey: KEY } },
  );

const tokenSecret = (account: string): New<Secret> => ({
  metadata: { name: 'token', namespace: NAMESPACE, annotations: { 'kubernetes.io/service-account.name': account } },
  type: 'kubernetes.io/service-account-token',
});

describe('the service account controllers', () => {
  it('give every namespace its account and the certificate of the cluster, and put them back', async () => {
    await using cluster = await start();
    await cluster.client.create(namespaces, { metadata: { name: 'team' }, spec: {}, status: {} });
    await cluster.settle();
    const account = { namespace: 'team', name: 'default' };
    const certificate = { namespace: 'team', name: 'kube-root-ca.crt' };
    await cluster.client.delete(serviceAccounts, account);
    await cluster.client.patch(configMaps, certificate, { type: 'merge', body: { data: { 'ca.crt': 'FALSE' } } });
    await cluster.settle();
    await cluster.client.get(serviceAccounts, account);
    assert.deepEqual((await cluster.client.get(configMaps, certificate)).data, { 'ca.crt': 'CERTIFICATE' });
  });

  it('fill in the Secret that asks for a token', async () => {
    await using cluster = await start();
    await cluster.client.create(secrets, tokenSecret('default'));
    await cluster.settle();
    const { data = {} } = await cluster.client.get(secrets, { namespace: NAMESPACE, name: 'token' });
    const decoded = (name: string): string => Buffer.from(data[name] ?? '', 'base64').toString();
    assert.deepEqual([decoded('ca.crt'), decoded('namespace')], ['CERTIFICATE', NAMESPACE]);
    const [header, claims, signature] = decoded('token').split('.');
    const signed = Buffer.from(`${header}.${claims}`);
    const key = { key: createPublicKey(privateKey), dsaEncoding: 'ieee-p1363' } as const;
    assert.ok(verify('sha256', signed, key, Buffer.from(signature ?? '', 'base64url')));
    const { sub, iss } = JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()) as Record<string, string>;
    assert.deepEqual([sub, iss], ['system:serviceaccount:default:default', 'kubernetes/serviceaccount']);
  });

  it('delete the Secret of an account that is not there', async () => {
    await using cluster = await start();
    await cluster.client.create(secrets, tokenSecret('nobody'));
    await cluster.settle();
    await assert.rejects(cluster.client.get(secrets, { namespace: NAMESPACE, name: 'token' }), isNotFound);
  });
});
