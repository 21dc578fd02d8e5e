/**
 * Messages of a proto3 file to and from bytes, by its facts. Objects have camelCase fields; what proto3 leaves out is
 * filled in with its default on reading, so readers need no checks.
 */
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

/** Messages, fields and numbers of a proto3 file. */
export interface ProtoFacts {
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

/** Reads and writes the messages of one proto3 file. */
export class ProtoCodec {
  readonly #facts: ProtoFacts;
  readonly #enumNames: ReadonlyMap<string, ReadonlyMap<number, string>>;
  readonly #fieldsOf = new Map<string, readonly Field[]>();
  readonly #single = new Map<string, ReadonlyMap<string, Method>>();
  readonly #streams = new Map<string, ReadonlyMap<string, Method>>();
  readonly #byNumber = new Map<string, ReadonlyMap<number, Field>>();

  constructor(facts: ProtoFacts) {
    this.#facts = facts;
    this.#enumNames = new Map(
      Object.entries(facts.enums).map(([name, values]) => [
        name,
        new Map(Object.entries(values).map(([text, n]) => [n, text])),
      ]),
    );
  }

  /** The methods of a service by camelCase name: those with one answer. */
  methodsOf(service: string): ReadonlyMap<string, Method> {
    return this.#single.getOrInsertComputed(service, () => this.#methods(service, false));
  }

  /** Those with a stream of answers. */
  streamsOf(service: string): ReadonlyMap<string, Method> {
    return this.#streams.getOrInsertComputed(service, () => this.#methods(service, true));
  }

  #methods(service: string, streams: boolean): ReadonlyMap<string, Method> {
    return new Map(
      Object.entries(this.#facts.services[service]!)
        .filter(([, rpc]) => (rpc.serverStream ?? false) === streams)
        .map(([name, rpc]) => [
          name.charAt(0).toLowerCase() + name.slice(1),
          { path: `/${this.#facts.package}.${service}/${name}`, request: rpc.req, response: rpc.res },
        ]),
    );
  }

  encode(type: string, message: Message): Uint8Array {
    const writer = new ProtoWriter();
    this.#writeMessage(writer, type, message);
    return writer.finish();
  }

  /** Throws ProtoError. Unknown fields are left out. */
  decode(type: string, bytes: Uint8Array): Message {
    return this.#readMessage(new ProtoReader(bytes), type, 0);
  }

  #writeMessage(writer: ProtoWriter, type: string, message: Message): void {
    for (const field of this.#fields(type)) {
      const value = message[field.name];
      if (value === undefined) continue;
      if (field.map) this.#writeMap(writer, field, value as Message);
      else if (field.repeated) this.#writeRepeated(writer, field, value as readonly unknown[]);
      else if (field.kind === 'message') {
        writer.tag(field.number, WIRE_BYTES).delimited(() => this.#writeMessage(writer, field.type, value as Message));
      } else if (!this.#isDefault(field, value))
        this.#writeScalar(writer.tag(field.number, wireOf(field)), field, value);
    }
  }

  #writeRepeated(writer: ProtoWriter, field: Field, values: readonly unknown[]): void {
    if (values.length === 0) return;
    if (wireOf(field) === WIRE_BYTES) {
      for (const value of values) {
        writer.tag(field.number, WIRE_BYTES);
        if (field.kind === 'message') writer.delimited(() => this.#writeMessage(writer, field.type, value as Message));
        else this.#writeScalar(writer, field, value);
      }
      return;
    }
    // Numbers are packed.
    writer.tag(field.number, WIRE_BYTES).delimited(() => {
      for (const value of values) this.#writeScalar(writer, field, value);
    });
  }

  #writeMap(writer: ProtoWriter, field: Field, map: Message): void {
    const [keyType, valueType] = field.map!;
    for (const [key, value] of Object.entries(map)) {
      writer.tag(field.number, WIRE_BYTES).delimited(() => {
        this.#writeScalar(writer.tag(1, WIRE_BYTES), this.#scalarField(keyType), key);
        const inner = this.#scalarField(valueType);
        if (inner.kind === 'message') {
          writer.tag(2, WIRE_BYTES).delimited(() => this.#writeMessage(writer, valueType, value as Message));
        } else this.#writeScalar(writer.tag(2, wireOf(inner)), inner, value);
      });
    }
  }

  #writeScalar(writer: ProtoWriter, field: Field, value: unknown): void {
    if (field.kind === 'enum') writer.varint(this.#facts.enums[field.type]![value as string]!);
    else if (field.type === 'string') writer.string(value as string);
    else if (field.type === 'bytes') writer.bytes(value as Uint8Array);
    else if (field.type === 'bool') writer.uint32(value ? 1 : 0);
    else if (field.type === 'double') writer.double(value as number);
    else writer.varint(Math.trunc(value as number));
  }

  #readMessage(reader: ProtoReader, type: string, depth: number): Message {
    if (depth > PROTO_DEPTH_MAX) throw new ProtoError('messages are nested too deeply');
    const message: Record<string, unknown> = {};
    for (const field of this.#fields(type)) {
      if (field.map) message[field.name] = {};
      else if (field.repeated) message[field.name] = [];
      else if (field.kind !== 'message') message[field.name] = this.#defaultOf(field);
    }
    const numbers = this.#byNumber.get(type)!;
    while (!reader.isAtEnd) {
      const { field: number, wire } = reader.tag();
      const field = numbers.get(number);
      if (!field) reader.skip(wire);
      else if (field.map)
        this.#readMapEntry(reader.message(), field, message[field.name] as Record<string, unknown>, depth);
      else if (field.repeated) this.#readRepeated(reader, field, wire, message[field.name] as unknown[], depth);
      else message[field.name] = this.#readValue(reader, field, depth);
    }
    return message;
  }

