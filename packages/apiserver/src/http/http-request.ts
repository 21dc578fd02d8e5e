import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

import type { ResourceDefinition } from '@kts/api';

import { ANONYMOUS } from '../authentication/authenticator.ts';
import {
  UNKNOWN_REQUEST_INFO,
  type ApiServerRequest,
  type Connection,
  type RequestBody,
  type RequestInfo,
  type UserInfo,
} from '../request.ts';
import { readBytes } from './body.ts';

/** What both HTTP versions know of a request. */
export interface HttpRequestParts {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly string[];
  /** Absent if the request has no body. */
  readonly body?: Readable;
  readonly connection: Connection;
  readonly auditId: string;
  readonly receivedAt: number;
}

/** One for all: every request ends with it, and an error of its own would cost as much as a part of the answer. */
const CLIENT_GONE = new DOMException('the client has gone', 'AbortError');

/** A request over HTTP. What few handlers need (the signal, the body, repeated headers) is made when asked for. */
export class HttpRequest implements ApiServerRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly connection: Connection;
  readonly warnings: string[] = [];
  readonly auditId: string;
  readonly receivedAt: number;
  readonly responseHeaders: Record<string, string> = {};
  info: RequestInfo = UNKNOWN_REQUEST_INFO;
  user: UserInfo = ANONYMOUS;
  declare impersonator?: UserInfo;
  declare resource?: ResourceDefinition;
  readonly #parts: HttpRequestParts;
  #abort: AbortController | undefined;
  #cancelled = false;
  #body: Promise<RequestBody | undefined> | undefined;

  constructor(parts: HttpRequestParts) {
    this.#parts = parts;
    this.method = parts.method;
    this.path = parts.path;
    this.query = parts.query;
    this.connection = parts.connection;
    this.auditId = parts.auditId;
    this.receivedAt = parts.receivedAt;
  }

  /** Only `set-cookie` would be a list, and servers do not receive it. */
  get headers(): Readonly<Record<string, string | undefined>> {
    return this.#parts.headers as Readonly<Record<string, string | undefined>>;
  }

  headerValues(name: string): readonly string[] {
    if (this.#parts.headers[name] === undefined) return [];
    const raw = this.#parts.rawHeaders;
    const values: string[] = [];
    for (let i = 0; i < raw.length; i += 2) {
      if (raw[i]!.toLowerCase() === name) values.push(raw[i + 1]!);
    }
    return values;
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#cancelled) this.#abort.abort(CLIENT_GONE);
    }
    return this.#abort.signal;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#abort?.abort(CLIENT_GONE);
  }

  /** The same promise every time: stages may look at the body before the handler does. */
  readBody(): Promise<RequestBody | undefined> {
    this.#body ??= this.#read();
    return this.#body;
  }

  streamBody(): Readable | undefined {
    if (this.#body) return undefined;
    this.#body = Promise.resolve(undefined);
    return this.#parts.body;
  }

  async #read(): Promise<RequestBody | undefined> {
    const { body, headers } = this.#parts;
    if (!body) return undefined;
    const bytes = await readBytes(body, headers['content-length']);
    return bytes.length === 0 ? undefined : { kind: 'bytes', bytes, contentType: headers['content-type'] ?? '' };
  }
}
