/**
 * Requests for certificates (PKCS #10), and certificates made from them.
 *
 * Mirrors: crypto/x509 as pkg/controller/certificates/{authority,signer} use it (v1.36)
 * Differs: the subject is copied as it was encoded, so that an unusual order of its parts stays.
 */
import { createPrivateKey, createPublicKey, sign, verify, X509Certificate, type KeyObject } from 'node:crypto';

import { formatTime } from '@kts/base';

import { pem } from './certificate.ts';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  time,
} from './der.ts';
import { DerError, readElements, readInside, readObjectIdentifier, type DerElement } from './der-reader.ts';

/** What a request asks for. */
export interface SigningRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly emailAddresses: readonly string[];
  /** As bytes: 4 or 16. */
  readonly ipAddresses: readonly Uint8Array[];
  readonly uris: readonly string[];
  readonly publicKey: KeyObject;
  /** DER of the subject. */
  readonly subject: Uint8Array;
}

export interface SigningPolicy {
  /** Bits of key usage, digitalSignature being the first. */
  readonly keyUsageBits: number;
  /** Dotted object identifiers. */
  readonly extendedKeyUsages: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly serial: Uint8Array;
}

const TAG = { integer: 0x02, bitString: 0x03, octetString: 0x04, objectIdentifier: 0x06, sequence: 0x30, set: 0x31 };
const ATTRIBUTES_TAG = 0xa0;

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  extensionRequest: '1.2.840.113549.1.9.14',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** Kinds of alternative names, by their tag. */
const NAME = { email: 0x81, dns: 0x82, uri: 0x86, ip: 0x87 } as const;

/** Of signatures: identifier, digest, and whether the algorithm has a NULL for parameters. */
const SIGNATURES = {
  rsa: { oid: '1.2.840.113549.1.1.11', digest: 'sha256', hasNull: true },
  prime256v1: { oid: '1.2.840.10045.4.3.2', digest: 'sha256', hasNull: false },
  secp384r1: { oid: '1.2.840.10045.4.3.3', digest: 'sha384', hasNull: false },
  secp521r1: { oid: '1.2.840.10045.4.3.4', digest: 'sha512', hasNull: false },
  ed25519: { oid: '1.3.101.112', digest: null, hasNull: false },
} as const;

const DIGESTS: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
};

/** @throws DerError if the text is no request, or its signature is not of the key in it */
export function parseSigningRequest(text: string): SigningRequest {
  const match = /-----BEGIN CERTIFICATE REQUEST-----([\s\S]*?)-----END CERTIFICATE REQUEST-----/.exec(text);
  if (!match) throw new DerError('PEM block type must be CERTIFICATE REQUEST');
  const [outer] = readElements(Buffer.from(match[1]!, 'base64'));
  const [info, algorithm, signature] = readInside(outer, TAG.sequence);
  const [, subject, key, attributes] = readInside(info, TAG.sequence);
  if (!subject || !key || signature?.tag !== TAG.bitString)
    throw new DerError('asn1: structure error: parts are missing');
  const publicKey = createPublicKey({ key: key.whole, format: 'der', type: 'spki' });
  checkSignature(info!, algorithm, signature.content.subarray(1), publicKey);
  const names = alternativeNames(attributes);
  const texts = (tag: number): readonly string[] =>
    names.filter((name) => name.tag === tag).map(({ content }) => content.toString('latin1'));
  return {
    commonName: subjectValues(subject, OID.commonName).at(-1) ?? '',
    organizations: subjectValues(subject, OID.organization),
    dnsNames: texts(NAME.dns),
    emailAddresses: texts(NAME.email),
    ipAddresses: names.filter(({ tag }) => tag === NAME.ip).map(({ content }) => content),
    uris: texts(NAME.uri),
    publicKey,
    subject: subject.whole,
  };
}

/** The certificate, PEM, that the request gets from the authority. Of its extensions only the names are taken over. */
export function signRequest(
  request: SigningRequest,
  policy: SigningPolicy,
  authority: { readonly certificate: string; readonly key: string },
): string {
  const signingKey = createPrivateKey(authority.key);
  const { oid, digest, hasNull } = signatureOf(signingKey);
  const algorithm = sequence(objectIdentifier(oid), ...(hasNull ? [Buffer.of(0x05, 0)] : []));
  const issuer = authorityFacts(authority.certificate);
  const body = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(policy.serial),
    algorithm,
    issuer.subject,
    sequence(time(formatTime(policy.notBefore)), time(formatTime(policy.notAfter))),
    request.subject,
    request.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions(request, policy, issuer.keyId))),
  );
  return pem('CERTIFICATE', sequence(body, algorithm, bitString(sign(digest, body, signingKey))));
}

/** When a certificate, the first in a PEM text, ends; milliseconds since the epoch. Throws if there is none. */
export function certificateEnd(certificate: string): number {
  return new X509Certificate(certificate).validToDate.getTime();
}

function checkSignature(info: DerElement, algorithm: DerElement | undefined, signature: Buffer, key: KeyObject): void {
  const [identifier] = readInside(algorithm, TAG.sequence);
  const digest = identifier && DIGESTS[readObjectIdentifier(identifier)];
  if (digest === undefined) throw new DerError('x509: cannot verify signature: algorithm unimplemented');
  if (!verify(digest, info.whole, key, signature)) throw new DerError('unable to verify certificate request signature');
}

