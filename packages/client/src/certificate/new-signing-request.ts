import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

import { alternativeName, pem } from './certificate.ts';
import {
  bitString,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  utf8String,
} from './der.ts';

/** What a new certificate shall say. */
export interface SigningRequestFields {
  readonly commonName?: string;
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly emailAddresses?: readonly string[];
  /** As text or as bytes. */
  readonly ipAddresses?: readonly (string | readonly number[])[];
  readonly uris?: readonly string[];
}

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectAltName: '2.5.29.17',
  extensionRequest: '1.2.840.113549.1.9.14',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const;

/** A key of its own and a request for a certificate for it (PKCS #10), both PEM. */
export function newSigningRequest(fields: SigningRequestFields): { readonly request: string; readonly key: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'sec1', format: 'pem' }) as string;
  return { request: encodeSigningRequest(fields, createPrivateKey(key)), key };
}

/** A request that is signed with a key (ECDSA P-256), PEM. */
export function encodeSigningRequest(fields: SigningRequestFields, key: KeyObject): string {
  const { commonName, organizations = [], dnsNames = [], emailAddresses = [], ipAddresses = [], uris = [] } = fields;
  const part = (oid: string, text: string): Buffer => set(sequence(objectIdentifier(oid), utf8String(text)));
  const subject = sequence(
    ...organizations.map((text) => part(OID.organization, text)),
    ...(commonName === undefined ? [] : [part(OID.commonName, commonName)]),
  );
  const names = [
    ...emailAddresses.map((text) => implicit(1, Buffer.from(text))),
    ...dnsNames.map((text) => implicit(2, Buffer.from(text))),
    ...uris.map((text) => implicit(6, Buffer.from(text))),
    ...ipAddresses.map(addressName),
  ];
  const extension = sequence(objectIdentifier(OID.subjectAltName), octetString(sequence(...names)));
  const attribute = sequence(objectIdentifier(OID.extensionRequest), set(sequence(extension)));
  const info = sequence(
    integer(Buffer.of(0)),
    subject,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    explicit(0, names.length > 0 ? attribute : Buffer.of()),
  );
  const algorithm = sequence(objectIdentifier(OID.ecdsaWithSha256));
  return pem('CERTIFICATE REQUEST', sequence(info, algorithm, bitString(sign('sha256', info, key))));
}

function addressName(address: string | readonly number[]): Buffer {
  if (typeof address !== 'string') return implicit(7, Buffer.from(address));
  if (isIP(address) === 0) throw new Error(`${JSON.stringify(address)} is not an IP address`);
  return alternativeName(address);
}
