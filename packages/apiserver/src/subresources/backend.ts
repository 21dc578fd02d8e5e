import type { Duplex, Readable } from 'node:stream';

import type { Headers } from '../response.ts';

/** Something outside that requests are forwarded to. */
export interface BackendTarget {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** `kubelet`: with the server's client certificate, and only to the cluster's own authorities. */
  readonly identity: 'kubelet' | 'anonymous';
}

export interface BackendRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Readable;
  readonly signal: AbortSignal;
}

export interface BackendResponse {
  readonly status: number;
  /** A list stands for a header that came several times. */
  readonly headers: Headers;
  readonly body: AsyncIterable<Uint8Array>;
}

/** How the server reaches kubelets, pods and services. */
export interface BackendConnector {
  /** Rejects if there is no answer. */
  request(target: BackendTarget, request: BackendRequest): Promise<BackendResponse>;
  /** A connection for an upgraded request; over TLS it is already secured. */
  connect(target: BackendTarget): Promise<Duplex>;
}
