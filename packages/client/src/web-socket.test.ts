import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { WebSocketServer } from 'ws';

import { openWebSocket } from './web-socket.ts';

describe('openWebSocket', () => {
  let http: Server;
  let server: string;

  beforeEach(async () => {
    http = createServer((_, response) => {
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Forbidden', code: 403 }),
      );
    });
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered].at(-1) ?? false });
    http.on('upgrade', (request, socket, head) => {
      if (request.url?.startsWith('/refuse')) {
        const body = '{"kind":"Status","status":"Failure","reason":"Forbidden","code":403}';
        socket.end(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
        return;
      }
      sockets.handleUpgrade(request, socket, head, (opened) => {
        opened.send(`${request.url} ${request.headers.authorization}`);
        opened.close();
      });
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    http.listen(0, '127.0.0.1', resolve);
    await promise;
    server = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    http.closeAllConnections();
    http.close();
  });

  it('carries query and token, and tells the protocol', async () => {
    const request = { path: '/exec', query: { command: 'ls' }, protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'] };
    const socket = await openWebSocket({ server, token: 'secret' }, request);
    assert.equal(socket.protocol, 'v4.channel.k8s.io');
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.on('message', (data: Buffer) => resolve(data.toString()));
    socket.resume();
    assert.equal(await promise, '/exec?command=ls Bearer secret');
  });

  it('throws the Status of a server that refuses', async () => {
    await assert.rejects(openWebSocket({ server }, { path: '/refuse', protocols: ['a'] }), {
      name: 'StatusError',
      code: 403,
      reason: 'Forbidden',
    });
  });

  it('nobody there is a TransportError', async () => {
    const dead = openWebSocket({ server: 'http://127.0.0.1:9' }, { path: '/', protocols: ['a'] });
    await assert.rejects(dead, { name: 'TransportError' });
  });
});