  #readRepeated(reader: ProtoReader, field: Field, wire: number, into: unknown[], depth: number): void {
    if (wire !== WIRE_BYTES || wireOf(field) === WIRE_BYTES) {
      into.push(this.#readValue(reader, field, depth));
      return;
    }
    const packed = reader.message();
    while (!packed.isAtEnd) into.push(this.#readValue(packed, field, depth));
  }

  #readMapEntry(reader: ProtoReader, field: Field, into: Record<string, unknown>, depth: number): void {
    const [keyType, valueType] = field.map!;
    const valueField = this.#scalarField(valueType);
    let key: unknown = '';
    let value: unknown =
      valueField.kind === 'message'
        ? this.#readMessage(new ProtoReader(new Uint8Array()), valueType, depth)
        : this.#defaultOf(valueField);
    while (!reader.isAtEnd) {
      const { field: number, wire } = reader.tag();
      if (number === 1) key = this.#readValue(reader, this.#scalarField(keyType), depth);
      else if (number === 2) value = this.#readValue(reader, valueField, depth);
      else reader.skip(wire);
    }
    into[String(key)] = value;
  }

  #readValue(reader: ProtoReader, field: Field, depth: number): unknown {
    if (field.kind === 'message') return this.#readMessage(reader.message(), field.type, depth + 1);
    if (field.kind === 'enum') return this.#enumNames.get(field.type)!.get(reader.int32()) ?? this.#defaultOf(field);
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

  #fields(type: string): readonly Field[] {
    const known = this.#fieldsOf.get(type);
    if (known) return known;
    const list = Object.entries(this.#facts.messages[type]!.fields).map(([name, field]) => ({
      ...this.#scalarField(field.type ?? ''),
      name: camelCase(name),
      number: field.n,
      repeated: field.repeated ?? false,
      map: field.map,
      ...(field.map ? { kind: 'map' as const } : {}),
    }));
    this.#fieldsOf.set(type, list);
    this.#byNumber.set(type, new Map(list.map((field) => [field.number, field])));
    return list;
  }

  /** A field of the type on its own: an element, or a side of a map. */
  #scalarField(type: string): Field {
    const kind = type in this.#facts.enums ? 'enum' : type in this.#facts.messages ? 'message' : 'scalar';
    return { name: '', number: 0, type, kind, repeated: false, map: undefined };
  }

  #defaultOf(field: Field): unknown {
    if (field.kind === 'enum') return this.#enumNames.get(field.type)!.get(0);
    if (field.type === 'string') return '';
    if (field.type === 'bytes') return new Uint8Array();
    return field.type === 'bool' ? false : 0;
  }

  #isDefault(field: Field, value: unknown): boolean {
    return field.type === 'bytes' ? (value as Uint8Array).length === 0 : value === this.#defaultOf(field);
  }
}

function wireOf(field: Field): number {
  if (field.kind === 'message' || field.type === 'string' || field.type === 'bytes') return WIRE_BYTES;
  return field.type === 'double' ? WIRE_FIXED64 : WIRE_VARINT;
}

/** As the generated types spell it. */
function camelCase(name: string): string {
  const spelled = name.charAt(0).toLowerCase() + name.slice(1);
  return spelled.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
