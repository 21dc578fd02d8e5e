import assert from 'node:assert/strict';
import { connect, type ClientHttp2Session } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { seededRandom, silentLogger, systemClock } from '@kts/base';
import { badRequest, type KubeObject } from '@kts/apimachinery';
import { createMemoryStore } from '@kts/store';

import { ensurePki, issueClient } from './pki/cluster-pki.ts';
import { memoryFiles } from './pki/pki-files.ts';
import { createApiServer, type ApiServer } from './server.ts';
import type { ApiServerRequest } from './request.ts';
import type { ApiServerResponse, WatchStreamEvent } from './response.ts';
import type { CreateResourceServer } from './resource-server.ts';

const MASTER = { name: 'admin', groups: ['system:masters'] };

/** Of another cluster, whose users the server believes. */
const OTHER_PKI = ensurePki({ files: memoryFiles(), clock: systemClock, random: seededRandom(3) });

/** Answers a few requests about config maps, and empty watches of everything else. */
const fewResources: CreateResourceServer = () => ({
  count: () => 0,
  start: () => Promise.resolve(),
  close: () => {},
  handler: answerFew,
});

async function answerFew(request: ApiServerRequest): Promise<ApiServerResponse> {
  const { info } = request;
  const body = await request.readBody();
  if (body?.kind === 'object') return { kind: 'object', status: 201, object: body.object as object };
  if (info.verb === 'watch') return { kind: 'watch', watch: watchOf(info.resource === 'configmaps' ? 3 : 0) };
  if (info.verb === 'list') {
    const entries = Array.from({ length: Number(request.query.get('limit') ?? 0) }, (_, i) => entry(`cm-${i}`));
    const list = { apiVersion: 'v1', listKind: 'ConfigMapList', resourceVersion: '9', entries };
    return { kind: 'list', list };
  }
  if (info.name === 'broken') throw new TypeError('a bug');
  if (info.name === 'bad') throw badRequest('that is wrong');
  request.warnings.push('say "hello"');
  return { kind: 'entry', status: 200, entry: entry(info.name) };
}

function configMap(name: string): KubeObject {
  const metadata = { name, namespace: 'd', uid: 'u', resourceVersion: '5', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

function entry(name: string) {
  const bytes = new TextEncoder().encode(JSON.stringify(configMap(name)));
  return {
    key: `/registry/configmaps/d/${name}`,
    namespace: 'd',
    name,
    revision: 5,
    labels: undefined,
    object: () => configMap(name),
    glance: () => configMap(name),
    jsonPieces: () => [bytes.subarray(0, 10), bytes.subarray(10)],
    jsonItemPieces: () => [bytes],
    metadataPieces: () => [],
  };
}

function watchOf(count: number) {
  const bookmark = { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } };
  const events: WatchStreamEvent[] = [
    ...Array.from({ length: count }, (_, i) => watchEvent('ADDED', configMap(`cm-${i}`))),
    watchEvent('BOOKMARK', bookmark),
  ];
  return {
    start: (sink: { send(events: readonly WatchStreamEvent[]): boolean; end(): void }) => {
      sink.send(events);
      if (count > 0) sink.end();
    },
    drained: () => {},
    close: () => {},
    onEnd: () => {},
  };
}

function watchEvent(type: 'ADDED' | 'BOOKMARK', object: object): WatchStreamEvent {
  const frame = new TextEncoder().encode(`${JSON.stringify({ type, object })}\n`);
  return { type, object: () => object, jsonFrame: () => frame };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

function send(session: ClientHttp2Session, path: string, headers: object = {}, body?: Buffer): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const method = body ? 'POST' : 'GET';
  const stream = session.request({ ':path': path, ':method': method, ...headers }, { endStream: !body });
  let head: Record<string, unknown> = {};
  const chunks: Buffer[] = [];
  stream.on('response', (received) => (head = { ...received }));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => resolve({ status: Number(head[':status']), headers: head, body: Buffer.concat(chunks) }));
  stream.on('error', reject);
  if (body) stream.end(body);
  return promise;
}

