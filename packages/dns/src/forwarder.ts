import type { Clock } from '@kts/base';
import type { NetworkNamespace } from '@kts/host-linux';

/** Asks other name servers, in turn: the bytes of a query in, the bytes of the first answer out. */
export interface Forwarder {
  /**
   * `undefined` if nobody has answered. `whole`: an answer that is too large for UDP is fetched over TCP, because the
   * client can take it.
   */
  forward(query: Uint8Array, signal: AbortSignal, whole: boolean): Promise<Uint8Array | undefined>;
}

export interface ForwarderConfig {
  /** Addresses of name servers, with `:port` (of IPv6: `[address]:port`) where it is not 53. */
  readonly servers: readonly string[];
}

/** How long each server may take. */
const ANSWER_MS_MAX = 2_000;
/** Of questions under way: more are refused rather than queued without end. */
const QUERIES_MAX = 1_000;

export function createForwarder(
  config: ForwarderConfig,
  deps: { readonly clock: Clock; readonly network: NetworkNamespace },
): Forwarder {
  let underWay = 0;
  return {
    async forward(query, signal, whole) {
      if (underWay >= QUERIES_MAX) return undefined;
      underWay++;
      try {
        for (const server of config.servers) {
          const answer = await askServer(server, query, deps, signal);
          if (!answer) continue;
          return whole && isTruncated(answer) ? ((await askOverTcp(server, query, deps, signal)) ?? answer) : answer;
        }
        return undefined;
      } finally {
        underWay--;
      }
    },
  };
}

async function askServer(
  server: string,
  query: Uint8Array,
  deps: { readonly clock: Clock; readonly network: NetworkNamespace },
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const { host, port } = parseServer(server);
  const socket = await deps.network.bindDatagram(0, host.includes(':') ? '::' : '0.0.0.0');
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
  const timer = deps.clock.after(ANSWER_MS_MAX, () => resolve(undefined));
  const onAbort = (): void => resolve(undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.on('error', () => resolve(undefined));
  // The identifier ties an answer to its question; a stranger's datagram is not taken for one.
  socket.on('message', (bytes, from) => {
    if (from.port === port && bytes[0] === query[0] && bytes[1] === query[1]) resolve(bytes);
  });
  socket.send(query, port, host);
  try {
    return await promise;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
    socket.close();
  }
}

function isTruncated(answer: Uint8Array): boolean {
  return ((answer[2] ?? 0) & 2) !== 0;
}

async function askOverTcp(
  server: string,
  query: Uint8Array,
  deps: { readonly clock: Clock; readonly network: NetworkNamespace },
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const { host, port } = parseServer(server);
  const socket = deps.network.connect(port, host);
  const timer = deps.clock.after(ANSWER_MS_MAX, () => socket.destroy());
  const onAbort = (): void => void socket.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  let received = Buffer.alloc(0);
  try {
    socket.write(Buffer.concat([Uint8Array.of(query.length >> 8, query.length & 0xff), query]));
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        return received.subarray(2, 2 + received.readUInt16BE(0));
      }
    }
    return undefined;
  } catch {
    return undefined;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

/** `10.0.0.2`, `10.0.0.2:5353`, `fd00::2`, `[fd00::2]:5353`. */
export function parseServer(text: string): { readonly host: string; readonly port: number } {
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(text);
  if (bracketed) return { host: bracketed[1]!, port: Number(bracketed[2] ?? 53) };
  const [host = '', port, ...rest] = text.split(':');
  return rest.length > 0 ? { host: text, port: 53 } : { host, port: Number(port ?? 53) };
}

/** The name servers of a resolv.conf. */
export function nameServersOf(resolvConf: string): readonly string[] {
  return [...resolvConf.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1]!);
}
