/**
 * Upgraded connections that client and runtime understand alike are passed through byte for byte.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/proxy/upgradeaware.go (v1.36)
 */
import type { IncomingMessage } from 'node:http';
import type { NetworkNamespace } from '@kts/host-linux';
import type { Upgrade } from '../routes.ts';
import { onAbort } from './on-abort.ts';
import { dial } from './runtime-stream.ts';

/** What is about the hop to the kubelet only. */
const DROPPED = new Set(['host', 'authorization']);

/** Resolves when both sides are done. */
export async function passThrough(
  network: NetworkNamespace,
  url: string,
  incoming: IncomingMessage,
  { socket: client, head }: Upgrade,
  signal: AbortSignal,
): Promise<void> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const runtime = dial(network, url);
  runtime.setNoDelay(true);
  runtime.write(requestHead(incoming, url));
  if (head.length > 0) runtime.write(head);
  client.pipe(runtime);
  runtime.pipe(client);
  const stop = (): void => {
    client.destroy();
    runtime.destroy();
  };
  client.on('error', stop);
  runtime.on('error', stop);
  client.once('close', () => runtime.destroy());
  runtime.once('close', () => {
    client.end();
    resolve();
  });
  onAbort(signal, stop);
  await ended;
}

function requestHead({ method, rawHeaders }: IncomingMessage, url: string): string {
  const { host, pathname, search } = new URL(url);
  const lines = [`${method} ${pathname}${search} HTTP/1.1`, `Host: ${host}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (!DROPPED.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[index + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
