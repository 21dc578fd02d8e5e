import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';

import { socketBackend } from './socket-backend.ts';

test('bodies go on whole or as they come, whatever the method', async () => {
  const server = createServer((incoming, response) => {
    void buffer(incoming).then((body) => response.end(`${incoming.method} ${body.length}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const backend = socketBackend({ certificate: '', key: '' });
  const target = { scheme: 'http', host: '127.0.0.1', port, identity: 'anonymous' } as const;
  const chunked = { 'transfer-encoding': 'chunked' };
  const ask = async (method: string, body?: Uint8Array | Readable, headers: Record<string, string> = {}) => {
    const { signal } = new AbortController();
    const answer = await backend.request(target, { method, path: '/', headers, signal, ...(body ? { body } : {}) });
    return Buffer.concat(await Array.fromAsync(answer.body)).toString();
  };
  const pieces = (): Readable => Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(100_000)));
  try {
    assert.equal(await ask('GET'), 'GET 0');
    assert.equal(await ask('POST', Buffer.alloc(3)), 'POST 3');
    assert.equal(await ask('POST', pieces(), { 'content-length': '6400000' }), 'POST 6400000');
    assert.equal(await ask('PUT', pieces(), chunked), 'PUT 6400000');
    assert.equal(await ask('DELETE', pieces(), chunked), 'DELETE 6400000');
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