function subjectValues(subject: DerElement, oid: string): readonly string[] {
  return readInside(subject, TAG.sequence)
    .flatMap((relativeName) => readInside(relativeName, TAG.set))
    .map((attribute) => readInside(attribute, TAG.sequence))
    .filter(([type, value]) => type && value && readObjectIdentifier(type) === oid)
    .map(([, value]) => value!.content.toString('utf8'));
}

function alternativeNames(attributes: DerElement | undefined): readonly DerElement[] {
  if (attributes?.tag !== ATTRIBUTES_TAG) return [];
  const requested = readElements(attributes.content)
    .map((attribute) => readInside(attribute, TAG.sequence))
    .filter(([type]) => type && readObjectIdentifier(type) === OID.extensionRequest)
    .flatMap(([, values]) => readInside(values, TAG.set))
    .flatMap((list) => readInside(list, TAG.sequence))
    .map((extension) => readInside(extension, TAG.sequence));
  const names = requested.find(([type]) => type && readObjectIdentifier(type) === OID.subjectAltName);
  const value = names?.at(-1);
  if (value?.tag !== TAG.octetString) return [];
  return readInside(readElements(value.content)[0], TAG.sequence);
}

function signatureOf(key: KeyObject): (typeof SIGNATURES)[keyof typeof SIGNATURES] {
  const kind = key.asymmetricKeyType === 'ec' ? (key.asymmetricKeyDetails?.namedCurve ?? '') : key.asymmetricKeyType;
  const found = Object.entries(SIGNATURES).find(([name]) => name === kind)?.[1];
  if (!found) throw new DerError(`cannot sign with a key of type ${kind}`);
  return found;
}

/** The authority's subject, and the identifier of its key, as they stand in its certificate. */
function authorityFacts(certificate: string): { readonly subject: Buffer; readonly keyId: Buffer | undefined } {
  const [outer] = readElements(new X509Certificate(certificate).raw);
  const [body] = readInside(outer, TAG.sequence);
  const parts = readInside(body, TAG.sequence);
  const hasVersion = parts[0]?.tag === 0xa0;
  const subject = parts[hasVersion ? 5 : 4];
  if (!subject) throw new DerError('asn1: structure error: parts are missing');
  const list = parts.find(({ tag }) => tag === 0xa3);
  const keyId = (list ? readInside(readElements(list.content)[0], TAG.sequence) : [])
    .map((extension) => readInside(extension, TAG.sequence))
    .find(([type]) => type && readObjectIdentifier(type) === OID.subjectKeyIdentifier)
    ?.at(-1);
  return { subject: subject.whole, keyId: keyId && readElements(keyId.content)[0]?.content };
}

function extensions(request: SigningRequest, policy: SigningPolicy, authorityKeyId: Buffer | undefined): Buffer[] {
  const { keyUsageBits, extendedKeyUsages } = policy;
  const names = alternativeNameBytes(request);
  // Without a subject, the names are what the certificate is about.
  const isNameCritical = readElements(Buffer.from(request.subject))[0]!.content.length === 0;
  return [
    ...(keyUsageBits === 0 ? [] : [extension(OID.keyUsage, keyUsage(keyUsageBits), true)]),
    ...(extendedKeyUsages.length === 0
      ? []
      : [extension(OID.extendedKeyUsage, sequence(...extendedKeyUsages.map(objectIdentifier)))]),
    extension(OID.basicConstraints, sequence(), true),
    ...(authorityKeyId ? [extension(OID.authorityKeyIdentifier, sequence(implicit(0, authorityKeyId)))] : []),
    ...(names.length === 0 ? [] : [extension(OID.subjectAltName, sequence(...names), isNameCritical)]),
  ];
}

function extension(oid: string, value: Buffer, isCritical = false): Buffer {
  return sequence(objectIdentifier(oid), ...(isCritical ? [boolean(true)] : []), octetString(value));
}

function alternativeNameBytes(request: SigningRequest): readonly Buffer[] {
  const text = (tag: number, values: readonly string[]): readonly Buffer[] =>
    values.map((value) => implicit(tag & 0x1f, Buffer.from(value, 'latin1')));
  return [
    ...text(NAME.dns, request.dnsNames),
    ...text(NAME.email, request.emailAddresses),
    ...request.ipAddresses.map((bytes) => implicit(NAME.ip & 0x1f, bytes)),
    ...text(NAME.uri, request.uris),
  ];
}

/** The first usage is the most significant bit; bits after the last that is set are left out. */
function keyUsage(bits: number): Buffer {
  const bytes: number[] = [0, 0];
  for (let bit = 0; bit < 9; bit++) {
    if (bits & (1 << bit)) bytes[bit >> 3]! |= 0x80 >> (bit & 7);
  }
  if (bytes[1] === 0) bytes.pop();
  const last = bytes.at(-1)!;
  return bitString(Buffer.from(bytes), Math.max(0, 31 - Math.clz32(last & -last)));
}
