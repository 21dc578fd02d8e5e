import assert from 'node:assert/strict';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { createHttpTransport } from './http-transport.ts';
import { warningTexts } from './server-connection.ts';
import type { Transport } from './transport.ts';

/** Plays the server's part for one request. */
type Answer = (stream: ServerHttp2Stream, path: string, body: string) => void;

describe('HTTP transport', () => {
  let server: Http2Server;
  let transport: Transport;
  let answer: Answer;

  beforeEach(async () => {
    server = createServer();
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      stream.on('error', () => {});
      let body = '';
      stream.on('data', (chunk: Buffer) => (body += chunk.toString()));
      stream.on('end', () => answer(stream, headers[':path']!, body));
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    transport = createHttpTransport({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  });
  afterEach(async () => {
    await transport.close();
    server.close();
  });

  const json = { ':status': 200, 'content-type': 'application/json' };

  it('sends and receives objects, with query and warnings', async () => {
    answer = (stream, path, body) => {
      stream.respond({ ...json, ':status': 201, warning: '299 - "old \\"thing\\"", 299 - "older"' });
      stream.end(JSON.stringify({ path, body: JSON.parse(body) as unknown }));
    };
    const response = await transport.request({
      method: 'POST',
      path: '/api/v1/pods',
      query: { dryRun: 'All', empty: undefined },
      body: { kind: 'Pod' },
    });
    assert.equal(response.status, 201);
    assert.deepEqual(response.body, { path: '/api/v1/pods?dryRun=All', body: { kind: 'Pod' } });
    assert.deepEqual(response.warnings, ['old "thing"', 'older']);
  });

  it('a watch gives whole events, however they are cut into chunks', async () => {
    answer = (stream) => {
      stream.respond(json);
      const text = ['a', 'b', 'c'].map((name) => `${JSON.stringify({ type: 'ADDED', object: { name } })}\n`).join('');
      for (let start = 0; start < text.length; start += 7) stream.write(text.slice(start, start + 7));
      stream.end();
    };
    const names: unknown[] = [];
    for await (const frame of await transport.watch({ method: 'GET', path: '/w' })) {
      names.push((frame.object as { name: string }).name);
    }
    assert.deepEqual(names, ['a', 'b', 'c']);
  });

  it('a watch that is refused throws the Status', async () => {
    answer = (stream) => {
      stream.respond({ ...json, ':status': 410 });
      stream.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', code: 410 }));
    };
    await assert.rejects(transport.watch({ method: 'GET', path: '/w' }), { name: 'StatusError', code: 410 });
  });

  it('an aborted watch ends without an error', async () => {
    const stop = new AbortController();
    answer = (stream) => {
      stream.respond(json);
      stream.write('{"type":"BOOKMARK","object":{}}\n');
    };
    const seen: string[] = [];
    for await (const frame of await transport.watch({ method: 'GET', path: '/w', signal: stop.signal })) {
      seen.push(frame.type);
      stop.abort();
    }
    assert.deepEqual(seen, ['BOOKMARK']);
  });

  it('a broken answer is a TransportError, not a short body', async () => {
    answer = (stream) => {
      stream.respond(json);
      stream.write('{"a":');
      stream.close(2);
    };
    await assert.rejects(transport.request({ method: 'GET', path: '/x' }), { name: 'TransportError' });
  });

  it('nobody there is a TransportError, and the next request tries again', async () => {
    const dead = createHttpTransport({ server: 'http://127.0.0.1:9' });
    for (let attempt = 0; attempt < 2; attempt++) {
      await assert.rejects(dead.request({ method: 'GET', path: '/' }), { name: 'TransportError' });
    }
  });

  it('an aborted request rejects with the reason', async () => {
    const stop = new AbortController();
    answer = () => stop.abort(new Error('enough'));
    await assert.rejects(transport.request({ method: 'GET', path: '/', signal: stop.signal }), /enough/);
  });
});

describe('warningTexts', () => {
  it('reads several texts of one header', () => {
    assert.deepEqual(warningTexts('299 - "a, b", 299 kts "c"'), ['a, b', 'c']);
  });
});
