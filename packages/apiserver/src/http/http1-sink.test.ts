import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { test } from 'node:test';

import { http1Sink } from './http1-sink.ts';
import { warningHeaders } from './warning-header.ts';

test('headers are written as the bytes they are, with the head and before any body', async () => {
  const server = createServer((_request, response) => {
    const sink = http1Sink(response);
    sink.head(200, { warning: [...warningHeaders(['unknown field "é"'])], 'content-length': 2 }, false);
    sink.end(new TextEncoder().encode('ok'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of client) chunks.push(chunk as Buffer);
  server.close();
  const text = Buffer.concat(chunks).toString('utf8');
  assert.match(text, /warning: 299 - "unknown field \\"é\\""/i);
  assert.match(text, /\r\n\r\nok$/);
});
