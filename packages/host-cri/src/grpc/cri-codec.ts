/**
 * CRI messages to and from bytes, by the facts of the proto. Objects have camelCase fields; what proto3 leaves out is
 * filled in with its default on reading, so readers need no checks.
 */
import { readFileSync } from 'node:fs';

import {
  PROTO_DEPTH_MAX,
  ProtoError,
  ProtoReader,
  ProtoWriter,
  WIRE_BYTES,
  WIRE_FIXED64,
  WIRE_VARINT,
} from '@kts/apimachinery';

type Message = Readonly<Record<string, unknown>>;

interface FieldFacts {
  readonly n: number;
  readonly type?: string;
  readonly map?: readonly [string, string];
  readonly repeated?: boolean;
  readonly enum?: boolean;
}

interface CriFacts {
  readonly package: string;
  readonly services: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly req: string; readonly res: string; readonly serverStream?: boolean }>>
    >
  >;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly messages: Readonly<Record<string, { readonly fields: Readonly<Record<string, FieldFacts>> }>>;
}

interface Field {
  readonly name: string;
  readonly number: number;
  /** A scalar's type, or of a message field its type. */
  readonly type: string;
  readonly kind: 'scalar' | 'enum' | 'message' | 'map';
  readonly repeated: boolean;
  readonly map: readonly [string, string] | undefined;
}

export interface Method {
  readonly path: string;
  readonly request: string;
  readonly response: string;
}

const facts = JSON.parse(readFileSync(new URL('../../facts/cri.json', import.meta.url), 'utf8')) as CriFacts;
const fieldsOf = new Map<string, readonly Field[]>();
const byNumber = new Map<string, ReadonlyMap<number, Field>>();
const enumNames = new Map(
  Object.entries(facts.enums).map(([name, values]) => [
    name,
    new Map(Object.entries(values).map(([text, n]) => [n, text])),
  ]),
);

/** The unary methods of a service by camelCase name. */
export function methodsOf(service: 'RuntimeService' | 'ImageService'): ReadonlyMap<string, Method> {
  return new Map(
    Object.entries(facts.services[service]!)
      .filter(([, rpc]) => !rpc.serverStream)
      .map(([name, rpc]) => [
        name.charAt(0).toLowerCase() + name.slice(1),
        { path: `/${facts.package}.${service}/${name}`, request: rpc.req, response: rpc.res },
      ]),
  );
}

export function encodeMessage(type: string, message: Message): Uint8Array {
  const writer = new ProtoWriter();
  writeMessage(writer, type, message);
  return writer.finish();
}

/** Throws ProtoError. Unknown fields are left out. */
export function decodeMessage(type: string, bytes: Uint8Array): Message {
  return readMessage(new ProtoReader(bytes), type, 0);
}

function writeMessage(writer: ProtoWriter, type: string, message: Message): void {
  for (const field of fields(type)) {
    const value = message[field.name];
    if (value === undefined) continue;
    if (field.map) writeMap(writer, field, value as Message);
    else if (field.repeated) writeRepeated(writer, field, value as readonly unknown[]);
    else if (field.kind === 'message') {
      writer.tag(field.number, WIRE_BYTES).delimited(() => writeMessage(writer, field.type, value as Message));
    } else if (!isDefault(field, value)) writeScalar(writer.tag(field.number, wireOf(field)), field, value);
  }
}

function writeRepeated(writer: ProtoWriter, field: Field, values: readonly unknown[]): void {
  if (values.length === 0) return;
  if (wireOf(field) === WIRE_BYTES) {
    for (const value of values) {
      writer.tag(field.number, WIRE_BYTES);
      if (field.kind === 'message') writer.delimited(() => writeMessage(writer, field.type, value as Message));
      else writeScalar(writer, field, value);
    }
    return;
  }
  // Numbers are packed.
  writer.tag(field.number, WIRE_BYTES).delimited(() => {
    for (const value of values) writeScalar(writer, field, value);
  });
}

function writeMap(writer: ProtoWriter, field: Field, map: Message): void {
  const [keyType, valueType] = field.map!;
  for (const [key, value] of Object.entries(map)) {
    writer.tag(field.number, WIRE_BYTES).delimited(() => {
      writeScalar(writer.tag(1, WIRE_BYTES), scalarField(keyType), key);
      const inner = scalarField(valueType);
      if (inner.kind === 'message') {
        writer.tag(2, WIRE_BYTES).delimited(() => writeMessage(writer, valueType, value as Message));
      } else writeScalar(writer.tag(2, wireOf(inner)), inner, value);
    });
  }
}

