import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { describe, it } from 'node:test';

import { createHttpTransport } from './http-transport.ts';
import type { HttpTransportOptions } from './tls-options.ts';
import type { Transport } from './transport.ts';

/** A self-signed certificate for 127.0.0.1 and localhost, made for these tests alone; valid for a hundred years. */
const cert = readFileSync(new URL('testdata/loopback.crt', import.meta.url));
const key = readFileSync(new URL('testdata/loopback.key', import.meta.url));

/** Runs `work` with a transport to a server that listens for its duration. */
async function against(
  server: Server,
  options: Omit<HttpTransportOptions, 'server'> & { readonly scheme?: string; readonly host?: string },
  work: (transport: Transport) => Promise<void>,
): Promise<void> {
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await listening;
  const { scheme = 'https', host = '127.0.0.1', ...rest } = options;
  const { port } = server.address() as AddressInfo;
  const transport = createHttpTransport({ server: `${scheme}://${host}:${port}/base`, ...rest });
  try {
    await work(transport);
  } finally {
    await transport.close();
    server.close();
  }
}

/** Answers every request with what it was. */
function http2Server(sessions: ServerHttp2Session[] = []): Http2SecureServer {
  const server = createSecureServer({ cert, key });
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.end(JSON.stringify({ http: 2, path: headers[':path'], authorization: headers.authorization }));
  });
  return server;
}

function http1Server(): Server {
  return createHttpsServer({ cert, key }, (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (request.url?.endsWith('/broken')) {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{');
        response.destroy();
        return;
      }
      const json = { 'content-type': 'application/json' };
      if (request.url?.includes('watch=true')) {
        response.writeHead(200, json);
        response.write('{"type":"BOOKMARK","object":{}}\n');
      } else {
        response.writeHead(201, { ...json, warning: '299 - "old"' });
        response.end(JSON.stringify({ http: 1, path: request.url, body }));
      }
    });
  });
}

describe('connections over TLS', () => {
  for (const host of ['127.0.0.1', 'localhost']) {
    it(`use HTTP/2 to ${host}`, async () => {
      const sessions: ServerHttp2Session[] = [];
      await against(http2Server(sessions), { host, authority: cert, token: 'secret' }, async (transport) => {
        const ask = async (): Promise<unknown> => (await transport.request({ method: 'GET', path: '/x' })).body;
        const expected = { http: 2, path: '/base/x', authorization: 'Bearer secret' };
        assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [expected, expected, expected]);
        assert.equal(sessions.length, 1);
      });
    });
  }

  it('are made anew after the server has closed one', async () => {
    const sessions: ServerHttp2Session[] = [];
    await against(http2Server(sessions), { authority: cert }, async (transport) => {
      await transport.request({ method: 'GET', path: '/x' });
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      sessions[0]!.on('close', resolve);
      sessions[0]!.close();
      await closed;
      assert.equal((await transport.request({ method: 'GET', path: '/x' })).status, 200);
      assert.equal(sessions.length, 2);
    });
  });

  it('refuse a server that nobody vouches for', async () => {
    await against(http2Server(), {}, async (transport) => {
      await assert.rejects(transport.request({ method: 'GET', path: '/' }), { name: 'TransportError' });
    });
  });

  it('fall back to HTTP/1.1', async () => {
    await against(http1Server(), { authority: cert }, async (transport) => {
      const response = await transport.request({ method: 'POST', path: '/x', body: { a: 'ä' } });
      assert.deepEqual(response, {
        status: 201,
        body: { http: 1, path: '/base/x', body: '{"a":"ä"}' },
        warnings: ['old'],
      });
      await assert.rejects(transport.request({ method: 'GET', path: '/broken' }), { name: 'TransportError' });
      const stop = new AbortController();
      const seen: string[] = [];
      for await (const frame of await transport.watch({ method: 'GET', path: '/w', signal: stop.signal })) {
        seen.push(frame.type);
        stop.abort();
      }
      assert.deepEqual(seen, ['BOOKMARK']);
    });
  });
});

describe('a server that says nothing', () => {
  it('is given up after a ping', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.resume();
    });
    await against(server, { scheme: 'http', pingAfterMs: 10, pingTimeoutMs: 10 }, async (transport) => {
      await assert.rejects(transport.request({ method: 'GET', path: '/' }), { name: 'TransportError' });
    });
  });

  it('does not hold a request whose signal is aborted while connecting', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.resume();
    });
    const stop = new AbortController();
    server.on('connection', (socket) => {
      stop.abort(new Error('enough'));
      socket.destroy();
    });
    await against(server, { authority: cert }, async (transport) => {
      await assert.rejects(transport.request({ method: 'GET', path: '/', signal: stop.signal }), /enough/);
    });
  });
});
