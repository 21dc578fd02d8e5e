import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';

import type { WebSocketUpgrade } from '@kts/client';

import type { WatchStream, WatchStreamEvent } from '../response.ts';
import type { ResponseSink } from './response-sink.ts';
import {
  chooseStreamProtocol,
  chooseWatchProtocol,
  writeStreamMessages,
  writeWatchMessages,
  type Handshake,
} from './write-web-socket.ts';

const UNKNOWN_PROTOCOL =
  'requested protocol(s) are not supported: [other]; supports [ binary.k8s.io base64.binary.k8s.io]';

describe('a stream over a WebSocket', () => {
  for (const [offered, expected] of [
    [undefined, {}],
    ['binary.k8s.io', { protocol: 'binary.k8s.io' }],
    ['other, base64.binary.k8s.io', { protocol: 'base64.binary.k8s.io' }],
    ['base64url.bearer.authorization.k8s.io.c2VjcmV0', {}],
    ['other', { refusal: { status: 403, message: UNKNOWN_PROTOCOL } }],
  ] satisfies [string | undefined, Handshake][]) {
    it(`offered ${offered}`, () => assert.deepEqual(chooseStreamProtocol(offered), expected));
  }

  for (const [protocol, expected] of [
    ['binary.k8s.io', [Buffer.of(), Buffer.from('one'), Buffer.from('two')]],
    ['base64.binary.k8s.io', ['', 'b25l', 'dHdv']],
  ] as const) {
    it(`is an empty message and then the chunks, in ${protocol}`, async () => {
      const messages = await exchange({ protocol }, (upgrade) =>
        writeStreamMessages(upgrade, chunks('one', 'two'), NO_SINK),
      );
      assert.deepEqual(messages, expected);
    });
  }
});

describe('a watch over a WebSocket', () => {
  for (const [offered, origin, expected] of [
    [undefined, 'http://localhost', {}],
    ['any', 'http://localhost', { protocol: 'any' }],
    ['one, two', 'http://localhost', { refusal: { status: 400, message: 'bad protocol' } }],
    ['any', undefined, { refusal: { status: 403, message: 'null origin' } }],
  ] satisfies [string | undefined, string | undefined, Handshake][]) {
    it(`offered ${offered} from ${origin}`, () => assert.deepEqual(chooseWatchProtocol(offered, origin), expected));
  }

  for (const [binary, expected] of [
    [false, ['{"type":"ADDED"}', '{"type":"DELETED"}']],
    [true, [Buffer.from('{"type":"ADDED"}'), Buffer.from('{"type":"DELETED"}')]],
  ] as const) {
    it(`is one ${binary ? 'binary' : 'text'} message an event`, async () => {
      const watch = endedWatch([event('ADDED'), event('DELETED')]);
      const messages = await exchange({ origin: 'http://localhost' }, (upgrade) =>
        writeWatchMessages(upgrade, watch, NO_SINK, (sent) => sent.jsonFrame(), binary),
      );
      assert.deepEqual(messages, expected);
    });
  }
});

const NO_SINK = {} as ResponseSink;

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

function event(type: WatchStreamEvent['type']): WatchStreamEvent {
  return { type, object: () => ({}), jsonFrame: () => Buffer.from(JSON.stringify({ type })) };
}

function endedWatch(events: readonly WatchStreamEvent[]): WatchStream {
  return {
    start(sink) {
      sink.send(events);
      sink.end();
    },
    drained() {},
    close() {},
    onEnd() {},
  };
}

/** What a client gets until the server closes. */
async function exchange(
  { protocol, origin }: { readonly protocol?: string; readonly origin?: string },
  serve: (upgrade: WebSocketUpgrade) => Promise<void>,
): Promise<(string | Buffer)[]> {
  const server = createServer();
  const { promise: served, resolve } = Promise.withResolvers<Promise<void>>();
  server.on('upgrade', (request, socket, head) => resolve(serve({ request, socket, head })));
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const closed = Promise.withResolvers<void>();
  const messages: (string | Buffer)[] = [];
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    protocols: protocol ? [protocol] : [],
    headers: origin ? { origin } : {},
  } as never);
  client.binaryType = 'arraybuffer';
  client.onmessage = ({ data }: { data: string | ArrayBuffer }) =>
    void messages.push(typeof data === 'string' ? data : Buffer.from(data));
  client.onclose = () => closed.resolve();
  await closed.promise;
  await served;
  server.close();
  return messages;
}
