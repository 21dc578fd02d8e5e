/** Reading ASN.1 in its distinguished encoding: as much as certificates and requests for them need. Pure. */

export interface DerElement {
  readonly tag: number;
  /** Without tag and length. */
  readonly content: Buffer;
  /** With both: what goes into another structure as it stands. */
  readonly whole: Buffer;
}

export class DerError extends Error {
  override readonly name = 'DerError';
}

/** The longest length that is read: four bytes of it. */
const LENGTH_SIZE_MAX = 4;

/** The elements that stand one after the other. Throws DerError if the bytes are no such thing. */
export function readElements(der: Buffer): readonly DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < der.length;) {
    const { start, end } = extentAt(der, at);
    elements.push({ tag: der[at]!, content: der.subarray(start, end), whole: der.subarray(at, end) });
    at = end;
  }
  return elements;
}

/** The elements inside of one that must have the tag. */
export function readInside(element: DerElement | undefined, tag: number): readonly DerElement[] {
  if (element?.tag !== tag) throw new DerError('asn1: structure error: tags do not match');
  return readElements(element.content);
}

/** An object identifier in dotted form. */
export function readObjectIdentifier({ content }: DerElement): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    if (parts.length === 0)
      parts.push(Math.min(Math.floor(value / 40), 2), value - 40 * Math.min(Math.floor(value / 40), 2));
    else parts.push(value);
    value = 0;
  }
  return parts.join('.');
}

function extentAt(der: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = der[at + 1];
  if (first === undefined) throw new DerError('asn1: syntax error: truncated tag or length');
  const size = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + size;
  if (size > LENGTH_SIZE_MAX || start > der.length) throw new DerError('asn1: syntax error: bad length');
  const end = start + (size === 0 ? first : der.readUIntBE(at + 2, size));
  if (first === 0x80 || end > der.length) throw new DerError('asn1: syntax error: data truncated');
  return { start, end };
}
