import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { CriError } from '../cri-error.ts';
import { connectSocket, serveSocket, type GrpcSocket } from './grpc-socket.ts';
import { ProtoCodec } from './proto-codec.ts';

const codec = new ProtoCodec({
  package: 'test.v1',
  services: {
    Echo: {
      Say: { req: 'Words', res: 'Words' },
      Count: { req: 'Words', res: 'Number', serverStream: true },
    },
  },
  enums: { Mood: { CALM: 0, LOUD: 1 } },
  messages: {
    Words: {
      fields: {
        text: { n: 1, type: 'string' },
        mood: { n: 2, type: 'Mood' },
        labels: { n: 3, map: ['string', 'string'] },
        next_words: { n: 4, type: 'Words', repeated: true },
      },
    },
    Number: { fields: { value: { n: 1, type: 'int64' } } },
  },
});

interface Words {
  readonly text: string;
  readonly mood?: string;
}

describe('a Unix socket with gRPC', () => {
  let directory: string;
  let server: { readonly close: () => void };
  let socket: GrpcSocket;
  const signal = new AbortController().signal;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'grpc-socket-'));
    const path = join(directory, 's.sock');
    server = await serveSocket(path, codec, {
      Echo: {
        say: async (words: Words) => {
          if (words.text === 'refuse') throw new CriError('NotFound', 'no such words');
          if (words.text === 'break') throw new Error('out of order');
          return words;
        },
        count: async function* ({ text }: Words) {
          for (let value = 1; value <= text.length; value++) yield { value };
          if (text === 'no') throw new CriError('Aborted', 'enough');
        },
      },
    });
    socket = connectSocket(path, codec);
  });
  after(() => {
    socket.close();
    server.close();
    rmSync(directory, { recursive: true });
  });

  it('carries messages, with what was left out', async () => {
    const words = { text: 'a', mood: 'LOUD', labels: { b: 'c' }, nextWords: [{ text: 'd', labels: {} }] };
    assert.deepEqual(await socket.call('Echo', 'say', words), {
      ...words,
      nextWords: [{ text: 'd', mood: 'CALM', labels: {}, nextWords: [] }],
    });
  });

  it('carries errors with their codes', async () => {
    await assert.rejects(socket.call('Echo', 'say', { text: 'refuse' }), {
      message: 'rpc error: code = NotFound desc = no such words',
    });
    await assert.rejects(socket.call('Echo', 'say', { text: 'break' }), {
      message: 'rpc error: code = Unknown desc = out of order',
    });
  });

  it('carries streams, and why they break', async () => {
    const seen: { value: number }[] = [];
    for await (const message of socket.stream('Echo', 'count', { text: 'abc' }, signal))
      seen.push(message as { value: number });
    assert.deepEqual(seen, [{ value: 1 }, { value: 2 }, { value: 3 }]);
    await assert.rejects(
      async () => {
        for await (const message of socket.stream('Echo', 'count', { text: 'no' }, signal))
          seen.push(message as { value: number });
      },
      (error) => CriError.is(error, 'Aborted'),
    );
    assert.equal(seen.length, 5);
  });

  it('ends a stream that nobody wants any more', async () => {
    const stop = new AbortController();
    let count = 0;
    for await (const _message of socket.stream('Echo', 'count', { text: 'abcdefgh' }, stop.signal)) {
      if (++count === 2) stop.abort();
    }
    assert.ok(count < 8);
  });

  it('says that nobody is there', async () => {
    const nobody = connectSocket(join(directory, 'none.sock'), codec);
    await assert.rejects(
      nobody.call('Echo', 'say', { text: 'a' }, { timeoutMs: 500 }),
      (error) => CriError.is(error, 'Unavailable') || CriError.is(error, 'DeadlineExceeded'),
    );
    nobody.close();
  });
});
