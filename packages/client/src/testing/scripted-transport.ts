import { notFound, StatusError } from '@kts/apimachinery';

import type { ApiRequest, ApiResponse, ByteStream, Transport, WatchFrame } from '../transport.ts';

type Reply = (request: ApiRequest) => ApiResponse | Promise<ApiResponse>;

/** A watch that a client has open: the test is the server. */
export interface ScriptedWatch {
  readonly request: ApiRequest;
  readonly open: boolean;
  send(type: WatchFrame['type'], object: unknown): void;
  /** The server ends the watch, or with an error: the connection breaks. */
  end(error?: Error): void;
}

/** A successful answer. */
export const answer = (body: unknown, status = 200, warnings: readonly string[] = []): ApiResponse => ({
  status,
  body,
  warnings,
});

export const statusAnswer = (error: StatusError): ApiResponse => answer(error.status, error.code);

/**
 * The far side of a client as a script: replies by method and path, and watches that the test feeds. For tests of the
 * client's and the controllers' own machinery; everything else is tested against the real API server.
 */
export class ScriptedTransport implements Transport {
  /** Every request so far, watches included. */
  readonly requests: ApiRequest[] = [];
  readonly watches: ScriptedWatch[] = [];
  readonly #replies = new Map<string, Reply>();

  /** Answers `METHOD path` from now on; a function decides per request. */
  reply(route: `${ApiRequest['method']} ${string}`, reply: Reply | ApiResponse): void {
    this.#replies.set(route, typeof reply === 'function' ? reply : () => reply);
  }

  /** Requests of one method, as `path` or, with a body, `[path, body]`. */
  sent(method: ApiRequest['method']): readonly unknown[] {
    return this.requests
      .filter((request) => request.method === method && request.query?.['watch'] !== 'true')
      .map((request) => (request.body === undefined ? request.path : [request.path, request.body]));
  }

  /** The newest watch of a path. */
  watchOf(path: string): ScriptedWatch {
    const watch = this.watches.findLast((candidate) => candidate.request.path === path);
    if (!watch) throw new Error(`nobody watches ${path}`);
    return watch;
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    request.signal?.throwIfAborted();
    this.requests.push(request);
    const reply = this.#replies.get(`${request.method} ${request.path}`);
    return reply ? reply(request) : statusAnswer(notFound({ group: '', plural: 'paths' }, request.path));
  }

  /** A reply for `GET path` that is a failure refuses the watch too, if it looks at `query.watch`. */
  async watch(request: ApiRequest): Promise<AsyncIterableIterator<WatchFrame>> {
    request.signal?.throwIfAborted();
    this.requests.push(request);
    const response = await this.#replies.get(`${request.method} ${request.path}`)?.(request);
    if (response && response.status >= 400) throw new StatusError(response.body as StatusError['status']);
    request.signal?.throwIfAborted();
    const watch = new Watch(request);
    this.watches.push(watch);
    return watch;
  }

  async stream(request: ApiRequest): Promise<ByteStream> {
    const response = await this.request(request);
    const text = typeof response.body === 'string' ? response.body : JSON.stringify(response.body);
    return { status: response.status, body: once(new TextEncoder().encode(text)) };
  }

  async close(): Promise<void> {}
}

class Watch implements ScriptedWatch, AsyncIterableIterator<WatchFrame> {
  readonly request: ApiRequest;
  readonly #queue: (WatchFrame | Error | undefined)[] = [];
  #wake: (() => void) | undefined;
  #open = true;

  constructor(request: ApiRequest) {
    this.request = request;
    request.signal?.addEventListener('abort', () => this.end(), { once: true });
  }

  get open(): boolean {
    return this.#open;
  }

  send(type: WatchFrame['type'], object: unknown): void {
    this.#push({ type, object });
  }

  end(error?: Error): void {
    if (!this.#open) return;
    this.#push(error);
    this.#open = false;
  }

  async next(): Promise<IteratorResult<WatchFrame>> {
    while (this.#queue.length === 0) {
      if (!this.#open) return { done: true, value: undefined };
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const next = this.#queue.shift();
    if (next instanceof Error) throw next;
    return next ? { done: false, value: next } : { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<WatchFrame>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #push(item: WatchFrame | Error | undefined): void {
    if (!this.#open) throw new Error(`the watch of ${this.request.path} has ended`);
    this.#queue.push(item);
    this.#wake?.();
  }
}

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
