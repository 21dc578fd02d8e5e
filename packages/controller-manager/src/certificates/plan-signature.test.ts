import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { CertificateSigningRequest } from '@kts/api/types/certificates-v1';
import { parseSigningRequest } from '@kts/client';
import { makeSigningRequest, type SigningRequestFields } from '@kts/client/testing';
import { formatTime } from '@kts/base';

import { isOutdated } from './cleaner-controller.ts';
import { recognize } from './approving-controller.ts';
import {
  awaitsSignature,
  KUBELET_CLIENT_SIGNER,
  lifetimeMs,
  planSignature,
  SIGNERS,
  type SignerName,
} from './plan-signature.ts';

const NOW = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const NODE: SigningRequestFields = { commonName: 'system:node:a', organizations: ['system:nodes'] };
const CLIENT = ['digital signature', 'key encipherment', 'client auth'] as const;
const SERVER = ['digital signature', 'key encipherment', 'server auth'] as const;

function request(status: CertificateSigningRequest['status'] = {}, age = 0): CertificateSigningRequest {
  const creationTimestamp = formatTime(NOW - age);
  return {
    metadata: { name: 'r', uid: 'u', resourceVersion: '1', creationTimestamp },
    spec: { request: '', signerName: KUBELET_CLIENT_SIGNER, usages: CLIENT, username: 'somebody' },
    status,
  };
}

const condition = (
  type: string,
  age = 0,
): NonNullable<NonNullable<CertificateSigningRequest['status']>['conditions']>[number] => ({
  type,
  status: 'True',
  lastUpdateTime: formatTime(NOW - age),
});

describe('what signers refuse', () => {
  const serving = 'kubernetes.io/kubelet-serving';
  const client = 'kubernetes.io/kube-apiserver-client';
  const withName = { ...NODE, dnsNames: ['a'] };
  for (const [signer, fields, usages, problem] of [
    [KUBELET_CLIENT_SIGNER, NODE, CLIENT, undefined],
    [KUBELET_CLIENT_SIGNER, NODE, ['client auth', 'digital signature'], undefined],
    [KUBELET_CLIENT_SIGNER, { ...NODE, organizations: [] }, CLIENT, 'subject organization is not system:nodes'],
    [
      KUBELET_CLIENT_SIGNER,
      { ...NODE, organizations: ['system:nodes', 'x'] },
      CLIENT,
      'subject organization is not system:nodes',
    ],
    [
      KUBELET_CLIENT_SIGNER,
      { ...NODE, commonName: 'a' },
      CLIENT,
      'subject common name does not begin with system:node:',
    ],
    [KUBELET_CLIENT_SIGNER, withName, CLIENT, 'DNS subjectAltNames are not allowed'],
    [KUBELET_CLIENT_SIGNER, { ...NODE, emailAddresses: ['a@b'] }, CLIENT, 'Email subjectAltNames are not allowed'],
    [KUBELET_CLIENT_SIGNER, { ...NODE, ipAddresses: [[1, 1, 1, 1]] }, CLIENT, 'IP subjectAltNames are not allowed'],
    [KUBELET_CLIENT_SIGNER, { ...NODE, uris: ['a:b'] }, CLIENT, 'URI subjectAltNames are not allowed'],
    [KUBELET_CLIENT_SIGNER, NODE, SERVER, 'usages did not match [client auth digital signature key encipherment]'],
    [serving, withName, SERVER, undefined],
    [serving, { ...NODE, ipAddresses: [[1, 1, 1, 1]] }, ['digital signature', 'server auth'], undefined],
    [serving, NODE, SERVER, 'DNS or IP subjectAltName is required'],
    [serving, { ...withName, emailAddresses: ['a@b'] }, SERVER, 'Email subjectAltNames are not allowed'],
    [serving, { ...withName, uris: ['a:b'] }, SERVER, 'URI subjectAltNames are not allowed'],
    [serving, withName, CLIENT, 'usages did not match [digital signature key encipherment server auth]'],
    [serving, { ...withName, commonName: 'a' }, SERVER, 'subject common name does not begin with system:node:'],
    [client, {}, CLIENT, undefined],
    [client, {}, ['client auth'], undefined],
    [client, {}, ['server auth'], 'invalid usage for client certificate: server auth'],
    [client, {}, ['digital signature'], 'missing required usage for client certificate: client auth'],
    ['kubernetes.io/legacy-unknown', {}, ['cert sign'], undefined],
  ] as readonly (readonly [SignerName, SigningRequestFields, readonly string[], string | undefined])[]) {
    it(`${signer} ${JSON.stringify(fields)} ${usages.join()}: ${problem ?? 'nothing'}`, () =>
      assert.equal(SIGNERS[signer](parseSigningRequest(makeSigningRequest(fields)), usages), problem));
  }
});

