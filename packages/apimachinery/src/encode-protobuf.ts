/**
 * API objects as Kubernetes' protobuf. Objects are in their JSON form on this side: the schema knows what Go's structs
 * look like, so the bytes are those that Go would write.
 *
 * Mirrors: staging/src/k8s.io/api/.../generated.pb.go, apimachinery/pkg/runtime/serializer/protobuf (v1.36)
 */
import { parseDuration } from './duration.ts';
import { layoutOf, wireOf } from './proto-layout.ts';
import { ProtoWriter, WIRE_BYTES, WIRE_VARINT } from './proto-wire.ts';
import type { Field, ListSchema, MapSchema, ObjectSchema, ScalarSchema, Schema } from './schema.ts';
import { parseTime } from './time.ts';

type Struct = Readonly<Record<string, unknown>>;

const textEncoder = new TextEncoder();

/** The message of an object, without the envelope. The bytes are the caller's. */
export function encodeProtobuf(schema: ObjectSchema, object: object): Uint8Array {
  const writer = new ProtoWriter();
  writeStruct(writer, schema, object as Struct);
  return writer.finish();
}

function writeStruct(writer: ProtoWriter, schema: ObjectSchema, object: Struct): void {
  for (const slot of layoutOf(schema).slots) {
    if ('inline' in slot) writer.tag(slot.number, WIRE_BYTES).delimited(() => writeStruct(writer, slot.inline, object));
    else writeField(writer, slot.number, slot.field, object[slot.field.name]);
  }
}

/** Go leaves out what is nil: pointers, lists, maps and bytes. Everything else is written, zero or not. */
function writeField(writer: ProtoWriter, number: number, { schema, pointer }: Field, value: unknown): void {
  const isAbsent = value === undefined || value === null;
  if (isAbsent && pointer) return;
  switch (schema.type) {
    case 'object':
      writer.tag(number, WIRE_BYTES).delimited(() => writeStruct(writer, schema, (value ?? {}) as Struct));
      return;
    case 'list':
      if (isAbsent) return;
      writeList(writer, number, schema, value as readonly unknown[]);
      return;
    case 'map':
      if (!isAbsent) writeMap(writer, number, schema, value as Struct);
      return;
    case 'scalar':
      if (isAbsent && schema.format === 'bytes') return;
      writeScalar(writer.tag(number, wireOf(schema)), schema, value ?? undefined);
  }
}

function writeList(writer: ProtoWriter, number: number, schema: ListSchema, items: readonly unknown[]): void {
  if (schema.protoMessage) {
    const { protoMessage: _, ...plain } = schema;
    writer.tag(number, WIRE_BYTES).delimited(() => writeList(writer, 1, plain, items));
    return;
  }
  for (const item of items) writeElement(writer, number, schema.items, item);
}

function writeMap(writer: ProtoWriter, number: number, schema: MapSchema, map: Struct): void {
  for (const key of Object.keys(map).sort()) {
    writer.tag(number, WIRE_BYTES).delimited(() => {
      writer.tag(1, WIRE_BYTES).string(key);
      writeElement(writer, 2, schema.values, map[key]);
    });
  }
}

/** An element of a list or a value of a map: always written. */
function writeElement(writer: ProtoWriter, number: number, schema: Schema, value: unknown): void {
  if (schema.type === 'object') {
    writer.tag(number, WIRE_BYTES).delimited(() => writeStruct(writer, schema, (value ?? {}) as Struct));
  } else if (schema.type === 'list') writeList(writer, number, schema, (value ?? []) as readonly unknown[]);
  else if (schema.type === 'map') writeMap(writer, number, schema, (value ?? {}) as Struct);
  else writeScalar(writer.tag(number, wireOf(schema)), schema, value ?? undefined);
}

/** `undefined` is Go's zero value. */
function writeScalar(writer: ProtoWriter, schema: ScalarSchema, value: unknown): void {
  switch (schema.format) {
    case 'string':
      writer.string((value as string | undefined) ?? '');
      return;
    case 'boolean':
      writer.uint32(value ? 1 : 0);
      return;
    case 'int32':
    case 'int64':
      writer.varint((value as number | undefined) ?? 0);
      return;
    case 'double':
      writer.double((value as number | undefined) ?? 0);
      return;
    case 'bytes':
      writer.bytes(Buffer.from(value as string, 'base64'));
      return;
    case 'time':
    case 'microTime':
      writer.delimited(() => writeTime(writer, value as string | undefined, schema.format === 'microTime'));
      return;
    case 'duration':
      writer.delimited(() => writer.tag(1, WIRE_VARINT).varint64(parseDuration((value as string | undefined) ?? '0s')));
      return;
    case 'quantity':
      writer.delimited(() => writer.tag(1, WIRE_BYTES).string(value === undefined ? '0' : String(value as string)));
      return;
    case 'intOrString':
      writer.delimited(() => writeIntOrString(writer, value));
      return;
    case 'jsonObject':
    case 'json':
      writer.delimited(() => writeJson(writer, schema, value));
  }
}

/** The zero time is an empty message. */
function writeTime(writer: ProtoWriter, text: string | undefined, withMicros: boolean): void {
  if (text === undefined) return;
  const ms = parseTime(text);
  const seconds = Math.floor(ms / 1000);
  writer.tag(1, WIRE_VARINT).varint(seconds);
  writer.tag(2, WIRE_VARINT).varint(withMicros ? nanosOf(text) : 0);
}

/** The fraction of an RFC 3339 time, exactly: milliseconds would lose the microseconds. */
function nanosOf(text: string): number {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  return Number(fraction.slice(0, 6).padEnd(6, '0')) * 1000;
}

function writeIntOrString(writer: ProtoWriter, value: unknown): void {
  const isString = typeof value === 'string';
  writer.tag(1, WIRE_VARINT).uint32(isString ? 1 : 0);
  writer.tag(2, WIRE_VARINT).varint(isString ? 0 : ((value as number | undefined) ?? 0));
  writer.tag(3, WIRE_BYTES).string(isString ? value : '');
}

/** Free JSON travels as its text; a schema or something simpler, as the one that it is. */
function writeJson(writer: ProtoWriter, schema: ScalarSchema, value: unknown): void {
  if (value === undefined) return;
  const { either } = schema;
  if (!either) writer.tag(1, WIRE_BYTES).bytes(textEncoder.encode(JSON.stringify(value)));
  else if (either.or === 'boolean') {
    writer.tag(1, WIRE_VARINT).uint32(value === false ? 0 : 1);
    if (typeof value !== 'boolean')
      writer.tag(2, WIRE_BYTES).delimited(() => writeStruct(writer, either.schema, value as Struct));
  } else if (!Array.isArray(value)) {
    writer.tag(1, WIRE_BYTES).delimited(() => writeStruct(writer, either.schema, value as Struct));
  } else if (either.or === 'strings')
    for (const text of value as readonly string[]) writer.tag(2, WIRE_BYTES).string(text);
  else {
    for (const item of value as readonly Struct[]) {
      writer.tag(2, WIRE_BYTES).delimited(() => writeStruct(writer, either.schema, item));
    }
  }
}
