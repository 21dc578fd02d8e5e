import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { GrpcError } from './grpc-error.ts';
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
  let serve: () => Promise<{ readonly close: () => void }>;
  const { signal } = new AbortController();
  /** Calls that the server was told nobody waits for any more. */
  const cancelled: string[] = [];
  const path = (): string => join(directory, 's.sock');

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'grpc-socket-'));
    const handlers = {
      Echo: {
        say: async (words: Words, signal: AbortSignal) => {
          if (words.text === 'refuse') throw new GrpcError('NotFound', 'no such words');
          if (words.text === 'wait') await once(signal, 'abort').then(() => cancelled.push('say'));
          if (words.text === 'break') throw new Error('out of order');
          return words;
        },
        count: async function* ({ text }: Words) {
          for (let value = 1; value <= text.length; value++) yield { value };
          if (text === 'no') throw new GrpcError('Aborted', 'enough');
        },
      },
    };
    serve = () => serveSocket(path(), codec, handlers);
    server = await serve();
    socket = connectSocket(path(), codec);
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
      (error) => GrpcError.is(error, 'Aborted'),
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

  it('gives up a call at its deadline, and when its caller does', async () => {
    await assert.rejects(socket.call('Echo', 'say', { text: 'wait' }, { timeoutMs: 20 }), {
      message: 'rpc error: code = DeadlineExceeded desc = context deadline exceeded',
    });
    const stop = new AbortController();
    const call = socket.call('Echo', 'say', { text: 'wait' }, { signal: stop.signal });
    stop.abort(new Error('not needed'));
    await assert.rejects(call, { message: 'not needed' });
    await assert.rejects(socket.call('Echo', 'say', { text: 'a' }, { signal: stop.signal }), { message: 'not needed' });
    await socket.call('Echo', 'say', { text: 'what comes after the ends of the others' });
    assert.deepEqual(cancelled, ['say']);
  });

  it('carries large messages, and refuses those that are too large', async () => {
    const text = 'a'.repeat(12_000_000);
    const [one, two] = await Promise.all([1, 2].map(() => socket.call('Echo', 'say', { text }) as Promise<Words>));
    assert.deepEqual([one!.text === text, two!.text === text], [true, true]);
    await assert.rejects(
      socket.call('Echo', 'say', { text: 'a'.repeat(17_000_000) }),
      (error) => GrpcError.is(error, 'ResourceExhausted') && !error.wasSent,
    );
  });

  it('carries long streams whole', async () => {
    let count = 0;
    for await (const _message of socket.stream('Echo', 'count', { text: 'a'.repeat(5000) }, signal)) {
      if (++count % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(count, 5000);
  });

  it('says what the other side does not know', async () => {
    const strange = new ProtoCodec({
      package: 'test.v1',
      services: { Echo: { Sing: { req: 'W', res: 'W' } }, Song: { Sing: { req: 'W', res: 'W' } } },
      enums: {},
      messages: { W: { fields: {} } },
    });
    const other = connectSocket(path(), strange);
    await assert.rejects(other.call('Echo', 'sing', {}), {
      message: 'rpc error: code = Unimplemented desc = unknown method Sing for service test.v1.Echo',
    });
    await assert.rejects(other.call('Song', 'sing', {}), {
      message: 'rpc error: code = Unimplemented desc = unknown service test.v1.Song',
    });
    other.close();
  });

  it('connects again after the other side was gone', async () => {
    server.close();
    await assert.rejects(socket.call('Echo', 'say', { text: 'a' }), (error) => GrpcError.is(error, 'Unavailable'));
    server = await serve();
    assert.equal(((await socket.call('Echo', 'say', { text: 'again' })) as Words).text, 'again');
  });

  it('says that nobody is there', async () => {
    const nobody = connectSocket(join(directory, 'none.sock'), codec);
    await assert.rejects(nobody.call('Echo', 'say', { text: 'a' }), {
      message: `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix ${join(directory, 'none.sock')}: connect: no such file or directory"`,
    });
    nobody.close();
  });
});
