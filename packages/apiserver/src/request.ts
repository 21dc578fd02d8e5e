import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';

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
  /** As the query gives them, for list, watch and deletecollection; authorizers may look at them. */
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

/** What a request is about before the first stage has found out. */
export const UNKNOWN_REQUEST_INFO: RequestInfo = {
  isResourceRequest: false,
  path: '',
  verb: '',
  apiPrefix: '',
  group: '',
  version: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  parts: [],
};

/**
 * One request on its way through the chain. Stages fill in what they are for; nothing after a stage changes it again.
 * HTTP and the in-process transport make the same thing, so behaviour cannot differ.
 */
export interface ApiServerRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. A header that came several times has its values joined by `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Every value of a header that may come several times. */
  headerValues(name: string): readonly string[];
  /** The body as it came: bytes over HTTP, an object (never to be modified) in process, undefined if there is none. */
  readonly readBody: () => Promise<RequestBody | undefined>;
  /** The body while it comes, of any size, for what passes it on unread; undefined if there is none or it was read. */
  streamBody?(): Readable | undefined;
  /** Aborted when the client goes away, when the request has taken too long, or when the server stops. */
  readonly signal: AbortSignal;
  /** Aborts `signal`. */
  cancel(): void;
  readonly connection: Connection;
  /** Texts for `Warning` headers; any stage may add some. */
  readonly warnings: string[];
  /** Unique; the `Audit-Id` of the answer and the `auditID` of events. */
  readonly auditId: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** Headers that stages add to the answer, whatever it will be. */
  readonly responseHeaders: Record<string, string>;
  /** What stages and plugins have to say to the audit log. */
  auditAnnotations?: Record<string, string>;

  info: RequestInfo;
  user: UserInfo;
  /** Who really asks, where `user` is impersonated. */
  impersonator?: UserInfo;
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
      readonly peerCertificate?: PeerCertificate;
      readonly upgrade?: Upgrade;
    }
  /** A component in this process; its identity was given when its transport was made. */
  | { readonly kind: 'in-process'; readonly user: UserInfo };

/** The client certificate of a TLS connection. */
export interface PeerCertificate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
  /** Why it was not signed by the authority of users; absent: it was. */
  readonly problem?: string;
  /** Signed by the authority of proxies, whose headers tell who the user is. */
  readonly frontProxy?: boolean;
}

/** A connection that the client wants to turn into a WebSocket or a SPDY session. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Uint8Array;
}
