/**
 * API objects as Kubernetes' protobuf. Objects are in their JSON form on this side: the schema knows what Go's structs
 * look like, so the bytes are those that Go would write, and reading gives the JSON that Go would write.
 *
 * Mirrors: staging/src/k8s.io/api/.../generated.pb.go, apimachinery/pkg/runtime/serializer/protobuf (v1.36)
 */
import { formatDuration, parseDuration } from './duration.ts';
import {
  PROTO_DEPTH_MAX,
  ProtoError,
  ProtoReader,
  ProtoWriter,
  WIRE_BYTES,
  WIRE_FIXED64,
  WIRE_VARINT,
} from './proto-wire.ts';
import type { Field, ListSchema, MapSchema, ObjectSchema, ScalarSchema, Schema } from './schema.ts';
import { parseTime } from './time.ts';

type Struct = Readonly<Record<string, unknown>>;

/** What one field number of a message leads to: a field, or an inlined struct that is a message of its own. */
type Slot = { readonly number: number } & ({ readonly field: Field } | { readonly inline: ObjectSchema });

interface Layout {
  readonly slots: readonly Slot[];
  readonly byNumber: ReadonlyMap<number, Slot>;
}

const layouts = new WeakMap<ObjectSchema, Layout>();
const textEncoder = new TextEncoder();

/** The message of an object, without the envelope. The bytes are the caller's. */
export function encodeProtobuf(schema: ObjectSchema, object: object): Uint8Array {
  const writer = new ProtoWriter();
  writeStruct(writer, schema, object as Struct);
  return writer.finish();
}

/** The JSON form of a message, without kind and apiVersion. Throws ProtoError. */
export function decodeProtobuf(schema: ObjectSchema, bytes: Uint8Array): Record<string, unknown> {
  return readStruct(new ProtoReader(bytes), schema, 0);
}

