import { GrpcError } from './grpc-error.ts';

/** One byte says whether the message is compressed, four say how long it is. */
const HEADER_BYTES = 5;
/** Messages that are taken, such as the lists of a full node. Source: staging/src/k8s.io/cri-client (maxMsgSize). */
export const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

/** What Node may hold of one connection (MB): several of the largest messages, on their way in and out. */
export const SESSION_MEGABYTES_MAX = 128;

/** A message as it travels. Throws a GrpcError if it is too large. */
export function frame(message: Uint8Array, bytesMax = MESSAGE_BYTES_MAX): Buffer {
  if (message.length > bytesMax) {
    const text = `trying to send message larger than max (${message.length} vs. ${bytesMax})`;
    throw new GrpcError('ResourceExhausted', text, { wasSent: false });
  }
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + message.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, HEADER_BYTES);
  return bytes;
}

/** Puts messages together from the chunks they arrive in. A message may share memory with the chunks. */
export class FrameReader {
  readonly #onMessage: (message: Uint8Array) => void;
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #length = 0;
  /** Bytes of the frame that is being read, its header included; undefined: not known yet. */
  #wanted: number | undefined;

  constructor(onMessage: (message: Uint8Array) => void, bytesMax = MESSAGE_BYTES_MAX) {
    this.#onMessage = onMessage;
    this.#bytesMax = bytesMax;
  }

  /** Throws a GrpcError for a message that is too large, or compressed, which nobody has agreed on. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= (this.#wanted ?? HEADER_BYTES)) {
      const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#length);
      this.#chunks = [bytes];
      this.#wanted ??= this.#readHeader(bytes);
      if (this.#length < this.#wanted) return;
      const message = bytes.subarray(HEADER_BYTES, this.#wanted);
      const rest = bytes.subarray(this.#wanted);
      this.#chunks = rest.length > 0 ? [rest] : [];
      this.#length = rest.length;
      this.#wanted = undefined;
      this.#onMessage(message);
    }
  }

  /** Bytes of the whole frame. */
  #readHeader(bytes: Buffer): number {
    if (bytes[0] !== 0) throw new GrpcError('Internal', 'grpc: compressed flag set with identity or empty encoding');
    const length = bytes.readUInt32BE(1);
    if (length > this.#bytesMax) {
      const text = `grpc: received message larger than max (${length} vs. ${this.#bytesMax})`;
      throw new GrpcError('ResourceExhausted', text);
    }
    return HEADER_BYTES + length;
  }
}
