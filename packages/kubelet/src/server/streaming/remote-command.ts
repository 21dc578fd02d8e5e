/**
 * Exec and attach over a WebSocket of protocol v5, which runtimes do not know: it can say that the input has ended.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/util/proxy/{streamtranslator,websocket}.go and
 * staging/src/k8s.io/client-go/tools/remotecommand/{v2,v4}.go (v1.36)
 * Differs: the status that ends a command is passed on as the runtime has written it.
 */
import type { RawData, WebSocket } from 'ws';
import { internalError, toStatus } from '@kts/apimachinery';
import type { NetworkNamespace } from '@kts/host-linux';
import { SpdyConnection, type SpdyStream } from '../spdy/spdy-connection.ts';
import { sendMessage } from './accept-websocket.ts';
import { onAbort } from './on-abort.ts';
import { upgradeToSpdy } from './runtime-stream.ts';
import { STREAM_PROTOCOL_V4, type StreamOptions } from './stream-options.ts';

/** The first byte of each message. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

const SUCCESS = Buffer.from('{"metadata":{},"status":"Success"}');
const NORMAL_CLOSURE = 1000;
const STATUS_BYTES_MAX = 1024 * 1024;

/** Connects the client with the runtime; resolves when the command has ended or the client has gone. */
export async function bridgeRemoteCommand(
  network: NetworkNamespace,
  url: string,
  options: StreamOptions,
  client: WebSocket,
  signal: AbortSignal,
): Promise<void> {
  const held = holdMessages(client);
  // Tells the client that the connection stands, before anything is printed.
  send(client, options.stdout ? CHANNEL.stdout : options.stderr ? CHANNEL.stderr : CHANNEL.error, Buffer.alloc(0));
  let status: Uint8Array;
  try {
    const { socket, head } = await upgradeToSpdy(network, url, [STREAM_PROTOCOL_V4], signal);
    status = await runStreams(new SpdyConnection(socket, head), options, client, held, signal);
  } catch (error) {
    status = Buffer.from(JSON.stringify(toStatus(internalError((error as Error).message))));
  }
  // Whatever the client still sends comes too late, but its part of closing has to be read.
  held.deliver(() => {});
  send(client, CHANNEL.error, status);
  client.close(NORMAL_CLOSURE);
}

/** The streams between the two, in the order in which the runtime's own clients open them. */
async function runStreams(
  connection: SpdyConnection,
  options: StreamOptions,
  client: WebSocket,
  held: HeldMessages,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const close = (): void => connection.close();
  client.once('close', close);
  const unregister = onAbort(signal, close);
  try {
    const status: Buffer[] = [];
    const ends: Promise<boolean>[] = [];
    const open = (type: string, onData?: (data: Buffer) => void): SpdyStream => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      if (onData) ends.push(promise);
      return connection.openStream({ streamType: type }, { onEnd: resolve, ...(onData ? { onData } : {}) });
    };
    const output = (channel: number) => (data: Buffer) => send(client, channel, data, connection);
    let statusBytes = 0;
    open('error', (data) => {
      statusBytes += data.length;
      if (statusBytes <= STATUS_BYTES_MAX) status.push(data);
    });
    const stdin = options.stdin ? open('stdin') : undefined;
    if (options.stdout) open('stdout', output(CHANNEL.stdout));
    if (options.stderr) open('stderr', output(CHANNEL.stderr));
    const resize = options.tty ? open('resize') : undefined;
    held.deliver((message) => takeMessage(message, client, stdin, resize));
    const [broken] = await Promise.all(ends);
    if (broken && status.length === 0) throw new Error('the connection to the container runtime was lost');
    return status.length > 0 ? Buffer.concat(status) : SUCCESS;
  } finally {
    client.off('close', close);
    unregister();
    connection.close();
  }
}

function takeMessage(message: Buffer, client: WebSocket, stdin?: SpdyStream, resize?: SpdyStream): void {
  const channel = message[0];
  const data = message.subarray(1);
  if (channel === CHANNEL.close && data[0] === CHANNEL.stdin) stdin?.end();
  const stream = channel === CHANNEL.stdin ? stdin : channel === CHANNEL.resize ? resize : undefined;
  if (!stream || data.length === 0) return;
  client.pause();
  void stream.write(data).then(() => client.resume());
}

function send(client: WebSocket, channel: number, data: Uint8Array, source?: SpdyConnection): void {
  sendMessage(client, Buffer.concat([Buffer.of(channel), data]), source);
}

interface HeldMessages {
  /** Hands over what has come so far and all that comes, from now on to `take`. */
  deliver(take: (message: Buffer) => void): void;
}

/** A client may send before the runtime has answered; nothing of that may get lost. */
function holdMessages(client: WebSocket): HeldMessages {
  const waiting: Buffer[] = [];
  let take = (message: Buffer): void => {
    waiting.push(message);
  };
  client.on('message', (data: RawData) => take(bytesOf(data)));
  client.pause();
  return {
    deliver: (taker) => {
      take = taker;
      for (const message of waiting.splice(0)) taker(message);
      client.resume();
    },
  };
}

export function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
