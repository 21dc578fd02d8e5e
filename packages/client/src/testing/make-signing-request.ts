import { generateKeyPairSync } from 'node:crypto';

import { encodeSigningRequest, type SigningRequestFields } from '../certificate/new-signing-request.ts';

export type { SigningRequestFields } from '../certificate/new-signing-request.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A request for a certificate, PEM, signed with a key of this process. */
export function makeSigningRequest(fields: SigningRequestFields): string {
  return encodeSigningRequest(fields, privateKey);
}
