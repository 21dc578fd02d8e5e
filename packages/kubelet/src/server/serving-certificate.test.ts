import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { seededRandom } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { servingCertificate } from './serving-certificate.ts';

describe('servingCertificate', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kts-kubelet-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const deps = { clock: new FakeClock(), random: seededRandom(1) };

  it('makes one for the name of the node, and keeps it', () => {
    const made = servingCertificate({ directory }, 'node-1', deps);
    const certificate = new X509Certificate(made.certificate);
    assert.equal(certificate.subjectAltName, 'DNS:node-1');
    assert.match(certificate.issuer, /^CN=node-1-ca@\d+$/);
    assert.equal(statSync(join(directory, 'kubelet.key')).mode & 0o777, 0o600);
    assert.deepEqual(servingCertificate({ directory }, 'node-1', deps), made);
  });

  it('takes the files that it is told', () => {
    const made = servingCertificate({ directory }, 'node-1', deps);
    const files = { certificate: join(directory, 'kubelet.crt'), key: join(directory, 'kubelet.key') };
    assert.deepEqual(servingCertificate({ ...files, directory: '/nowhere' }, 'other', deps), made);
  });

  it('takes no certificate without its key', () => {
    assert.throws(() => servingCertificate({ certificate: '/c', directory }, 'node-1', deps), {
      message: '--tls-cert-file and --tls-private-key-file must be given together',
    });
  });
});
