import type { Duplex } from 'node:stream';
import { encodeData, encodePing, encodeSynStream, SpdyFrameReader, type SpdyFrame } from './frames.ts';

export interface SpdyStreamEvents {
  readonly onData?: (data: Buffer) => void;
  /** The other side writes nothing more; `broken`: because the stream or the connection was cut off. Called once. */
  readonly onEnd?: (broken: boolean) => void;
}

export interface SpdyStream {
  /** Resolves when more should be written. */
  write(data: Uint8Array): Promise<void>;
  end(): void;
}

/** The client's side of a SPDY/3.1 connection on a socket that has been upgraded. */
export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #reader = new SpdyFrameReader();
  readonly #streams = new Map<number, SpdyStreamEvents>();
  #nextId = 1;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => this.#releaseWriters());
    socket.on('error', () => socket.destroy());
    socket.once('end', () => this.#endAll());
    socket.once('close', () => this.#endAll());
    if (head.length > 0) this.#receive(head);
  }

  openStream(headers: Readonly<Record<string, string>>, events: SpdyStreamEvents): SpdyStream {
    const id = this.#nextId;
    this.#nextId += 2;
    this.#streams.set(id, events);
    this.#socket.write(encodeSynStream(id, headers, { first: id === 1 }));
    return {
      write: (data) => this.#write(encodeData(id, data, { fin: false })),
      end: () => void this.#write(encodeData(id, Buffer.alloc(0), { fin: true })),
    };
  }

  /** Stops the other side of all streams for a while; there are no windows for single ones. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  #write(bytes: Buffer): Promise<void> {
    if (this.#socket.writable && !this.#socket.write(bytes)) this.#drained ??= Promise.withResolvers();
    return this.#drained?.promise ?? Promise.resolve();
  }

  #releaseWriters(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) this.#handle(frame);
    } catch {
      this.#socket.destroy();
    }
  }

  #handle(frame: SpdyFrame): void {
    switch (frame.type) {
      case 'data':
        if (frame.data.length > 0) this.#streams.get(frame.streamId)?.onData?.(frame.data);
        if (frame.fin) this.#end(frame.streamId, false);
        return;
      case 'reply':
        if (frame.fin) this.#end(frame.streamId, false);
        return;
      case 'reset':
        this.#end(frame.streamId, true);
        return;
      case 'ping':
        // Even numbers are the other side's questions; odd ones would be answers to ours.
        if (frame.id % 2 === 0) void this.#write(encodePing(frame.id));
        return;
      case 'goAway':
      case 'other':
        return;
    }
  }

  #end(id: number, broken: boolean): void {
    const events = this.#streams.get(id);
    this.#streams.delete(id);
    events?.onEnd?.(broken);
  }

  #endAll(): void {
    this.#releaseWriters();
    for (const id of this.#streams.keys()) this.#end(id, true);
  }
}
