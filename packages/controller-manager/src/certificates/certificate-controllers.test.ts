import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';

import { certificateSigningRequests } from '@kts/api';
import type { CertificateSigningRequest } from '@kts/api/types/certificates-v1';
import type { New } from '@kts/apimachinery';
import { issue } from '@kts/client';
import { makeSigningRequest } from '@kts/client/testing';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const HOUR_MS = 3_600_000;
const KEY = { name: 'r' };
const CONTROLLERS = ['approving', 'signing', 'cleaner'].map((part) => `certificatesigningrequest-${part}-controller`);
const authority = issue({
  commonName: 'authority',
  usage: 'authority',
  notBefore: 0,
  notAfter: Date.UTC(2040, 0),
  serial: Buffer.of(1),
});

const start = (): Promise<ControllerHarness> =>
  startControllers(CONTROLLERS, { config: { clusterSigning: authority } });

function request(commonName: string, signerName: string): New<CertificateSigningRequest> {
  const text = makeSigningRequest({ commonName, organizations: ['system:nodes'] });
  const usages = ['digital signature', 'client auth'] as const;
  return { metadata: KEY, spec: { request: Buffer.from(text).toString('base64'), signerName, usages } };
}

const answerOf = async ({ client }: ControllerHarness): Promise<NonNullable<CertificateSigningRequest['status']>> =>
  (await client.get(certificateSigningRequests, KEY)).status ?? {};

describe('the certificate controllers', () => {
  it("approve and sign a kubelet's request", async () => {
    await using cluster = await start();
    await cluster.client.create(
      certificateSigningRequests,
      request('system:node:a', 'kubernetes.io/kube-apiserver-client-kubelet'),
    );
    await cluster.settle();
    const { certificate = '', conditions = [] } = await answerOf(cluster);
    assert.deepEqual(
      conditions.map(({ type, reason }) => [type, reason]),
      [['Approved', 'AutoApproved']],
    );
    const issued = new X509Certificate(Buffer.from(certificate, 'base64'));
    assert.equal(issued.subject, 'O=system:nodes\nCN=system:node:a');
    assert.ok(issued.verify(new X509Certificate(authority.certificate).publicKey));
  });

  it('say what is wrong with a request that somebody approved', async () => {
    await using cluster = await start();
    await cluster.client.create(
      certificateSigningRequests,
      request('somebody', 'kubernetes.io/kube-apiserver-client-kubelet'),
    );
    await cluster.settle();
    assert.equal((await answerOf(cluster)).conditions, undefined);
    const created = await cluster.client.get(certificateSigningRequests, KEY);
    const approved = { ...created, status: { conditions: [{ type: 'Approved', status: 'True', reason: 'x' }] } };
    await cluster.client.update(certificateSigningRequests, approved, { subresource: 'approval' });
    await cluster.settle();
    const failed = (await answerOf(cluster)).conditions?.find(({ type }) => type === 'Failed');
    assert.equal(failed?.message, 'subject common name does not begin with system:node:');
  });

  it('clear away what was issued an hour ago', async () => {
    await using cluster = await start();
    await cluster.client.create(
      certificateSigningRequests,
      request('system:node:a', 'kubernetes.io/kube-apiserver-client-kubelet'),
    );
    await cluster.settle();
    await cluster.clock.advance(2 * HOUR_MS);
    await cluster.settle();
    assert.deepEqual((await cluster.client.list(certificateSigningRequests)).items, []);
  });
});