describe('API server over TLS', () => {
  const stop = new AbortController();
  let server: ApiServer;
  let running: Promise<void>;
  let admin: ClientHttp2Session;
  let nobody: ClientHttp2Session;

  before(async () => {
    const deps = {
      clock: systemClock,
      random: seededRandom(1),
      log: silentLogger,
      store: createMemoryStore({ clock: systemClock }),
    };
    const secure = { host: '127.0.0.1', port: 0 };
    const clientAuthorities = [OTHER_PKI.authority.certificate];
    server = createApiServer({ secure, clientAuthorities }, { ...deps, resources: fewResources });
    running = server.run(stop.signal);
    await server.ready;
    const url = `https://127.0.0.1:${server.address!.port}`;
    const ca = server.pki.authority.certificate;
    const identity = { commonName: 'jane', organizations: ['system:masters'] };
    const client = issueClient(deps, server.pki.authority, identity);
    admin = connect(url, { ca, cert: client.certificate, key: client.key });
    nobody = connect(url, { ca });
  });

  after(async () => {
    admin.destroy();
    nobody.destroy();
    stop.abort();
    await running;
  });

  it('answers a stored object with its bytes, its warnings and the usual headers', async () => {
    const { status, headers, body } = await send(admin, '/api/v1/namespaces/d/configmaps/web');
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body.toString()), configMap('web'));
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['cache-control'], 'no-cache, private');
    assert.equal(headers['warning'], '299 - "say \\"hello\\""');
    assert.match(String(headers['audit-id']), /^[0-9a-f-]{36}$/);
  });

  const failures: readonly [string, string, number, string][] = [
    ['a known error', '/api/v1/namespaces/d/configmaps/bad', 400, 'that is wrong'],
    ['a bug', '/api/v1/namespaces/d/configmaps/broken', 500, 'Internal error occurred'],
    ['an unknown resource', '/api/v1/things', 404, 'the server could not find the requested resource'],
    [
      'a bad timeout',
      '/api/v1/pods?timeout=soon',
      400,
      'invalid timeout specified in the request URL - time: invalid duration "soon"',
    ],
  ];
  for (const [name, path, code, message] of failures) {
    it(`answers ${name} with a Status`, async () => {
      const { status, body } = await send(admin, path);
      const object = JSON.parse(body.toString()) as Record<string, unknown>;
      assert.deepEqual([status, object['kind'], object['message']], [code, 'Status', message]);
    });
  }

  it('answers paths outside of every API in plain text', async () => {
    const { status, body } = await send(admin, '/apis/nowhere.example/v1/things');
    assert.deepEqual([status, body.toString()], [404, '404 page not found\n']);
  });

  it('refuses who may not', async () => {
    const { status, body } = await send(nobody, '/api/v1/namespaces/d/configmaps/web');
    assert.equal(status, 403);
    assert.match(body.toString(), /User \\"system:anonymous\\" cannot get resource \\"configmaps\\"/);
  });

  describe('behind a front proxy', () => {
    const remote = { 'x-remote-user': 'ann', 'x-remote-group': ['devs', 'ops'], 'x-remote-extra-team%2Fname': 'blue' };
    const rows: readonly [
      name: string,
      authority: 'authority' | 'frontProxyAuthority',
      commonName: string,
      headers: object,
      status: number,
      text: RegExp,
    ][] = [
      ['believes its headers', 'frontProxyAuthority', 'front-proxy-client', remote, 403, /User \\"ann\\" cannot get/],
      [
        'gives groups',
        'frontProxyAuthority',
        'front-proxy-client',
        { ...remote, 'x-remote-group': ['system:masters'] },
        200,
        /ConfigMap/,
      ],
      ['refuses other names', 'frontProxyAuthority', 'somebody', remote, 401, /Unauthorized/],
      ['knows no user without headers', 'frontProxyAuthority', 'front-proxy-client', {}, 401, /Unauthorized/],
      [
        'does not believe users',
        'authority',
        'front-proxy-client',
        remote,
        403,
        /User \\"front-proxy-client\\" cannot/,
      ],
    ];
    for (const [name, authority, commonName, headers, status, text] of rows) {
      it(name, async () => {
        const proxy = issueClient({ clock: systemClock, random: seededRandom(2) }, server.pki[authority], {
          commonName,
        });
        const url = `https://127.0.0.1:${server.address!.port}`;
        const session = connect(url, { ca: server.pki.authority.certificate, cert: proxy.certificate, key: proxy.key });
        const answer = await send(session, '/api/v1/namespaces/d/configmaps/web', headers);
        session.destroy();
        assert.equal(answer.status, status);
        assert.match(answer.body.toString(), text);
      });
    }
  });

  describe('client certificates of other authorities', () => {
    const rows = [
      ['believes users of one that it was told of', OTHER_PKI.authority, 200],
      ['believes nobody else', OTHER_PKI.frontProxyAuthority, 401],
    ] as const;
    for (const [name, authority, status] of rows) {
      it(name, async () => {
        const identity = { commonName: 'joe', organizations: ['system:masters'] };
        const { certificate, key } = issueClient({ clock: systemClock, random: seededRandom(4) }, authority, identity);
        const url = `https://127.0.0.1:${server.address!.port}`;
        const session = connect(url, { ca: server.pki.authority.certificate, cert: certificate, key });
        const answer = await send(session, '/api/v1/namespaces/d/configmaps/web');
        session.destroy();
        assert.equal(answer.status, status);
      });
    }
  });

  it('refuses tokens that nobody issued', async () => {
    const { status } = await send(nobody, '/healthz', { authorization: 'Bearer wrong' });
    assert.equal(status, 401);
  });

  it('streams lists in pieces', async () => {
    const { body, headers } = await send(admin, '/api/v1/configmaps?limit=2000');
    const list = JSON.parse(body.toString()) as { items: KubeObject[]; metadata: object; kind: string };
    assert.deepEqual([list.kind, list.items.length, list.metadata], ['ConfigMapList', 2000, { resourceVersion: '9' }]);
    assert.equal(list.items[1999]?.metadata.name, 'cm-1999');
    assert.equal(headers['content-encoding'], undefined);
  });

  it('compresses large answers for those who can take it', async () => {
    const large = await send(admin, '/api/v1/configmaps?limit=2000', { 'accept-encoding': 'gzip' });
    assert.equal(large.headers['content-encoding'], 'gzip');
    const list = JSON.parse(gunzipSync(large.body).toString()) as { items: unknown[] };
    assert.equal(list.items.length, 2000);
    const small = await send(admin, '/api/v1/configmaps?limit=2', { 'accept-encoding': 'gzip' });
    assert.equal(small.headers['content-encoding'], undefined);
  });

  it('writes the frames of a watch', async () => {
    const { body } = await send(admin, '/api/v1/configmaps?watch=true');
    const types = body
      .toString()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type);
    assert.deepEqual(types, ['ADDED', 'ADDED', 'ADDED', 'BOOKMARK']);
  });

  it('speaks HTTP/1.1, with long paths', async () => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const options = { port: server.address!.port, host: '127.0.0.1', ca: server.pki.authority.certificate };
    const path = `/version?command=${'a'.repeat(20_000)}`;
    const token = httpsRequest({ ...options, path }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(`${response.statusCode} ${text}`));
    });
    token.on('error', reject);
    token.end();
    assert.match(await promise, /^403 /);
  });

  it('hands objects over in process', async () => {
    const transport = server.inProcessTransport(MASTER);
    const answer = await transport.request({ method: 'GET', path: '/api/v1/namespaces/d/configmaps/web' });
    assert.deepEqual(answer, { status: 200, body: configMap('web'), warnings: ['say "hello"'] });
    const encoded = await transport.request({ method: 'GET', path: '/api/v1/namespaces/d/configmaps/w%65b' });
    assert.deepEqual(encoded.body, answer.body);
    const names: string[] = [];
    for await (const frame of await transport.watch({ method: 'GET', path: '/api/v1/configmaps' })) {
      names.push(`${frame.type} ${(frame.object as KubeObject).metadata.name}`);
    }
    assert.deepEqual(names, ['ADDED cm-0', 'ADDED cm-1', 'ADDED cm-2', 'BOOKMARK undefined']);
  });
});
