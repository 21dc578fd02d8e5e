import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';

import { makeSigningRequest } from '../testing/make-signing-request.ts';
import { certify, issue } from './certificate.ts';
import { DerError } from './der-reader.ts';
import { certificateEnd, parseSigningRequest, signRequest, type SigningPolicy } from './signing-request.ts';

const NOW = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const authorityRequest = {
  commonName: 'authority',
  usage: 'authority',
  notBefore: NOW - DAY_MS,
  notAfter: NOW + 10 * DAY_MS,
  serial: Buffer.of(1),
} as const;
const authority = issue(authorityRequest);
const policy: SigningPolicy = {
  keyUsageBits: 0b101,
  extendedKeyUsages: ['1.3.6.1.5.5.7.3.2'],
  notBefore: NOW,
  notAfter: NOW + DAY_MS,
  serial: Buffer.of(0x7f, 1),
};

describe('parseSigningRequest', () => {
  it('reads the subject and all kinds of names', () => {
    const request = parseSigningRequest(
      makeSigningRequest({
        commonName: 'system:node:a',
        organizations: ['system:nodes', 'team'],
        dnsNames: ['a.test', 'b.test'],
        emailAddresses: ['a@b.test'],
        ipAddresses: [[10, 0, 0, 1]],
        uris: ['spiffe://a'],
      }),
    );
    const { commonName, organizations, dnsNames, emailAddresses, ipAddresses, uris } = request;
    assert.deepEqual([commonName, organizations], ['system:node:a', ['system:nodes', 'team']]);
    assert.deepEqual([dnsNames, emailAddresses, uris], [['a.test', 'b.test'], ['a@b.test'], ['spiffe://a']]);
    assert.deepEqual([...(ipAddresses[0] ?? [])], [10, 0, 0, 1]);
  });

  it('takes a request without names and without a subject', () => {
    const { commonName, organizations, dnsNames } = parseSigningRequest(makeSigningRequest({}));
    assert.deepEqual([commonName, organizations, dnsNames], ['', [], []]);
  });

  const good = makeSigningRequest({ commonName: 'me' });
  const bytes = Buffer.from(good.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const wrap = (der: Buffer): string =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  const flipped = Buffer.from(bytes);
  flipped[bytes.indexOf('me')] = 'n'.charCodeAt(0);
  for (const [name, text, message] of [
    ['no PEM', 'hello', /PEM block type/],
    ['another block', good.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE'), /PEM block type/],
    ['cut off', wrap(bytes.subarray(0, 40)), /truncated/],
    ['changed after it was signed', wrap(flipped), /signature/],
    ['not a sequence', wrap(Buffer.of(0x02, 1, 5)), /tags do not match/],
    ['an endless length', wrap(Buffer.of(0x30, 0x80, 1)), /truncated/],
  ] as const) {
    it(`refuses ${name}`, () =>
      assert.throws(
        () => parseSigningRequest(text),
        (error) => error instanceof DerError && message.test(error.message),
      ));
  }
});

describe('signRequest', () => {
  it('makes a certificate that the authority vouches for', () => {
    const request = parseSigningRequest(
      makeSigningRequest({
        commonName: 'me',
        organizations: ['team'],
        dnsNames: ['a.test'],
        ipAddresses: [[1, 2, 3, 4]],
      }),
    );
    const certificate = new X509Certificate(signRequest(request, policy, authority));
    assert.ok(certificate.checkIssued(new X509Certificate(authority.certificate)));
    assert.ok(certificate.verify(new X509Certificate(authority.certificate).publicKey));
    assert.equal(certificate.subject, 'O=team\nCN=me');
    assert.equal(certificate.subjectAltName, 'DNS:a.test, IP Address:1.2.3.4');
    assert.deepEqual([certificate.validFromDate.getTime(), certificate.validToDate.getTime()], [NOW, NOW + DAY_MS]);
    assert.deepEqual([certificate.serialNumber, certificate.ca], ['7F01', false]);
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  });

  it('signs with an RSA key too', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const rsa = {
      certificate: certify(authorityRequest, publicKey, authority),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    };
    const request = parseSigningRequest(makeSigningRequest({ commonName: 'me' }));
    const certificate = new X509Certificate(signRequest(request, policy, rsa));
    assert.ok(certificate.verify(publicKey));
  });

  it('leaves out what there is none of', () => {
    const request = parseSigningRequest(makeSigningRequest({ commonName: 'me' }));
    const bare = { ...policy, keyUsageBits: 0, extendedKeyUsages: [] };
    const { subjectAltName, keyUsage } = new X509Certificate(signRequest(request, bare, authority));
    assert.deepEqual([subjectAltName, keyUsage], [undefined, undefined]);
  });
});

describe('certificateEnd', () => {
  it('reads it', () => assert.equal(certificateEnd(authority.certificate), NOW + 10 * DAY_MS));
});
