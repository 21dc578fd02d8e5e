/**
 * What stands around protobuf messages: the envelope that tells their kind, and the frames of a watch.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/protobuf (v1.36)
 */
import { ProtoError, ProtoReader, ProtoWriter, WIRE_BYTES } from './proto-wire.ts';

/** `k8s` and a zero byte stand before every protobuf object. */
const MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);

/** A message in its envelope (runtime.Unknown): its kind, and the bytes. */
export interface ProtobufEnvelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

export function wrapUnknown({ apiVersion, kind, raw }: ProtobufEnvelope): Uint8Array {
  const writer = new ProtoWriter();
  writer.tag(1, WIRE_BYTES).delimited(() => {
    writer.tag(1, WIRE_BYTES).string(apiVersion);
    writer.tag(2, WIRE_BYTES).string(kind);
  });
  writer.tag(2, WIRE_BYTES).bytes(raw);
  // contentEncoding and contentType: always empty, always written.
  writer.tag(3, WIRE_BYTES).string('').tag(4, WIRE_BYTES).string('');
  return Buffer.concat([MAGIC, writer.finish()]);
}

/** Throws ProtoError if the bytes are no envelope. */
export function unwrapUnknown(bytes: Uint8Array): ProtobufEnvelope {
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) {
    throw new ProtoError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  const reader = new ProtoReader(bytes, MAGIC.length);
  let apiVersion = '';
  let kind = '';
  let raw: Uint8Array = new Uint8Array();
  while (!reader.isAtEnd) {
    const { field, wire } = reader.tag();
    if (field === 2) raw = reader.bytes();
    else if (field === 1) {
      const type = reader.message();
      while (!type.isAtEnd) {
        const inner = type.tag();
        if (inner.field === 1) apiVersion = type.string();
        else if (inner.field === 2) kind = type.string();
        else type.skip(inner.wire);
      }
    } else reader.skip(wire);
  }
  return { apiVersion, kind, raw };
}

/** One event of a watch: its length in four bytes, then a WatchEvent whose object is in an envelope. */
export function protobufWatchFrame(type: string, envelope: Uint8Array): Uint8Array {
  const writer = new ProtoWriter();
  writer.tag(1, WIRE_BYTES).string(type);
  writer.tag(2, WIRE_BYTES).delimited(() => writer.tag(1, WIRE_BYTES).bytes(envelope));
  const message = writer.finish();
  const frame = new Uint8Array(4 + message.length);
  new DataView(frame.buffer).setUint32(0, message.length);
  frame.set(message, 4);
  return frame;
}
