/**
 * How a client reaches an API server: over HTTP, or straight into the handler chain of one in the same process.
 * Bodies are objects on both sides; only the HTTP transport encodes.
 */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Without the query, such as `/api/v1/namespaces/default/pods`. */
  readonly path: string;
  /** Empty and undefined values are left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** An object. The in-process transport hands it over as it is, so it must not change afterwards. */
  readonly body?: unknown;
  /** Media type of the body; default `application/json`. Patches say which kind of patch they are. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  /** An object of the API; must not be modified. `undefined` where the answer had no JSON body. */
  readonly body: unknown;
  /** Texts of the `Warning` headers. */
  readonly warnings: readonly string[];
}

export interface WatchFrame {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

/** A streaming answer as bytes, such as the log of a container. */
export interface ByteStream {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Transport {
  /** Any HTTP status is an answer; rejects only if there is none (`TransportError`), or with the signal's reason. */
  request(request: ApiRequest): Promise<ApiResponse>;
  /**
   * A GET with `watch=true`. Rejects with a StatusError if the server refuses. The iteration ends when the server ends
   * the watch, throws TransportError when the connection breaks, and is ended by the signal or by `return()`.
   */
  watch(request: ApiRequest): Promise<AsyncIterableIterator<WatchFrame>>;
  stream(request: ApiRequest): Promise<ByteStream>;
  close(): Promise<void>;
}

/** The server could not be reached, or the connection broke. Retrying may help. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
}
