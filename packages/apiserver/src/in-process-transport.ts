/**
 * A client's way into a server in the same process: the same chain as over HTTP, but objects are handed over instead of
 * encoded. What it returns is shared and frozen by convention: nobody may modify it.
 */
import { StatusError } from '@kts/apimachinery';
import { childSignal, onAbort, type Clock, type Random } from '@kts/base';
import {
  TransportError,
  type ApiRequest,
  type ApiResponse,
  type ByteStream,
  type Transport,
  type WatchFrame,
} from '@kts/client';

import { listObject } from './http/object-encoder.ts';
import { decodedPath } from './http/target.ts';
import { UNKNOWN_REQUEST_INFO, type ApiServerRequest, type RequestBody, type UserInfo } from './request.ts';
import type { ApiServerResponse, Handler, WatchStream } from './response.ts';

export interface InProcessOptions {
  /** The whole chain; errors are answers already. */
  readonly answer: Handler;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'uuid'>;
  /** Aborted when the server stops. */
  readonly stopped: AbortSignal;
  /** Who managed fields and audit records say has written. */
  readonly userAgent?: string;
}

export function createInProcessTransport(options: InProcessOptions, user: UserInfo): Transport {
  return {
    async request(request) {
      request.signal?.throwIfAborted();
      using child = childSignal(options.stopped);
      return toApiResponse(...(await ask(options, user, request, child)));
    },
    watch: (request) => watch(options, user, request),
    stream: (request) => stream(options, user, request),
    close: () => Promise.resolve(),
  };
}

/** One GET by a user of this process, without a transport around it. */
export function askInProcess(
  options: InProcessOptions,
  user: UserInfo,
  path: string,
  query: Readonly<Record<string, string>> = {},
): Promise<ApiServerResponse> {
  const child: Cancel = { signal: options.stopped, abort: () => {} };
  return options.answer(toServerRequest(options, user, { method: 'GET', path, query }, child));
}

interface Cancel {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

async function ask(
  options: InProcessOptions,
  user: UserInfo,
  request: ApiRequest,
  child: Cancel,
): Promise<[ApiServerRequest, ApiServerResponse]> {
  if (options.stopped.aborted) throw new TransportError('the API server has stopped');
  const { signal } = request;
  using _subscription = signal && onAbort(signal, () => child.abort(signal.reason));
  const serverRequest = toServerRequest(options, user, request, child);
  const response = await options.answer(serverRequest);
  signal?.throwIfAborted();
  return [serverRequest, response];
}

function toServerRequest(
  options: InProcessOptions,
  user: UserInfo,
  request: ApiRequest,
  child: Cancel,
): ApiServerRequest {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {})) if (value) query.set(name, value);
  const body: RequestBody | undefined =
    request.body === undefined
      ? undefined
      : { kind: 'object', object: request.body, contentType: request.contentType ?? 'application/json' };
  return {
    method: request.method,
    path: decodedPath(request.path),
    query,
    headers: options.userAgent ? { 'user-agent': options.userAgent } : {},
    headerValues: () => [],
    readBody: () => Promise.resolve(body),
    signal: child.signal,
    cancel: () => child.abort(),
    connection: { kind: 'in-process', user },
    warnings: [],
    auditId: options.random.uuid(),
    receivedAt: options.clock.now(),
    responseHeaders: {},
    info: UNKNOWN_REQUEST_INFO,
    user,
  };
}

function toApiResponse({ warnings }: ApiServerRequest, response: ApiServerResponse): ApiResponse {
  switch (response.kind) {
    case 'object':
      return { status: response.status, body: response.object, warnings };
    case 'entry':
      return { status: response.status, body: response.entry.object(), warnings };
    case 'list':
      return { status: 200, body: listObject(response.list), warnings };
    case 'bytes':
      return { status: response.status, body: parsedBody(response), warnings };
    case 'watch':
      response.watch.close();
      throw new TransportError('a watch has to be opened with watch()');
    case 'taken':
      throw new TransportError('connections are not upgraded in process');
  }
}

function parsedBody(response: ApiServerResponse & { kind: 'bytes' }): unknown {
  if (!(response.body instanceof Uint8Array) || !response.contentType.startsWith('application/json')) return undefined;
  return JSON.parse(new TextDecoder().decode(response.body));
}

async function watch(
  options: InProcessOptions,
  user: UserInfo,
  request: ApiRequest,
): Promise<AsyncIterableIterator<WatchFrame>> {
  const child = childSignal(options.stopped);
  const [, response] = await ask(options, user, { ...request, query: { ...request.query, watch: 'true' } }, child);
  if (response.kind === 'watch') return iterateWatch(response.watch, request.signal, child);
  child[Symbol.dispose]();
  if (response.kind === 'object') throw new StatusError(response.object);
  throw new TransportError('the server did not answer with a watch');
}

/** Frames that are held for a slow reader before the cache is asked to wait. */
const PENDING_FRAMES_MAX = 1000;

/**
 * The events of a watch as an iterator. Order: events reach `pending` synchronously when the store announces them, so
 * a reader that has just written finds its own event here.
 */
function iterateWatch(
  stream: WatchStream,
  signal: AbortSignal | undefined,
  child: Disposable,
): AsyncIterableIterator<WatchFrame> {
  let pending: WatchFrame[] = [];
  let next = 0;
  let full = false;
  let ended = false;
  let wake: (() => void) | undefined;
  const finish = (): void => {
    if (ended) return;
    ended = true;
    signal?.removeEventListener('abort', abandon);
    child[Symbol.dispose]();
    wake?.();
  };
  const abandon = (): void => {
    pending = [];
    next = 0;
    stream.close();
    finish();
  };
  signal?.addEventListener('abort', abandon, { once: true });
  stream.start({
    send(events) {
      for (const event of events) pending.push({ type: event.type, object: event.object() });
      wake?.();
      full = pending.length - next >= PENDING_FRAMES_MAX;
      return !full;
    },
    end: finish,
  });
  const take = (): WatchFrame | undefined => {
    if (next === pending.length) return undefined;
    const frame = pending[next++]!;
    if (next === pending.length) {
      pending = [];
      next = 0;
      if (full) {
        full = false;
        stream.drained();
      }
    }
    return frame;
  };
  return {
    async next() {
      for (;;) {
        const frame = take();
        if (frame) return { done: false, value: frame };
        if (ended) return { done: true, value: undefined };
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    },
    return() {
      abandon();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function stream(options: InProcessOptions, user: UserInfo, request: ApiRequest): Promise<ByteStream> {
  const child = childSignal(options.stopped);
  const [, response] = await ask(options, user, request, child);
  if (response.kind !== 'bytes') {
    child[Symbol.dispose]();
    if (response.kind === 'object') throw new StatusError(response.object);
    throw new TransportError('the server did not answer with bytes');
  }
  return { status: response.status, body: untilDone(response.body, request.signal, child) };
}

async function* untilDone(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  child: Disposable & Cancel,
): AsyncGenerator<Uint8Array, void> {
  using _child = child;
  using _subscription = signal && onAbort(signal, () => child.abort(signal.reason));
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}
