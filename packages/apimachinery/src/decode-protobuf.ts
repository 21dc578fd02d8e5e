/**
 * API objects from Kubernetes' protobuf, in the JSON form that Go would write of them.
 *
 * Mirrors: staging/src/k8s.io/api/.../generated.pb.go, apimachinery/pkg/runtime/serializer/protobuf (v1.36)
 */
import { zeroScalar } from './decode-scalar.ts';
import { formatDuration } from './duration.ts';
import { layoutNames, layoutOf, wireOf } from './proto-layout.ts';
import { PROTO_DEPTH_MAX, ProtoError, ProtoReader, WIRE_BYTES } from './proto-wire.ts';
import type { MapSchema, ObjectSchema, ScalarSchema, Schema } from './schema.ts';

/** The JSON form of a message, without kind and apiVersion. Throws ProtoError. */
export function decodeProtobuf(schema: ObjectSchema, bytes: Uint8Array): Record<string, unknown> {
  return readStruct(new ProtoReader(bytes), schema, 0);
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

/** Go's zero value in JSON. */
function zeroOf(schema: Schema): unknown {
  if (schema.type === 'object') return finish(schema, new Map());
  return schema.type === 'scalar' ? zeroScalar(schema.format) : null;
}

/** What `omitempty` and `omitzero` leave out. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === '' || value === false || value === 0 || value === '0s') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
