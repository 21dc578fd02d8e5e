/**
 * Frames of SPDY/3.1 as a client of a container runtime's streaming server uses them. Pure, and free of the rest of the
 * kubelet.
 *
 * Mirrors: github.com/moby/spdystream (spdy/{read,write,types}.go), which is the other side
 * Differs: header blocks are stored instead of compressed, which every inflater understands and which needs no state;
 * header blocks of the other side are skipped, because answers say nothing in them that a client needs.
 */

export type SpdyFrame =
  | { readonly type: 'data'; readonly streamId: number; readonly fin: boolean; readonly data: Buffer }
  | { readonly type: 'reply'; readonly streamId: number; readonly fin: boolean }
  | { readonly type: 'reset'; readonly streamId: number; readonly status: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goAway' }
  /** Settings, window updates (nobody has windows here), further headers. */
  | { readonly type: 'other' };

const HEADER_BYTES = 8;
const CONTROL = 0x8000;
const VERSION = 3;
const TYPE = { synStream: 1, synReply: 2, reset: 3, ping: 6, goAway: 7 } as const;
const FLAG_FIN = 0x01;
/** What one data frame carries at most; longer data becomes several frames. */
export const DATA_BYTES_MAX = 32 * 1024;

/** Opens a stream. `first` tells the connection's first header block: it begins the compressed sequence of all. */
export function encodeSynStream(
  streamId: number,
  headers: Readonly<Record<string, string>>,
  options: { readonly first: boolean },
): Buffer {
  const ids = Buffer.alloc(10);
  ids.writeUInt32BE(streamId, 0);
  return controlFrame(TYPE.synStream, 0, Buffer.concat([ids, headerBlock(headers, options.first)]));
}

export function encodePing(id: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(id);
  return controlFrame(TYPE.ping, 0, payload);
}

/** Frames for data of any length; with `fin` the stream's writing side ends. */
export function encodeData(streamId: number, data: Uint8Array, options: { readonly fin: boolean }): Buffer {
  const frames: Uint8Array[] = [];
  let start = 0;
  do {
    const part = data.subarray(start, start + DATA_BYTES_MAX);
    start += DATA_BYTES_MAX;
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(streamId, 0);
    header.writeUInt32BE(part.length, 4);
    header.writeUInt8(options.fin && start >= data.length ? FLAG_FIN : 0, 4);
    frames.push(header, part);
  } while (start < data.length);
  return Buffer.concat(frames);
}

function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(CONTROL | VERSION, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE(payload.length, 4);
  header.writeUInt8(flags, 4);
  return Buffer.concat([header, payload]);
}

/** A zlib header without dictionary, and what ends each flushed part: an empty stored block. */
const ZLIB_HEADER = Buffer.of(0x78, 0x01);
const FLUSH = Buffer.of(0, 0, 0, 0xff, 0xff);

function headerBlock(headers: Readonly<Record<string, string>>, first: boolean): Buffer {
  const entries = Object.entries(headers);
  const pairs = entries.flatMap(([name, value]) => [sized(name.toLowerCase()), sized(value)]);
  const block = Buffer.concat([uint32(entries.length), ...pairs]);
  const stored = Buffer.alloc(5);
  stored.writeUInt16LE(block.length, 1);
  stored.writeUInt16LE(~block.length & 0xffff, 3);
  return Buffer.concat([...(first ? [ZLIB_HEADER] : []), stored, block, FLUSH]);
}

function sized(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Finds frames in a byte stream, however it is cut. A frame is at most 16 MB long, by its format. */
export class SpdyFrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that `chunk` completes. Throws if the bytes are no SPDY/3. */
  push(chunk: Buffer): readonly SpdyFrame[] {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const frames: SpdyFrame[] = [];
    while (bytes.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + bytes.readUIntBE(5, 3);
      if (bytes.length < end) break;
      frames.push(decodeFrame(bytes.subarray(0, end)));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    return frames;
  }
}

function decodeFrame(bytes: Buffer): SpdyFrame {
  const fin = (bytes.readUInt8(4) & FLAG_FIN) !== 0;
  const payload = bytes.subarray(HEADER_BYTES);
  if ((bytes.readUInt16BE(0) & CONTROL) === 0) {
    return { type: 'data', streamId: bytes.readUInt32BE(0), fin, data: payload };
  }
  const version = bytes.readUInt16BE(0) & ~CONTROL;
  if (version !== VERSION) throw new Error(`not a frame of SPDY/3.1: version ${version}`);
  switch (bytes.readUInt16BE(2)) {
    case TYPE.synReply:
      return { type: 'reply', streamId: idAt(payload, 0), fin };
    case TYPE.reset:
      return { type: 'reset', streamId: idAt(payload, 0), status: idAt(payload, 4) };
    case TYPE.ping:
      return { type: 'ping', id: idAt(payload, 0) };
    case TYPE.goAway:
      return { type: 'goAway' };
    default:
      return { type: 'other' };
  }
}

function idAt(payload: Buffer, position: number): number {
  if (payload.length < position + 4) throw new Error('frame of SPDY/3.1 too short');
  return payload.readUInt32BE(position);
}