describe('awaitsSignature', () => {
  for (const [name, status, expected] of [
    ['pending', {}, false],
    ['approved', { conditions: [condition('Approved')] }, true],
    ['denied', { conditions: [condition('Denied')] }, false],
    ['approved and denied', { conditions: [condition('Approved'), condition('Denied')] }, false],
    ['failed', { conditions: [condition('Approved'), condition('Failed')] }, false],
    ['failed is false', { conditions: [condition('Approved'), { type: 'Failed', status: 'False' }] }, true],
    ['issued', { conditions: [condition('Approved')], certificate: 'YQ==' }, false],
  ] as const) {
    it(name, () => assert.equal(awaitsSignature(request(status)), expected));
  }
});

describe('lifetimeMs', () => {
  for (const [seconds, expected] of [
    [undefined, DAY_MS],
    [3600, HOUR_MS],
    [1, 10 * MINUTE_MS],
    [10 * 86_400, DAY_MS],
  ] as const) {
    it(`${seconds}`, () => assert.equal(lifetimeMs(seconds, DAY_MS), expected));
  }
});

describe('planSignature', () => {
  const signerEnd = NOW + 30 * DAY_MS;
  it('dates back long certificates, and short ones only at their beginning', () => {
    const end = (lifetime: number): number => planSignature(CLIENT, lifetime, NOW, signerEnd).notAfter - NOW;
    assert.deepEqual([end(DAY_MS), end(HOUR_MS)], [DAY_MS - 5 * MINUTE_MS, HOUR_MS]);
    assert.equal(planSignature(CLIENT, DAY_MS, NOW, signerEnd).notBefore, NOW - 5 * MINUTE_MS);
  });
  it('does not outlive the signer', () =>
    assert.equal(planSignature(CLIENT, 90 * DAY_MS, NOW, signerEnd).notAfter, signerEnd));
  it('does not sign once the signer has ended', () =>
    assert.throws(() => planSignature(CLIENT, DAY_MS, signerEnd, signerEnd), /expired in the past/));
  it('knows usages and lists the extended ones in order', () => {
    const { keyUsageBits, extendedKeyUsages } = planSignature(
      ['s/mime', 'client auth', 'server auth', 'crl sign', 'signing'],
      DAY_MS,
      NOW,
      signerEnd,
    );
    assert.equal(keyUsageBits, 0b1000001);
    assert.deepEqual(extendedKeyUsages, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.4']);
  });
  it('refuses others', () =>
    assert.throws(() => planSignature(['nope'], DAY_MS, NOW, signerEnd), /unrecognized usage values: \["nope"\]/));
});

describe('recognize', () => {
  const of = (
    fields: SigningRequestFields,
    more: Partial<CertificateSigningRequest['spec']> = {},
  ): readonly string[] => {
    const encoded = Buffer.from(makeSigningRequest(fields)).toString('base64');
    const { spec, ...rest } = request();
    return recognize({ ...rest, spec: { ...spec, request: encoded, ...more } }).map(({ subresource }) => subresource);
  };
  for (const [name, expected, actual] of [
    ['of another', ['nodeclient'], () => of(NODE)],
    ['of itself', ['selfnodeclient', 'nodeclient'], () => of(NODE, { username: 'system:node:a' })],
    ['of another signer', [], () => of(NODE, { signerName: 'example.test/x' })],
    ['of no node', [], () => of({ commonName: 'a' })],
    ['for other usages', [], () => of(NODE, { usages: SERVER })],
  ] as const) {
    it(name, () => assert.deepEqual(actual(), expected));
  }
});

describe('isOutdated', () => {
  const approved = (age: number): NonNullable<CertificateSigningRequest['status']> => ({
    conditions: [condition('Approved', age)],
  });
  const issued = { certificate: Buffer.from('not a certificate').toString('base64') };
  for (const [name, object, expected] of [
    ['new', request(), false],
    ['waiting for a day', request({}, DAY_MS + 1000), true],
    ['denied now', request({ conditions: [condition('Denied')] }, DAY_MS * 2), false],
    ['denied long ago', request({ conditions: [condition('Denied', HOUR_MS + 1000)] }), true],
    ['failed long ago', request({ conditions: [condition('Failed', HOUR_MS + 1000)] }), true],
    ['approved and not issued', request(approved(HOUR_MS + 1000), 2 * DAY_MS), false],
    ['approved and not issued for a day', request(approved(DAY_MS + 1000)), true],
    ['issued now', request({ ...approved(0), ...issued }, 2 * DAY_MS), false],
    ['issued long ago', request({ ...approved(HOUR_MS + 1000), ...issued }), true],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(isOutdated(object, NOW), expected));
  }
});