function writeScalar(writer: ProtoWriter, field: Field, value: unknown): void {
  if (field.kind === 'enum') writer.varint(facts.enums[field.type]![value as string]!);
  else if (field.type === 'string') writer.string(value as string);
  else if (field.type === 'bytes') writer.bytes(value as Uint8Array);
  else if (field.type === 'bool') writer.uint32(value ? 1 : 0);
  else if (field.type === 'double') writer.double(value as number);
  else writer.varint(Math.trunc(value as number));
}

function readMessage(reader: ProtoReader, type: string, depth: number): Message {
  if (depth > PROTO_DEPTH_MAX) throw new ProtoError('messages are nested too deeply');
  const message: Record<string, unknown> = {};
  for (const field of fields(type)) {
    if (field.map) message[field.name] = {};
    else if (field.repeated) message[field.name] = [];
    else if (field.kind !== 'message') message[field.name] = defaultOf(field);
  }
  const numbers = byNumber.get(type)!;
  while (!reader.isAtEnd) {
    const { field: number, wire } = reader.tag();
    const field = numbers.get(number);
    if (!field) reader.skip(wire);
    else if (field.map) readMapEntry(reader.message(), field, message[field.name] as Record<string, unknown>, depth);
    else if (field.repeated) readRepeated(reader, field, wire, message[field.name] as unknown[], depth);
    else message[field.name] = readValue(reader, field, depth);
  }
  return message;
}

function readRepeated(reader: ProtoReader, field: Field, wire: number, into: unknown[], depth: number): void {
  if (wire !== WIRE_BYTES || wireOf(field) === WIRE_BYTES) {
    into.push(readValue(reader, field, depth));
    return;
  }
  const packed = reader.message();
  while (!packed.isAtEnd) into.push(readValue(packed, field, depth));
}

function readMapEntry(reader: ProtoReader, field: Field, into: Record<string, unknown>, depth: number): void {
  const [keyType, valueType] = field.map!;
  const valueField = scalarField(valueType);
  let key: unknown = '';
  let value: unknown =
    valueField.kind === 'message'
      ? readMessage(new ProtoReader(new Uint8Array()), valueType, depth)
      : defaultOf(valueField);
  while (!reader.isAtEnd) {
    const { field: number, wire } = reader.tag();
    if (number === 1) key = readValue(reader, scalarField(keyType), depth);
    else if (number === 2) value = readValue(reader, valueField, depth);
    else reader.skip(wire);
  }
  into[String(key)] = value;
}

function readValue(reader: ProtoReader, field: Field, depth: number): unknown {
  if (field.kind === 'message') return readMessage(reader.message(), field.type, depth + 1);
  if (field.kind === 'enum') return enumNames.get(field.type)!.get(reader.int32()) ?? defaultOf(field);
  switch (field.type) {
    case 'string':
      return reader.string();
    case 'bytes':
      return reader.bytes().slice();
    case 'bool':
      return reader.uint32() !== 0;
    case 'double':
      return reader.double();
    case 'int32':
      return reader.int32();
    case 'uint32':
      return reader.uint32();
    case 'uint64':
      return reader.uint64();
    default:
      return reader.int64();
  }
}

function fields(type: string): readonly Field[] {
  const known = fieldsOf.get(type);
  if (known) return known;
  const list = Object.entries(facts.messages[type]!.fields).map(([name, field]) => ({
    ...scalarField(field.type ?? ''),
    name: camelCase(name),
    number: field.n,
    repeated: field.repeated ?? false,
    map: field.map,
    ...(field.map ? { kind: 'map' as const } : {}),
  }));
  fieldsOf.set(type, list);
  byNumber.set(type, new Map(list.map((field) => [field.number, field])));
  return list;
}

/** A field of the type on its own: an element, or a side of a map. */
function scalarField(type: string): Field {
  const kind = type in facts.enums ? 'enum' : type in facts.messages ? 'message' : 'scalar';
  return { name: '', number: 0, type, kind, repeated: false, map: undefined };
}

function wireOf(field: Field): number {
  if (field.kind === 'message' || field.type === 'string' || field.type === 'bytes') return WIRE_BYTES;
  return field.type === 'double' ? WIRE_FIXED64 : WIRE_VARINT;
}

function defaultOf(field: Field): unknown {
  if (field.kind === 'enum') return enumNames.get(field.type)!.get(0);
  if (field.type === 'string') return '';
  if (field.type === 'bytes') return new Uint8Array();
  return field.type === 'bool' ? false : 0;
}

function isDefault(field: Field, value: unknown): boolean {
  return field.type === 'bytes' ? (value as Uint8Array).length === 0 : value === defaultOf(field);
}

/** As the generated types spell it. */
function camelCase(name: string): string {
  const spelled = name.charAt(0).toLowerCase() + name.slice(1);
  return spelled.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
