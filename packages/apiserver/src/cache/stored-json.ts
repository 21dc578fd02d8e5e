import type { KubeObject } from '@kts/apimachinery';

/**
 * The bytes of stored objects: JSON in the order `kind`, `apiVersion`, `metadata{name, generateName, namespace, uid, ...}`
 * without resourceVersion. Because the order is fixed, answers are made by sending pieces of these bytes with the
 * resourceVersion between them; nothing is parsed or encoded again.
 */
export interface StoredLayout {
  /** Where `"metadata"` begins: an item of a list is `{` and the bytes from here. */
  readonly metadataAt: number;
  /** Where `,"resourceVersion":"..."` goes: after the last of name, generateName, namespace and uid. */
  readonly spliceAt: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;

/** Metadata fields that stand before resourceVersion, in this order. */
const IDENTITY_FIELDS = ['name', 'generateName', 'namespace', 'selfLink', 'uid'];
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Encodes an object for the store: resourceVersion is left out, identity comes first. */
export function encodeStored(object: KubeObject): Uint8Array {
  const { kind, apiVersion, metadata, ...rest } = object;
  const { name, generateName, namespace, uid, resourceVersion: _, ...restOfMetadata } = metadata;
  return encoder.encode(
    JSON.stringify({
      kind,
      apiVersion,
      metadata: { name, generateName: generateName || undefined, namespace, uid, ...restOfMetadata },
      ...rest,
    }),
  );
}

/** Finds the two positions, or answers undefined for JSON in another order (which has to be encoded anew). */
export function scanStored(bytes: Uint8Array): StoredLayout | undefined {
  let at = expect(bytes, 0, '{"kind":"');
  if (at < 0) return undefined;
  at = expect(bytes, skipString(bytes, at - 1), ',"apiVersion":"');
  if (at < 0) return undefined;
  at = expect(bytes, skipString(bytes, at - 1), ',"metadata":{');
  if (at < 0) return undefined;
  const metadataAt = at - '"metadata":{'.length;
  let spliceAt = -1;
  for (const field of IDENTITY_FIELDS) {
    const valueAt = expect(bytes, at, `${spliceAt < 0 ? '' : ','}"${field}":"`);
    if (valueAt < 0) continue;
    at = spliceAt = skipString(bytes, valueAt - 1);
  }
  return spliceAt < 0 ? undefined : { metadataAt, spliceAt };
}

/** Where metadata ends, and managedFields in it, which come last and are often half of an object. */
export interface MetadataLayout {
  /** Where `,"managedFields":` begins; without them: as `managedFieldsEnd`. */
  readonly managedFieldsAt: number;
  /** The closing brace of metadata. */
  readonly managedFieldsEnd: number;
}

export function scanMetadata(bytes: Uint8Array, layout: StoredLayout): MetadataLayout {
  let at = layout.spliceAt;
  while (bytes[at] === COMMA) {
    const end = skipValue(bytes, skipString(bytes, at + 1) + 1);
    if (bytes[end] === BRACE_CLOSE && expect(bytes, at, ',"managedFields":') >= 0) {
      return { managedFieldsAt: at, managedFieldsEnd: end };
    }
    at = end;
  }
  return { managedFieldsAt: at, managedFieldsEnd: at };
}

/** Reads `metadata.labels` without parsing the object. */
export function scanLabels(bytes: Uint8Array, layout: StoredLayout): Readonly<Record<string, string>> | undefined {
  let at = layout.spliceAt;
  while (bytes[at] === COMMA) {
    const valueAt = skipString(bytes, at + 1) + 1;
    const end = skipValue(bytes, valueAt);
    if (valueAt - at === 10 && expect(bytes, at, ',"labels":') >= 0) {
      return JSON.parse(decoder.decode(bytes.subarray(valueAt, end))) as Record<string, string>;
    }
    at = end;
  }
  return undefined;
}

/** The position after `text`, or -1 if something else is at `at`. */
function expect(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return -1;
  return at + text.length;
}

/** The position after the string whose opening quote is at `at`. */
function skipString(bytes: Uint8Array, at: number): number {
  let end = at + 1;
  while (end < bytes.length && bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1;
  return end + 1;
}

/** The position after the value that begins at `at`. */
function skipValue(bytes: Uint8Array, at: number): number {
  let depth = 0;
  let end = at;
  while (end < bytes.length) {
    const byte = bytes[end];
    if (byte === QUOTE) {
      end = skipString(bytes, end);
      if (depth === 0) return end;
      continue;
    }
    if (byte === BRACE_OPEN || byte === BRACKET_OPEN) depth++;
    else if (byte === BRACE_CLOSE || byte === BRACKET_CLOSE) {
      if (depth === 0) return end;
      if (--depth === 0) return end + 1;
    } else if (byte === COMMA && depth === 0) return end;
    end++;
  }
  return end;
}
