import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';

import { seededRandom } from '@kts/base';
import { FakeClock } from '@kts/base/testing';

import { ensurePki, issueClient, renewalTime } from './cluster-pki.ts';
import { memoryFiles } from './pki-files.ts';

const DAY_MS = 24 * 3600 * 1000;

function options(clock = new FakeClock(), names: readonly string[] = ['10.0.0.5', 'cp.example']) {
  return { files: memoryFiles(), clock, random: seededRandom(1), names, serviceAddress: '10.96.0.1' };
}

describe('cluster PKI', () => {
  it('issues certificates that verify against their authority', () => {
    const pki = ensurePki(options());
    const authority = new X509Certificate(pki.authority.certificate);
    assert.equal(authority.ca, true);
    assert.equal(authority.subject, 'CN=kubernetes');
    const pairs: readonly [string, string, string][] = [
      ['serving', pki.serving.certificate, pki.authority.certificate],
      ['kubelet client', pki.kubeletClient.certificate, pki.authority.certificate],
      ['front proxy client', pki.frontProxyClient.certificate, pki.frontProxyAuthority.certificate],
    ];
    for (const [name, certificate, issuer] of pairs) {
      const x509 = new X509Certificate(certificate);
      const parent = new X509Certificate(issuer);
      assert.equal(x509.ca, false, name);
      assert.ok(x509.checkIssued(parent), name);
      assert.ok(x509.verify(parent.publicKey), name);
    }
  });

  it('covers every name and address the API server has', () => {
    const x509 = new X509Certificate(ensurePki(options()).serving.certificate);
    for (const host of ['localhost', 'kubernetes.default.svc.cluster.local', 'cp.example']) {
      assert.equal(x509.checkHost(host), host);
    }
    for (const address of ['127.0.0.1', '::1', '10.96.0.1', '10.0.0.5']) assert.ok(x509.checkIP(address), address);
    assert.equal(x509.checkHost('elsewhere.example'), undefined);
  });

  it('puts users and groups into client certificates', () => {
    const given = options();
    const { authority } = ensurePki(given);
    const pair = issueClient(given, authority, { commonName: 'jane', organizations: ['dev', 'ops'] });
    const { subject } = new X509Certificate(pair.certificate).toLegacyObject();
    assert.deepEqual({ ...subject }, { O: ['dev', 'ops'], CN: 'jane' });
  });

  it('uses again what is there', () => {
    const given = options();
    assert.deepEqual(ensurePki(given), ensurePki(given));
  });

  it('renews certificates after two thirds of their life, and never the authority', async () => {
    const given = options();
    const before = ensurePki(given);
    assert.equal(before.renewAt, renewalTime(before.serving.certificate));
    await given.clock.advance(250 * DAY_MS);
    const after = ensurePki(given);
    assert.notEqual(after.serving.certificate, before.serving.certificate);
    assert.equal(after.authority.certificate, before.authority.certificate);
  });

  it('makes a new serving certificate when the server gets another name', () => {
    const given = options();
    const before = ensurePki(given);
    const after = ensurePki({ ...given, names: ['192.0.2.9'] });
    assert.notEqual(after.serving.certificate, before.serving.certificate);
    assert.equal(after.kubeletClient.certificate, before.kubeletClient.certificate);
  });
});
