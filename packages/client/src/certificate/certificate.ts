/**
 * Issuing X.509 certificates with ECDSA P-256 keys.
 *
 * Differs: written here instead of taken from a library, because loading one costs more than a whole cluster's
 * certificates do.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

import { formatTime } from '@kts/base';

import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly usage: 'authority' | 'server' | 'client';
  /** DNS names and IP addresses. */
  readonly alternativeNames?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** At most 20 bytes, unique for the authority. */
  readonly serial: Uint8Array;
}

/** A new key and a certificate for it, signed by `authority`, or by itself if there is none. */
export function issue(request: CertificateRequest, authority?: KeyPair): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    certificate: certify(request, publicKey, authority ?? privateKey),
    key: privateKey.export({ type: 'sec1', format: 'pem' }) as string,
  };
}

/** A certificate for somebody else's public key. */
export function certify(request: CertificateRequest, publicKey: KeyObject, signer: KeyPair | KeyObject): string {
  const own = !('certificate' in signer);
  const signingKey = own ? signer : createPrivateKey(signer.key);
  const subject = name(request.commonName, request.organizations ?? []);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const authorityKey = own ? publicKey : createPublicKey(signingKey);
  const algorithm = sequence(objectIdentifier(OID.ecdsaWithSha256));
  const body = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(request.serial),
    algorithm,
    own ? subject : subjectOf(signer.certificate),
    sequence(time(formatTime(request.notBefore)), time(formatTime(request.notAfter))),
    subject,
    spki,
    explicit(
      3,
      sequence(...extensions(request, keyId(spki), keyId(authorityKey.export({ type: 'spki', format: 'der' })))),
    ),
  );
  return pem('CERTIFICATE', sequence(body, algorithm, bitString(sign('sha256', body, signingKey))));
}

function extensions(request: CertificateRequest, subjectKey: Buffer, authorityKey: Buffer): Buffer[] {
  const names = request.alternativeNames ?? [];
  const authority = request.usage === 'authority';
  const list = [
    // Bits of key usage, from the first: digitalSignature, ..., keyEncipherment (2), ..., keyCertSign (5).
    extension(
      OID.keyUsage,
      authority ? bitString(Buffer.of(0b10100100), 2) : bitString(Buffer.of(0b10100000), 5),
      true,
    ),
    extension(OID.basicConstraints, authority ? sequence(boolean(true)) : sequence(), true),
    extension(OID.subjectKeyIdentifier, octetString(subjectKey)),
    extension(OID.authorityKeyIdentifier, sequence(implicit(0, authorityKey))),
  ];
  if (!authority) {
    const usage = request.usage === 'server' ? OID.serverAuth : OID.clientAuth;
    list.push(extension(OID.extendedKeyUsage, sequence(objectIdentifier(usage))));
  }
  if (names.length > 0) list.push(extension(OID.subjectAltName, sequence(...names.map(alternativeName))));
  return list;
}

function extension(oid: string, value: Buffer, critical = false): Buffer {
  const parts = [objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value)];
  return sequence(...parts);
}

/** A DNS name or an IP address, as certificates have it. */
export function alternativeName(text: string): Buffer {
  if (isIPv4(text)) return implicit(7, Buffer.from(text.split('.').map(Number)));
  // No DNS name has a colon; Node's own check compiles a large expression at its first use.
  if (text.includes(':')) return implicit(7, ipv6Bytes(text));
  return implicit(2, Buffer.from(text, 'ascii'));
}

function ipv6Bytes(text: string): Buffer {
  const [head, tail] = text.split('::') as [string, string?];
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0);
  return Buffer.from([...front, ...zeros, ...back].flatMap((group) => [group >> 8, group & 0xff]));
}

function name(commonName: string, organizations: readonly string[]): Buffer {
  const attribute = (oid: string, value: string): Buffer => set(sequence(objectIdentifier(oid), utf8String(value)));
  return sequence(
    ...organizations.map((organization) => attribute(OID.organization, organization)),
    ...(commonName ? [attribute(OID.commonName, commonName)] : []),
  );
}

/** The subject of a certificate as it stands there: the issuer of another must be the same bytes. */
function subjectOf(certificate: string): Buffer {
  const der = Buffer.from(certificate.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  // Certificate > body > [0] version, serial, algorithm, issuer, validity, subject.
  let at = enter(der, enter(der, 0));
  for (let skipped = 0; skipped < 5; skipped++) at = skip(der, at);
  return der.subarray(at, skip(der, at));
}

function enter(der: Buffer, at: number): number {
  const length = der[at + 1]!;
  return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
}

function skip(der: Buffer, at: number): number {
  const length = der[at + 1]!;
  const content = enter(der, at);
  return content + (length < 0x80 ? length : der.readUIntBE(at + 2, length & 0x7f));
}

function keyId(spki: Buffer): Buffer {
  return createHash('sha1').update(spki).digest();
}

export function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
