import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import type { ResourceDefinition } from '@kts/api';

/** Who makes a request. Mirrors: staging/src/k8s.io/apiserver/pkg/authentication/user (v1.36) */
export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/**
 * What a request is about, from its method, path and query alone.
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go (v1.36)
 */
export interface RequestInfo {
  readonly isResourceRequest: boolean;
  readonly path: string;
  /** get, list, watch, create, update, patch, delete, deletecollection; for non-resource paths the lower-case method. */
  readonly verb: string;
  /** `api` or `apis`. */
  readonly apiPrefix: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Path segments after namespace: resource, name, subresource and what follows (proxy paths). */
  readonly parts: readonly string[];
}

/**
 * One request on its way through the chain. Stages fill in what they are for; nothing after a stage changes it again.
 * HTTP and the in-process transport make the same thing, so behaviour cannot differ.
 */
export interface ApiServerRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as it came: bytes over HTTP, an object (never to be modified) in process, undefined if there is none. */
  readonly readBody: () => Promise<RequestBody | undefined>;
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal;
  readonly connection: Connection;
  /** Texts for `Warning` headers; any stage may add some. */
  readonly warnings: string[];

  info: RequestInfo;
  user: UserInfo;
  /** The definition behind a resource request, set with `info`; undefined if the server has no such resource. */
  resource?: ResourceDefinition;
}

export type RequestBody =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly contentType: string }
  | { readonly kind: 'object'; readonly object: unknown; readonly contentType: string };

/** Where a request came from. */
export type Connection =
  | {
      readonly kind: 'http';
      readonly remoteAddress: string;
      readonly peerCertificate?: Uint8Array;
      readonly upgrade?: Upgrade;
    }
  /** A component in this process; its identity was given when its transport was made. */
  | { readonly kind: 'in-process'; readonly user: UserInfo };

/** A connection that the client wants to turn into a WebSocket or a SPDY session. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Uint8Array;
}
