import { generateKeyPairSync, sign } from 'node:crypto';

import { pem } from '../certificate/certificate.ts';
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
} from '../certificate/der.ts';

export interface SigningRequestFields {
  readonly commonName?: string;
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly emailAddresses?: readonly string[];
  readonly ipAddresses?: readonly (readonly number[])[];
  readonly uris?: readonly string[];
}

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A request for a certificate, PEM, signed with a key of this process. */
export function makeSigningRequest(fields: SigningRequestFields): string {
  const { commonName, organizations = [], dnsNames = [], emailAddresses = [], ipAddresses = [], uris = [] } = fields;
  const part = (oid: string, text: string): Buffer => set(sequence(objectIdentifier(oid), utf8String(text)));
  const subject = sequence(
    ...organizations.map((text) => part('2.5.4.10', text)),
    ...(commonName === undefined ? [] : [part('2.5.4.3', commonName)]),
  );
  const names = [
    ...emailAddresses.map((text) => implicit(1, Buffer.from(text))),
    ...dnsNames.map((text) => implicit(2, Buffer.from(text))),
    ...uris.map((text) => implicit(6, Buffer.from(text))),
    ...ipAddresses.map((bytes) => implicit(7, Buffer.from(bytes))),
  ];
  const extension = sequence(objectIdentifier('2.5.29.17'), octetString(sequence(...names)));
  const attribute = sequence(objectIdentifier('1.2.840.113549.1.9.14'), set(sequence(extension)));
  const info = sequence(
    integer(Buffer.of(0)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(0, names.length > 0 ? attribute : Buffer.of()),
  );
  const algorithm = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
  return pem('CERTIFICATE REQUEST', sequence(info, algorithm, bitString(sign('sha256', info, privateKey))));
}
