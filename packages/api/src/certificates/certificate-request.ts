/**
 * Requests for certificates (PKCS #10) and certificates in PEM: whether they can be read, and whether the request was
 * signed with the key that it asks a certificate for.
 *
 * Mirrors: crypto/x509 and encoding/pem as pkg/apis/certificates/validation uses them (v1.36)
 * Differs: what is wrong inside a block is said in fewer words.
 */
import { createPublicKey, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { goQuote } from '@kts/apimachinery';

const REQUEST = 'CERTIFICATE REQUEST';
const CERTIFICATE = 'CERTIFICATE';
const BIT_STRING = 0x03;
const SEQUENCE = 0x30;
const SYNTAX = 'asn1: syntax error: data truncated';

/** Digests by the hexadecimal content of the algorithm's object identifier. */
const DIGESTS: Readonly<Record<string, string | null>> = {
  '2a864886f70d010105': 'sha1',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2b6570': null,
};

interface PemBlock {
  readonly type: string;
  readonly hasHeaders: boolean;
  readonly bytes: Buffer;
}

interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

/** What is wrong with a request in PEM, itself in base64 as the API has it. */
export function requestProblem(base64: string | null): string | undefined {
  const [block] = pemBlocks(Buffer.from(base64 ?? '', 'base64').toString('latin1'));
  if (block?.type !== REQUEST) return `PEM block type must be ${REQUEST}`;
  try {
    return signatureProblem(block.bytes);
  } catch (error) {
    return (error as Error).message;
  }
}

/** What is wrong with a chain of certificates in PEM, itself in base64. Nothing at all is no certificate yet. */
export function certificateProblem(base64: string | undefined): string | undefined {
  if (!base64) return undefined;
  const blocks = pemBlocks(Buffer.from(base64, 'base64').toString('latin1'));
  for (const { type, hasHeaders, bytes } of blocks) {
    if (type !== CERTIFICATE) return `only CERTIFICATE PEM blocks are allowed, found ${goQuote(type)}`;
    if (hasHeaders) return 'no PEM block headers are permitted';
    if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates';
    if (!isCertificate(bytes)) return 'x509: malformed certificate';
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}

function isCertificate(der: Buffer): boolean {
  try {
    return new X509Certificate(der).raw.length > 0;
  } catch {
    return false;
  }
}

function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  const pattern = /^-----BEGIN ([^\n]+?)-----[ \t\r]*\n([\s\S]*?)^-----END \1-----[ \t\r]*$/gm;
  for (const [, type = '', body = ''] of text.matchAll(pattern)) {
    const lines = body.split(/\r?\n/);
    const headers = lines.filter((line) => line.includes(':'));
    const base64 = lines.filter((line) => !line.includes(':')).join('');
    if (!/^[A-Za-z0-9+/=\s]*$/.test(base64)) continue;
    blocks.push({ type, hasHeaders: headers.length > 0, bytes: Buffer.from(base64, 'base64') });
  }
  return blocks;
}

function signatureProblem(der: Buffer): string | undefined {
  const [outer, ...rest] = elementsOf(der);
  if (rest.length > 0) return 'asn1: syntax error: trailing data';
  const [info, algorithm, signature] = elementsIn(outer);
  const [, , key] = elementsIn(info);
  const [identifier] = elementsIn(algorithm);
  if (!info || !key || !identifier || signature?.tag !== BIT_STRING) return "asn1: structure error: tags don't match";
  const digest = DIGESTS[identifier.content.toString('hex')];
  if (digest === undefined) return 'x509: cannot verify signature: algorithm unimplemented';
  const publicKey = createPublicKey({ key: key.whole, format: 'der', type: 'spki' });
  if (verify(digest, info.whole, publicKey, signature.content.subarray(1))) return undefined;
  return mismatchText(publicKey);
}

function mismatchText(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return 'crypto/rsa: verification error';
  const algorithm = key.asymmetricKeyType === 'ec' ? 'ECDSA' : 'Ed25519';
  return `x509: ${algorithm} verification failure`;
}

function elementsIn(element: DerElement | undefined): DerElement[] {
  if (element?.tag !== SEQUENCE) throw new Error("asn1: structure error: tags don't match");
  return elementsOf(element.content);
}

function elementsOf(der: Buffer): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < der.length;) {
    const first = der[at + 1];
    if (first === undefined || first === 0x80) throw new Error(SYNTAX);
    const size = first < 0x80 ? 0 : first & 0x7f;
    const start = at + 2 + size;
    if (size > 4 || start > der.length) throw new Error(SYNTAX);
    const end = start + (size === 0 ? first : der.readUIntBE(at + 2, size));
    if (end > der.length) throw new Error(SYNTAX);
    elements.push({ tag: der[at]!, content: der.subarray(start, end), whole: der.subarray(at, end) });
    at = end;
  }
  return elements;
}
