import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import { createServer as createTcpServer, Socket, type AddressInfo, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';

import { silentLogger } from '@kts/base';
import { ownNetwork } from '@kts/host-linux';

import { createRegistryProxy, registryProxyEnvironment } from './registry-proxy.ts';

const PASSWORD = 'open sesame';
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
const ALLOWED = basic(`containerd:${PASSWORD}`);

describe('the proxy to image registries', () => {
  /** Answers with what it was asked, over HTTP. */
  const registry = createServer((incoming, response) => {
    void text(incoming).then((body) => {
      const { method, url, headers } = incoming;
      response.writeHead(201, { 'x-registry': 'yes' });
      response.end(JSON.stringify({ method, url, body, host: headers.host, secret: headers['proxy-authorization'] }));
    });
  });
  /** Stands for TLS: sends back what it gets. */
  const echo = createTcpServer((socket) => socket.pipe(socket));
  const proxy = createRegistryProxy(
    { password: PASSWORD, clusterRanges: ['10.244.0.0/16', '10.96.0.0/12'], localRegistries: ['kts.local'] },
    { network: ownNetwork, log: silentLogger },
  );
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;

  before(async () => {
    for (const server of [registry, echo, proxy]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
  });
  after(() => {
    for (const server of [registry, echo, proxy]) server.close();
    proxy.closeAllConnections();
  });

  async function forward(url: string, authorization = ALLOWED): Promise<IncomingMessage & { body: string }> {
    const headers = { 'proxy-authorization': authorization, host: new URL(url).host };
    const asked = request({ port: portOf(proxy), method: 'PUT', path: url, headers, agent: false });
    asked.end('a blob');
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return Object.assign(answer, { body: await text(answer) });
  }

  /** The status line that CONNECT is answered with, and the connection. */
  async function connect(target: string, authorization = ALLOWED): Promise<readonly [string, Socket]> {
    const socket = new Socket().connect(portOf(proxy), '127.0.0.1');
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Authorization: ${authorization}\r\n\r\n`);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    return [chunk.toString().split('\r\n')[0]!, socket];
  }

  it('forwards HTTP, without what is its own', async () => {
    const host = `127.0.0.1:${portOf(registry)}`;
    const answer = await forward(`http://${host}/v2/a/blobs?digest=b`);
    assert.deepEqual([answer.statusCode, answer.headers['x-registry']], [201, 'yes']);
    assert.deepEqual(JSON.parse(answer.body), { method: 'PUT', url: '/v2/a/blobs?digest=b', body: 'a blob', host });
  });

  it('tunnels TLS', async () => {
    const [status, socket] = await connect(`127.0.0.1:${portOf(echo)}`);
    assert.equal(status, 'HTTP/1.1 200 Connection established');
    socket.write('hello');
    assert.equal(String((await once(socket, 'data'))[0]), 'hello');
    socket.end();
    await once(socket, 'end');
  });

  const refused: readonly (readonly [target: string, authorization: string, status: number, reason: RegExp])[] = [
    ['registry.example:443', '', 407, /for pulling images only/],
    ['registry.example:443', basic('containerd:guess'), 407, /for pulling images only/],
    ['registry.example:443', basic(`other:${PASSWORD}`), 407, /for pulling images only/],
    ['kts.local:443', ALLOWED, 404, /kts image load/],
    ['10.244.1.2:443', ALLOWED, 403, /not outside/],
    ['10.100.0.1:5000', ALLOWED, 403, /not outside/],
  ];
  for (const [target, authorization, status, reason] of refused) {
    it(`answers ${status} to ${target} with ${authorization || 'nothing'}`, async () => {
      const [line, socket] = await connect(target, authorization);
      assert.match(line, new RegExp(`^HTTP/1.1 ${status} .*${reason.source}`));
      socket.destroy();
      const answer = await forward(`http://${target}/v2/`, authorization);
      assert.equal(answer.statusCode, status);
      assert.match(answer.body, reason);
    });
  }

  it('says why a registry cannot be reached', async () => {
    const closed = createTcpServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const host = `127.0.0.1:${portOf(closed)}`;
    closed.close();
    const [line, socket] = await connect(host);
    assert.match(line, /^HTTP\/1.1 502 connect ECONNREFUSED/);
    socket.destroy();
    const answer = await forward(`http://${host}/v2/`);
    assert.deepEqual([answer.statusCode, /ECONNREFUSED/.test(answer.body)], [502, true]);
  });

  it('tells containerd where it is, and what not to ask it for', () => {
    const url = 'http://containerd:secret@10.245.0.1:10054';
    assert.deepEqual(
      registryProxyEnvironment({ password: 'secret' }, '10.245.0.1:10054', ['10.244.0.0/16', '10.245.0.11']),
      {
        HTTP_PROXY: url,
        HTTPS_PROXY: url,
        NO_PROXY: '10.244.0.0/16,10.245.0.11',
      },
    );
  });
});
