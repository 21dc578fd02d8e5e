import { createServer, type Socket } from 'node:net';

import type { Logger, Random } from '@kts/base';
import type { NetworkNamespace } from '@kts/host-linux';
import type { Answer, Packet } from 'dns-packet';

import type { Forwarder } from './forwarder.ts';
import {
  answersOf,
  encodeForTcp,
  encodeForUdp,
  encodeQuestion,
  failureAnswer,
  parseQuery,
  zoneAnswer,
  type Query,
} from './message.ts';
import { resolve, type ClusterRecords, type Resolution, type ZoneConfig } from './resolve.ts';

export interface DnsServerDeps {
  readonly records: ClusterRecords;
  readonly forwarder: Forwarder;
  readonly network: NetworkNamespace;
  readonly random: Random;
  readonly log: Logger;
}

/** Of aliases after another. */
const ALIASES_MAX = 8;

/** One TCP message, length included. */
const TCP_MESSAGE_BYTES_MAX = 65_537;
const TCP_IDLE_MS_MAX = 10_000;

/** Serves DNS over UDP and TCP on one address until the signal is aborted. Resolves once both listen. */
export async function startDnsServer(
  config: ZoneConfig & { readonly address: string; readonly port: number },
  deps: DnsServerDeps,
  signal: AbortSignal,
): Promise<{ readonly port: number; readonly closed: Promise<void> }> {
  const connections = new Set<Socket>();
  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.setTimeout(TCP_IDLE_MS_MAX, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => connections.delete(socket));
    serveConnection(socket, (bytes) => answerTcp(bytes, config, deps, signal));
  });
  const port = await deps.network.listen(tcp, config.port, config.address);
  const udp = await deps.network.bindDatagram(port, config.address);
  udp.on('error', (error) => deps.log.warn('DNS socket failed', { error }));
  udp.on('message', (bytes, from) => {
    const query = parseQuery(bytes);
    if (!query) return;
    void respond({ query, bytes, overTcp: false }, config, deps, signal).then((answer) => {
      if (signal.aborted) return;
      udp.send('bytes' in answer ? answer.bytes : encodeForUdp(answer.packet, query), from.port, from.address);
    });
  });

  const { promise: closed, resolve: markClosed } = Promise.withResolvers<void>();
  const close = (): void => {
    udp.close();
    for (const socket of connections) socket.destroy();
    tcp.close(() => markClosed());
  };
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });
  return { port, closed };
}

type Answered = { readonly packet: Packet } | { readonly bytes: Uint8Array };

interface Asked {
  readonly query: Query;
  readonly bytes: Uint8Array;
  readonly overTcp: boolean;
}

async function respond(
  { query, bytes, overTcp }: Asked,
  config: ZoneConfig,
  deps: DnsServerDeps,
  signal: AbortSignal,
): Promise<Answered> {
  const resolution = resolve({ name: query.name, type: query.type }, deps.records, config);
  try {
    if (resolution.outcome !== 'forward') {
      const whole = await followAliases(resolution, query, config, deps, signal);
      return { packet: zoneAnswer(query, shuffled(whole, deps.random), config) };
    }
    const forwarded = await deps.forwarder.forward(bytes, signal, overTcp);
    return forwarded ? { bytes: forwarded } : { packet: failureAnswer(query, 'SERVFAIL') };
  } catch (error) {
    deps.log.debug(1, 'DNS query could not be forwarded', { error });
    return { packet: failureAnswer(query, 'SERVFAIL') };
  }
}

type Resolved = Exclude<Resolution, { outcome: 'forward' }>;

/** Adds what an alias leads to: programs ask for addresses and do not look further themselves. */
async function followAliases(
  resolution: Resolved,
  query: Query,
  config: ZoneConfig,
  deps: DnsServerDeps,
  signal: AbortSignal,
): Promise<Resolved> {
  const { type } = query;
  if (resolution.outcome !== 'answers' || (type !== 'A' && type !== 'AAAA')) return resolution;
  const answers: Answer[] = [...resolution.answers];
  for (let aliases = 0; aliases < ALIASES_MAX; aliases++) {
    const last = answers.at(-1);
    if (last?.type !== 'CNAME') break;
    const name = last.data.toLowerCase().replace(/\.$/, '');
    const next = resolve({ name, type }, deps.records, config);
    if (next.outcome === 'answers') answers.push(...next.answers);
    if (next.outcome === 'answers' && next.answers.length > 0) continue;
    if (next.outcome === 'forward') {
      const question = encodeQuestion(deps.random.integer(65_536), name, type);
      const forwarded = await deps.forwarder.forward(question, signal, true);
      answers.push(...(forwarded ? answersOf(forwarded) : []));
    }
    break;
  }
  return { ...resolution, answers };
}

/** Clients take the first address: another one each time spreads them. */
function shuffled(resolution: Resolved, random: Random): Resolved {
  if (resolution.outcome !== 'answers' || resolution.answers.some(({ type }) => type !== 'A' && type !== 'AAAA')) {
    return resolution;
  }
  const answers = [...resolution.answers];
  for (let index = answers.length - 1; index > 0; index--) {
    const other = random.integer(index + 1);
    [answers[index], answers[other]] = [answers[other]!, answers[index]!];
  }
  return { ...resolution, answers };
}

async function answerTcp(
  bytes: Uint8Array,
  config: ZoneConfig,
  deps: DnsServerDeps,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const query = parseQuery(bytes);
  if (!query) return undefined;
  const answer = await respond({ query, bytes, overTcp: true }, config, deps, signal);
  if (!('bytes' in answer)) return encodeForTcp(answer.packet);
  return Buffer.concat([Uint8Array.of(answer.bytes.length >> 8, answer.bytes.length & 0xff), answer.bytes]);
}

/** Cuts a TCP stream into messages. Anything that is no question ends the connection. */
function serveConnection(socket: Socket, answer: (message: Uint8Array) => Promise<Uint8Array | undefined>): void {
  let buffered: Uint8Array = new Uint8Array();
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    if (buffered.length > TCP_MESSAGE_BYTES_MAX) {
      socket.destroy();
      return;
    }
    for (let size = messageSize(buffered); size !== undefined; size = messageSize(buffered)) {
      const message = buffered.subarray(2, 2 + size);
      buffered = buffered.subarray(2 + size);
      void answer(message).then((bytes) => (bytes ? socket.write(bytes) : socket.destroy()));
    }
  });
}

/** The length of the first message, if all of it is there. */
function messageSize(buffered: Uint8Array): number | undefined {
  if (buffered.length < 2) return undefined;
  const size = buffered[0]! * 256 + buffered[1]!;
  return buffered.length >= 2 + size ? size : undefined;
}
