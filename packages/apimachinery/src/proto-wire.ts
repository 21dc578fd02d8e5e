/**
 * Protobuf's wire format: tags, varints and length-delimited parts. What the fields mean is up to the callers: the
 * codec of API objects, and that of the container runtime interface.
 */

export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
export const WIRE_FIXED32 = 5;

const INITIAL_BYTES = 1024;
/** Deeper messages are refused: nothing of ours is, and a stack is finite. */
export const PROTO_DEPTH_MAX = 100;

/** The bytes are no protobuf message. */
export class ProtoError extends Error {
  override readonly name = 'ProtoError';
}

export class ProtoWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #length = 0;

  /** The message so far; a view that is valid until the next write. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  tag(field: number, wire: number): this {
    return this.uint32((field << 3) | wire);
  }

  uint32(value: number): this {
    this.#reserve(5);
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** int32 and int64 of any safe integer; negative numbers take ten bytes. */
  varint(value: number): this {
    if (value >= 0 && value <= 0xffffffff) return this.uint32(value);
    return this.varint64(BigInt(value));
  }

  varint64(value: bigint): this {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
    return this;
  }

  double(value: number): this {
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.uint32(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  string(value: string): this {
    const length = Buffer.byteLength(value);
    this.uint32(length);
    this.#reserve(length);
    Buffer.from(this.#bytes.buffer).write(value, this.#length);
    this.#length += length;
    return this;
  }

  /** A length-delimited part whose length is known only once `write` has written it. */
  delimited(write: () => void): this {
    const start = this.#length;
    // Most messages are shorter than 128 bytes: keep one byte for the length, and move the part if it needs more.
    this.#reserve(1);
    this.#length++;
    write();
    const length = this.#length - start - 1;
    if (length < 0x80) {
      this.#bytes[start] = length;
      return this;
    }
    const extra = varintBytes(length) - 1;
    this.#reserve(extra);
    this.#bytes.copyWithin(start + 1 + extra, start + 1, this.#length);
    const end = this.#length + extra;
    this.#length = start;
    this.uint32(length);
    this.#length = end;
    return this;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Reads one message. Every method throws ProtoError where the bytes end too early. */
export class ProtoReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#end;
  }

  /** The next field's number and wire type. */
  tag(): { readonly field: number; readonly wire: number } {
    const tag = this.uint32();
    return { field: tag >>> 3, wire: tag & 7 };
  }

  uint32(): number {
    return this.#short() ?? Number(BigInt.asUintN(32, this.varint64()));
  }

  int32(): number {
    return this.#short() ?? Number(BigInt.asIntN(32, this.varint64()));
  }

  /** Beyond 2^53 the nearest number. */
  int64(): number {
    return this.#short() ?? Number(BigInt.asIntN(64, this.varint64()));
  }

  uint64(): number {
    return this.#short() ?? Number(this.varint64());
  }

  varint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtoError('varint is longer than ten bytes');
  }

  double(): number {
    const start = this.#take(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + start, 8).getFloat64(0, true);
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const length = this.uint32();
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  string(): string {
    const view = this.bytes();
    return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('utf8');
  }

  /** A reader of the length-delimited part that comes next. */
  message(): ProtoReader {
    const length = this.uint32();
    const start = this.#take(length);
    return new ProtoReader(this.#bytes, start, start + length);
  }

  /** Skips the value of an unknown field. */
  skip(wire: number): void {
    if (wire === WIRE_VARINT) this.varint64();
    else if (wire === WIRE_FIXED64) this.#take(8);
    else if (wire === WIRE_BYTES) this.#take(this.uint32());
    else if (wire === WIRE_FIXED32) this.#take(4);
    else throw new ProtoError(`unknown wire type ${wire}`);
  }

  /** A varint of at most four bytes, as nearly all are: no big integers for those. Undefined, and nothing read, for others. */
  #short(): number | undefined {
    let value = 0;
    for (let i = 0, shift = 0; i < 4 && this.#position + i < this.#end; i++, shift += 7) {
      const byte = this.#bytes[this.#position + i]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#position += i + 1;
        return value;
      }
    }
    return undefined;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  #take(count: number): number {
    const start = this.#position;
    if (start + count > this.#end) throw new ProtoError('unexpected end of message');
    this.#position = start + count;
    return start;
  }
}

function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) count++;
  return count;
}
