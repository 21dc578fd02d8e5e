/** Connections to the streaming server of the container runtime, whose URLs lead into the node's network. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { NetworkNamespace } from '@kts/host-linux';

export interface SpdyUpgrade {
  readonly socket: Duplex;
  /** What has come after the answer already. */
  readonly head: Buffer;
  /** The one of the offered protocols that the runtime has chosen. */
  readonly protocol: string;
}

const ERROR_TEXT_BYTES_MAX = 64 * 1024;

/** Asks the runtime for SPDY. Rejects with what it says if it refuses. */
export function upgradeToSpdy(
  network: NetworkNamespace,
  url: string,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<SpdyUpgrade> {
  const { promise, resolve, reject } = Promise.withResolvers<SpdyUpgrade>();
  const request = httpRequest(url, {
    method: 'POST',
    headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': [...protocols] },
    createConnection: () => dial(network, url),
    signal,
  });
  request.once('upgrade', ({ headers }: IncomingMessage, socket: Duplex, head: Buffer) => {
    const chosen = headers['x-stream-protocol-version'];
    resolve({ socket, head, protocol: [chosen ?? protocols].flat()[0] ?? '' });
  });
  request.once('response', (response: IncomingMessage) => {
    void textOf(response).then((text) => reject(new Error(`unable to upgrade connection: ${text.trim()}`)), reject);
  });
  request.once('error', reject);
  request.end();
  return promise;
}

/** A connection, still connecting, to the server of a URL. */
export function dial(network: NetworkNamespace, url: string): Socket {
  const { hostname, port } = new URL(url);
  return network.connect(Number(port || 80), hostname.replace(/^\[|\]$/g, ''));
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > ERROR_TEXT_BYTES_MAX) break;
  }
  return text;
}
