/** The parts of DER that a certificate request's subject is made of. */
const SEQUENCE = 0x30;
const SET = 0x31;
const OBJECT_IDENTIFIER = 0x06;
/** 2.5.4.10 */
const ORGANIZATION = '55040a';

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/**
 * The organizations in the subject of a PKCS #10 request in PEM: the groups that its certificate would give. Throws
 * RangeError if it is none.
 */
export function csrOrganizations(pem: string): readonly string[] {
  const match = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([\s\S]*?)-----END/.exec(pem);
  if (!match) throw new RangeError('PEM block type must be CERTIFICATE REQUEST');
  const [request] = elementsOf(Buffer.from(match[1]!, 'base64'));
  const [info] = elementsOf(contentOf(request, SEQUENCE));
  const [, subject] = elementsOf(contentOf(info, SEQUENCE));
  const organizations: string[] = [];
  for (const relativeName of elementsOf(contentOf(subject, SEQUENCE))) {
    for (const attribute of elementsOf(contentOf(relativeName, SET))) {
      const [type, value] = elementsOf(contentOf(attribute, SEQUENCE));
      const oid = Buffer.from(contentOf(type, OBJECT_IDENTIFIER)).toString('hex');
      if (oid === ORGANIZATION && value) organizations.push(Buffer.from(value.content).toString());
    }
  }
  return organizations;
}

function contentOf(element: Element | undefined, tag: number): Uint8Array {
  if (element?.tag !== tag) throw new RangeError('asn1: structure error: tags do not match');
  return element.content;
}

function elementsOf(bytes: Uint8Array): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at]!;
    let length = bytes[at + 1] ?? 0;
    at += 2;
    if (length >= 0x80) {
      const size = length & 0x7f;
      length = bytes.subarray(at, at + size).reduce((value, byte) => value * 256 + byte, 0);
      at += size;
    }
    if (at + length > bytes.length) throw new RangeError('asn1: syntax error: data truncated');
    elements.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return elements;
}
