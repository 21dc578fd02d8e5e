import type { Clock } from '@kts/base';
import { GrpcChannel, GrpcError, type DuplexStream, type GrpcTls, type StreamHandler } from '@kts/grpc';

import { StoreClosedError, StoreUnreachableError } from '../store-errors.ts';

/** How long one server may take to accept a connection. */
const CONNECT_MS_MAX = 2_000;
/** How long a call waits for any server to be there. */
const UNREACHABLE_MS_MAX = 5_000;
const RETRY_MS = 200;
/** How long a call may take, with its repetitions. etcd itself gives up after 7 s. */
const CALL_MS_MAX = 10_000;
const ATTEMPTS_MAX = 3;
/** Answers are as large as etcd makes them. As Go's client. */
const MESSAGE_BYTES_MAX = 2 ** 31 - 1;
/** A member that is cut off from the others says so instead of keeping silent. */
const METADATA = { hasleader: 'true' };

export interface EtcdClientOptions {
  /** URLs of members; one at a time is used, the next when that fails. */
  readonly endpoints: readonly string[];
  readonly tls: GrpcTls;
  readonly clock: Clock;
}

/**
 * Calls of an etcd cluster, on one connection to one of its members. A call that a member cannot have seen is made
 * again with another one; of those it may have seen, only the ones that are safe to repeat.
 */
export class EtcdClient {
  readonly #options: EtcdClientOptions;
  readonly #stopping = new AbortController();
  #channel: GrpcChannel | undefined;
  #connecting: Promise<GrpcChannel> | undefined;
  #next = 0;

  constructor(options: EtcdClientOptions) {
    this.#options = options;
  }

  /** Rejects with a GrpcError of etcd's own, or StoreUnreachableError. */
  async call(path: string, message: Uint8Array, options: { readonly repeatable: boolean }): Promise<Uint8Array> {
    const { clock } = this.#options;
    const end = clock.monotonic() + CALL_MS_MAX;
    for (let attempt = 1; ; attempt++) {
      const channel = await this.#connect();
      try {
        return await channel.call(path, message, { timeoutMs: end - clock.monotonic(), signal: this.#stopping.signal });
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        this.giveUp(channel);
        const mayRepeat = (options.repeatable || !error.wasSent) && clock.monotonic() < end;
        if (!mayRepeat || attempt === ATTEMPTS_MAX) throw this.#unreachable(error);
      }
    }
  }

  /** A stream on the connection that calls use. Rejects with StoreUnreachableError. */
  async duplex(path: string, handler: StreamHandler): Promise<DuplexStream> {
    const channel = await this.#connect();
    return channel.duplex(path, handler);
  }

  /** Calls under way are broken off. */
  close(): void {
    this.#stopping.abort(new StoreClosedError());
    this.#channel?.close();
  }

  #connect(): Promise<GrpcChannel> {
    if (this.#channel && !this.#channel.over) return Promise.resolve(this.#channel);
    this.#connecting ??= this.#connectToAny().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #connectToAny(): Promise<GrpcChannel> {
    const { endpoints, clock } = this.#options;
    const { signal } = this.#stopping;
    const start = clock.monotonic();
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted();
      try {
        this.#channel = await this.#connectTo(endpoints[this.#next % endpoints.length]!);
        return this.#channel;
      } catch (error) {
        this.#next++;
        if (clock.monotonic() - start >= UNREACHABLE_MS_MAX) throw this.#unreachable(error);
        if (tries % endpoints.length === 0) await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  async #connectTo(endpoint: string): Promise<GrpcChannel> {
    const { tls, clock } = this.#options;
    const limits = { keepAlive: true, messageBytesMax: MESSAGE_BYTES_MAX };
    const channel = new GrpcChannel({ endpoint, tls, clock, metadata: METADATA, ...limits });
    const timer = clock.after(CONNECT_MS_MAX, () => channel.close());
    try {
      await channel.connected;
      return channel;
    } finally {
      timer.cancel();
    }
  }

  /** The next call connects again, to another member if there is one. */
  giveUp(channel: GrpcChannel | undefined = this.#channel): void {
    if (!channel || this.#channel !== channel) return;
    this.#channel = undefined;
    this.#next++;
    channel.close();
  }

  #unreachable(cause: unknown): Error {
    const { signal } = this.#stopping;
    if (signal.aborted) return signal.reason as Error;
    return new StoreUnreachableError(this.#options.endpoints, cause);
  }
}

function isUnreachable(error: unknown): error is GrpcError {
  return GrpcError.is(error, 'Unavailable') || GrpcError.is(error, 'DeadlineExceeded');
}
