import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { certificateSigningRequests } from '@kts/api';
import type { CertificateSigningRequest } from '@kts/api/types/certificates-v1';
import { startTestApiServer, type TestApiServer } from '@kts/apiserver/testing';
import { seededRandom, silentLogger } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { issue, loadKubeconfig, parseSigningRequest, signRequest, type KeyPair } from '@kts/client';
import { needsBootstrap } from './bootstrap.ts';
import { isValidAt, keepCertificate, rotationTime } from './certificate-rotation.ts';
import { CertificateStore } from './certificate-store.ts';
import { requestCertificate, type CertificateWish } from './request-certificate.ts';

const HOUR = 3600_000;
const START = new FakeClock().now();
const AUTHORITY = issue({
  commonName: 'ca',
  usage: 'authority',
  notBefore: START - HOUR,
  notAfter: START + 1000 * HOUR,
  serial: Buffer.of(1),
});
const certificateFrom = (from: number, hours: number): KeyPair =>
  issue(
    { commonName: 'c', usage: 'client', notBefore: from, notAfter: from + hours * HOUR, serial: Buffer.of(2) },
    AUTHORITY,
  );

describe('stored certificates', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'certificates-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it('are kept with their keys, the newest one counts', () => {
    const store = new CertificateStore(join(directory, 'pki'), 'kubelet-client');
    assert.equal(store.current(), undefined);
    const [first, second] = [certificateFrom(START, 1), certificateFrom(START, 2)];
    store.save(first, START);
    assert.deepEqual(store.current(), first);
    store.save(second, START + HOUR);
    assert.deepEqual(store.current(), second);
    const path = join(directory, 'pki/kubelet-client-2026-01-01-01-00-00.pem');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(readFileSync(store.currentPath, 'utf8'), second.certificate + second.key);
  });

  it('say whether a node must begin from the start', () => {
    const store = new CertificateStore(directory, 'kubelet-client');
    const kubeconfig = join(directory, 'kubeconfig');
    assert.equal(needsBootstrap({ kubeconfig, store }, START), true, 'there is no kubeconfig');
    const text = (user: string): string =>
      `apiVersion: v1\nkind: Config\nusers: [{name: u, user: {${user}}}]\nclusters: []\ncontexts: []\n`;
    writeFileSync(kubeconfig, text('token: t'));
    assert.equal(needsBootstrap({ kubeconfig, store }, START), false, 'it does not use the stored certificate');
    writeFileSync(kubeconfig, text(`client-certificate: ${store.currentPath}, client-key: ${store.currentPath}`));
    assert.equal(needsBootstrap({ kubeconfig, store }, START), true, 'there is no certificate');
    store.save(certificateFrom(START, 10), START);
    assert.equal(needsBootstrap({ kubeconfig, store }, START + HOUR), false);
    assert.equal(needsBootstrap({ kubeconfig, store }, START + 10 * HOUR), true, 'it is over');
    assert.equal(loadKubeconfig([kubeconfig]).users.length, 1);
  });

  it('are replaced after 70 to 90 percent of their lives', () => {
    const { certificate } = certificateFrom(START, 100);
    assert.equal(rotationTime(certificate, 0), START + 70 * HOUR);
    assert.equal(Math.round(rotationTime(certificate, 1)), START + 90 * HOUR);
    assert.equal(isValidAt(certificate, START), true);
    assert.equal(isValidAt(certificate, START - 1), false);
    assert.equal(isValidAt(certificate, START + 100 * HOUR), false);
  });
});

describe('certificates from the API server', () => {
  let server: TestApiServer<FakeClock>;
  let directory: string;
  before(async () => {
    server = await startTestApiServer();
    directory = mkdtempSync(join(tmpdir(), 'certificates-'));
  });
  after(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });

  const wish: CertificateWish = {
    purpose: 'server',
    nodeName: 'node-1',
    dnsNames: ['node-1'],
    ipAddresses: ['192.0.2.1', 'fd00::1'],
  };
  const { signal } = new AbortController();
  const pending = async (): Promise<CertificateSigningRequest | undefined> => {
    const { items } = await server.client.list(certificateSigningRequests);
    return items.find(({ status }) => !status?.certificate && !status?.conditions?.length);
  };
  /** Signs whatever is asked for. */
  const sign = async (hours: number): Promise<CertificateSigningRequest> => {
    const found = (await pending())!;
    const request = parseSigningRequest(atob(found.spec.request));
    const from = server.clock.now();
    const policy = { keyUsageBits: 1, extendedKeyUsages: [], notBefore: from, notAfter: from + hours * HOUR };
    const certificate = signRequest(request, { ...policy, serial: Buffer.of(3) }, AUTHORITY);
    await server.client.update(
      certificateSigningRequests,
      { ...found, status: { ...found.status, certificate: btoa(certificate) } },
      { subresource: 'status' },
    );
    return found;
  };

  it('are asked for as nodes do it', async () => {
    const deps = { clock: server.clock, log: silentLogger };
    const asking = requestCertificate(server.client, wish, deps, signal);
    await server.clock.advance(0);
    const { spec } = await sign(1);
    assert.equal(spec.signerName, 'kubernetes.io/kubelet-serving');
    assert.deepEqual(spec.usages, ['digital signature', 'server auth']);
    await server.clock.advance(2000);
    const { certificate, key } = await asking;
    const { subject, subjectAltName } = new X509Certificate(certificate);
    assert.equal(subject, 'O=system:nodes\nCN=system:node:node-1');
    assert.equal(subjectAltName, 'DNS:node-1, IP Address:192.0.2.1, IP Address:FD00:0:0:0:0:0:0:1');
    assert.match(key, /^-----BEGIN EC PRIVATE KEY-----/);
  });

  it('that are denied are not waited for', async () => {
    const deps = { clock: server.clock, log: silentLogger };
    const asking = requestCertificate(server.client, { purpose: 'client', nodeName: 'n' }, deps, signal);
    await server.clock.advance(0);
    const found = (await pending())!;
    const conditions = [{ type: 'Denied', status: 'True' as const, reason: 'Unknown', message: 'who are you' }];
    await server.client.update(
      certificateSigningRequests,
      { ...found, status: { conditions } },
      { subresource: 'approval' },
    );
    const refused = assert.rejects(asking, { message: /^certificate request csr-\w+ is denied: Unknown who are you$/ });
    await server.clock.advance(2000);
    await refused;
  });

  it('are replaced in time, and asked for again until somebody signs', async () => {
    const store = new CertificateStore(directory, 'kubelet-client');
    const seen: string[] = [];
    const stop = new AbortController();
    const running = keepCertificate(
      {
        store,
        client: server.client,
        clock: server.clock,
        random: seededRandom(1),
        log: silentLogger,
        wish: async () => ({ purpose: 'client', nodeName: 'node-1' }),
        onChange: ({ certificate }) => seen.push(certificate),
      },
      stop.signal,
    );
    await server.clock.advance(0);
    await sign(10);
    await server.clock.advance(2000);
    assert.equal(seen.length, 1);
    assert.equal(store.current()?.certificate, seen[0]);
    await server.clock.advance(6.9 * HOUR);
    assert.equal(await pending(), undefined, 'it has time yet');
    await server.clock.advance(2.2 * HOUR);
    await sign(10);
    await server.clock.advance(2000);
    assert.equal(seen.length, 2);
    stop.abort();
    await running;
  });
});
