import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';

import type { ServerAccess } from './kubeconfig.ts';

/** Where a server is, and who one is there. */
export interface HttpTransportOptions extends Pick<
  ServerAccess,
  'server' | 'authority' | 'skipVerify' | 'serverName' | 'certificate' | 'key' | 'token'
> {
  readonly userAgent?: string;
  /** A connection in use that has been silent for so long is tested with a ping. Default 30 s, as client-go. */
  readonly pingAfterMs?: number;
  /** A connection that leaves a ping unanswered for so long is given up. Default 15 s, as client-go. */
  readonly pingTimeoutMs?: number;
}

/** For a connection to the options' server. */
export function tlsOptions(options: HttpTransportOptions): ConnectionOptions & { readonly host: string } {
  const host = hostOf(options.server);
  return {
    host,
    ...(options.authority ? { ca: Buffer.from(options.authority) } : {}),
    ...(options.certificate ? { cert: Buffer.from(options.certificate) } : {}),
    ...(options.key ? { key: Buffer.from(options.key) } : {}),
    ...(options.skipVerify ? { rejectUnauthorized: false } : {}),
    // TLS has no server names that are addresses; the certificate is checked against the address all the same.
    ...(options.serverName ? { servername: options.serverName } : isIP(host) ? {} : { servername: host }),
  };
}

/** Headers that every request to the options' server carries. */
export function identityHeaders(options: HttpTransportOptions): Record<string, string> {
  return {
    'user-agent': options.userAgent ?? 'kts',
    ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
  };
}

export function hostOf(server: string): string {
  return new URL(server).hostname.replace(/^\[|\]$/g, '');
}

export function portOf(server: string): number {
  const { port, protocol } = new URL(server);
  return port ? Number(port) : protocol === 'https:' ? 443 : 80;
}

/** The path before the API's own, of a server behind a proxy; no slash at its end. */
export function basePathOf(server: string): string {
  return new URL(server).pathname.replace(/\/+$/, '');
}