function layoutOf(schema: ObjectSchema): Layout {
  const known = layouts.get(schema);
  if (known) return known;
  const slots: Slot[] = [];
  for (const { number, field, inline } of schema.members) {
    if (number === undefined) continue;
    if (inline) slots.push({ number, inline });
    else if (field) slots.push({ number, field });
  }
  slots.sort((a, b) => a.number - b.number);
  const layout = { slots, byNumber: new Map(slots.map((slot) => [slot.number, slot])) };
  layouts.set(schema, layout);
  return layout;
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

function wireOf({ format }: ScalarSchema): number {
  if (format === 'boolean' || format === 'int32' || format === 'int64') return WIRE_VARINT;
  return format === 'double' ? WIRE_FIXED64 : WIRE_BYTES;
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

function readStruct(reader: ProtoReader, schema: ObjectSchema, depth: number): Record<string, unknown> {
  const found = new Map<string, unknown>();
  collect(reader, schema, found, depth);
  return finish(schema, found);
}

/** Reads the fields of a message, and of the messages of structs that are inlined in JSON. */
function collect(reader: ProtoReader, schema: ObjectSchema, found: Map<string, unknown>, depth: number): void {
  if (depth > PROTO_DEPTH_MAX) throw new ProtoError('messages are nested too deeply');
  const { byNumber } = layoutOf(schema);
  while (!reader.isAtEnd) {
    const { field: number, wire } = reader.tag();
    const slot = byNumber.get(number);
    if (!slot) reader.skip(wire);
    else if ('inline' in slot) collect(reader.message(), slot.inline, found, depth + 1);
    else {
      const { name, schema: inner } = slot.field;
      found.set(name, readInto(reader, wire, inner, found.get(name), depth));
    }
  }
}

/** The value of one occurrence of a field; lists and maps grow with each. */
function readInto(reader: ProtoReader, wire: number, schema: Schema, before: unknown, depth: number): unknown {
  if (schema.type === 'object') return readStruct(reader.message(), schema, depth + 1);
  if (schema.type === 'scalar') return readScalar(reader, schema, depth);
  if (schema.type === 'map') {
    const map = (before as Record<string, unknown> | undefined) ?? {};
    readMapEntry(reader.message(), schema, map, depth);
    return map;
  }
  if (schema.protoMessage) {
    const { protoMessage: _, ...plain } = schema;
    let list: unknown = [];
    const inner = reader.message();
    while (!inner.isAtEnd) list = readInto(inner, inner.tag().wire, plain, list, depth + 1);
    return list;
  }
  const list = (before as unknown[] | undefined) ?? [];
  const isPacked = wire === WIRE_BYTES && schema.items.type === 'scalar' && wireOf(schema.items) !== WIRE_BYTES;
  if (!isPacked) list.push(readInto(reader, wire, schema.items, undefined, depth));
  else {
    const packed = reader.message();
    while (!packed.isAtEnd) list.push(readScalar(packed, schema.items as ScalarSchema, depth));
  }
  return list;
}

function readMapEntry(reader: ProtoReader, schema: MapSchema, map: Record<string, unknown>, depth: number): void {
  let key = '';
  let value: unknown;
  while (!reader.isAtEnd) {
    const { field, wire } = reader.tag();
    if (field === 1) key = reader.string();
    else if (field === 2) value = readInto(reader, wire, schema.values, value, depth + 1);
    else reader.skip(wire);
  }
  map[key] = value ?? zeroOf(schema.values);
}

function readScalar(reader: ProtoReader, schema: ScalarSchema, depth: number): unknown {
  switch (schema.format) {
    case 'string':
      return reader.string();
    case 'boolean':
      return reader.uint32() !== 0;
    case 'int32':
      return reader.int32();
    case 'int64':
      return reader.int64();
    case 'double':
      return reader.double();
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'time':
    case 'microTime':
      return readTime(reader.message(), schema.format === 'microTime');
    case 'duration':
      return readDuration(reader.message());
    case 'quantity':
      return readText(reader.message(), 1) ?? '0';
    case 'intOrString':
      return readIntOrString(reader.message());
    case 'jsonObject':
    case 'json':
      return readJson(reader.message(), schema, depth + 1);
  }
}

/** `null` for the zero time, which Go writes so. */
function readTime(reader: ProtoReader, withMicros: boolean): string | null {
  if (reader.isAtEnd) return null;
  let seconds = 0;
  let nanos = 0;
  while (!reader.isAtEnd) {
    const { field, wire } = reader.tag();
    if (field === 1) seconds = reader.int64();
    else if (field === 2) nanos = reader.int32();
    else reader.skip(wire);
  }
  const instant = Temporal.Instant.fromEpochMilliseconds(seconds * 1000);
  const text = instant.toString({ fractionalSecondDigits: 0 }).slice(0, -1);
  return withMicros ? `${text}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${text}Z`;
}

function readDuration(reader: ProtoReader): string {
  let nanos = 0n;
  while (!reader.isAtEnd) {
    const { field, wire } = reader.tag();
    if (field === 1) nanos = BigInt.asIntN(64, reader.varint64());
    else reader.skip(wire);
  }
  return formatDuration(nanos);
}

function readText(reader: ProtoReader, number: number): string | undefined {
  let text: string | undefined;
  while (!reader.isAtEnd) {
    const { field, wire } = reader.tag();
    if (field === number) text = reader.string();
    else reader.skip(wire);
  }
  return text;
}

function readIntOrString(reader: ProtoReader): number | string {
  let type = 0;
  let number = 0;
  let text = '';
  while (!reader.isAtEnd) {
    const { field, wire } = reader.tag();
    if (field === 1) type = reader.int32();
    else if (field === 2) number = reader.int32();
    else if (field === 3) text = reader.string();
    else reader.skip(wire);
  }
  return type === 1 ? text : number;
}

function readJson(reader: ProtoReader, { either }: ScalarSchema, depth: number): unknown {
  let value: unknown;
  let allows: boolean | undefined;
  while (!reader.isAtEnd) {
    const { field, wire } = reader.tag();
    if (!either && field === 1) value = parseRaw(reader.bytes());
    else if (either?.or === 'boolean' && field === 1) allows = reader.uint32() !== 0;
    else if (either?.or === 'boolean' && field === 2) value = readStruct(reader.message(), either.schema, depth + 1);
    else if (either && field === 1) value = readStruct(reader.message(), either.schema, depth + 1);
    else if (either && field === 2) {
      const item = either.or === 'strings' ? reader.string() : readStruct(reader.message(), either.schema, depth + 1);
      value = [...((value as readonly unknown[] | undefined) ?? []), item];
    } else reader.skip(wire);
  }
  return value ?? allows ?? null;
}

function parseRaw(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as unknown;
  } catch (cause) {
    throw new ProtoError(`raw JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The fields in the order of Go's JSON, with what Go would write for those that were not there. */
function finish(schema: ObjectSchema, found: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const field of schema.fields.values()) {
    if (!layoutNames(schema).has(field.name)) continue;
    const value = found.get(field.name) ?? (field.pointer ? undefined : zeroOf(field.schema));
    if (value === undefined || (field.omitempty && !field.pointer && isEmpty(value))) continue;
    object[field.name] = value;
  }
  return object;
}

const names = new WeakMap<ObjectSchema, ReadonlySet<string>>();

/** The JSON fields that protobuf carries: kind and apiVersion are in the envelope instead. */
function layoutNames(schema: ObjectSchema): ReadonlySet<string> {
  const known = names.get(schema);
  if (known) return known;
  const all = new Set(
    layoutOf(schema).slots.flatMap((slot) => ('inline' in slot ? [...layoutNames(slot.inline)] : [slot.field.name])),
  );
  names.set(schema, all);
  return all;
}

/** Go's zero value in JSON. */
function zeroOf(schema: Schema): unknown {
  if (schema.type === 'object') return finish(schema, new Map());
  if (schema.type !== 'scalar') return null;
  switch (schema.format) {
    case 'string':
      return '';
    case 'boolean':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0;
    case 'duration':
      return '0s';
    case 'quantity':
      return '0';
    case 'bytes':
    case 'time':
    case 'microTime':
    case 'jsonObject':
    case 'json':
      return null;
  }
}

/** What `omitempty` and `omitzero` leave out. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === '' || value === false || value === 0 || value === '0s') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

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
