import assert from 'node:assert/strict';
import { duplexPair, type Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import { settle } from '@kts/base/testing';
import { encodeData, encodePing, SpdyFrameReader, type SpdyFrame } from './frames.ts';
import { SpdyConnection } from './spdy-connection.ts';

function connect(head: Buffer = Buffer.alloc(0)): {
  connection: SpdyConnection;
  server: Duplex;
  received: SpdyFrame[];
} {
  const [client, server] = duplexPair();
  const received: SpdyFrame[] = [];
  const reader = new SpdyFrameReader();
  server.on('data', (chunk: Buffer) => received.push(...reader.push(chunk)));
  return { connection: new SpdyConnection(client, head), server, received };
}

describe('SpdyConnection', () => {
  it('hands data to its stream and says once that it has ended', async () => {
    const { connection, server } = connect();
    const seen: string[] = [];
    for (const name of ['a', 'b']) {
      const onData = (data: Buffer): void => void seen.push(`${name}:${data.toString()}`);
      connection.openStream(
        { streamType: name },
        { onData, onEnd: (broken) => seen.push(`${name} ${broken ? 'broken' : 'ended'}`) },
      );
    }
    server.write(encodeData(3, Buffer.from('2'), { fin: false }));
    server.write(encodeData(1, Buffer.from('1'), { fin: true }));
    await settle();
    server.end();
    await settle();
    assert.deepEqual(seen, ['b:2', 'a:1', 'a ended', 'b broken']);
  });

  it('reads what has come with the upgrade', async () => {
    const { received } = connect(encodePing(4));
    await settle();
    assert.deepEqual(received, [{ type: 'ping', id: 4 }]);
  });

  it('sends data and ends in order', async () => {
    const { connection, received } = connect();
    const stream = connection.openStream({ streamType: 'stdin' }, {});
    await stream.write(Buffer.from('text'));
    stream.end();
    await settle();
    assert.deepEqual(received, [
      { type: 'other' },
      { type: 'data', streamId: 1, fin: false, data: Buffer.from('text') },
      { type: 'data', streamId: 1, fin: true, data: Buffer.alloc(0) },
    ]);
  });

  it('answers pings of the other side only', async () => {
    const { server, received } = connect();
    server.write(Buffer.concat([encodePing(1), encodePing(2)]));
    await settle();
    assert.deepEqual(received, [{ type: 'ping', id: 2 }]);
  });

  it('ends everything when the other side is not understood', async () => {
    const { connection, server } = connect();
    const seen: string[] = [];
    connection.openStream({}, { onEnd: () => seen.push('ended') });
    server.write(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
    server.write(Buffer.of(0x80, 2, 0, 6, 0, 0, 0, 0));
    server.end();
    await settle();
    assert.deepEqual(seen, ['ended']);
  });
});
