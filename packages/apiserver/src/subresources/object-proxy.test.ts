import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';

import { endpoints, pods, services } from '@kts/api';

import type { ApiServerResponse } from '../response.ts';
import { chainRequest, type ChainRequestOptions } from '../testing/chain-request.ts';
import { startTestApiServer, type TestApiServer } from '../testing/index.ts';
import type { BackendConnector, BackendRequest, BackendResponse, BackendTarget } from './backend.ts';
import { isGlobalUnicast, parseNamedPort } from './proxy-target.ts';

interface Passed {
  readonly target: BackendTarget;
  readonly request: BackendRequest;
}

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

/** Tells what it was asked, and answers always the same. */
function recordingBackend(answer: Partial<BackendResponse> = {}): { backend: BackendConnector; passed: Passed[] } {
  const passed: Passed[] = [];
  const backend: BackendConnector = {
    request: (target, request) => {
      passed.push({ target, request });
      return Promise.resolve({ status: 200, headers: { 'content-type': 'text/plain' }, body: chunks('ok'), ...answer });
    },
    connect: () => Promise.reject(new Error('not for upgrades')),
  };
  return { backend, passed };
}

const namespace = 'default';
const PROXY = '/api/v1/namespaces/default/pods/web/proxy';

async function startWithPod(backend: BackendConnector, podIP = '10.244.0.5'): Promise<TestApiServer> {
  const server = await startTestApiServer({ backend });
  const pod = await server.client.create(pods, {
    metadata: { namespace, name: 'web' },
    spec: { containers: [{ name: 'web', image: 'web', ports: [{ containerPort: 8080 }] }] },
  });
  const status = { ...pod.status, phase: 'Running', podIP, podIPs: [{ ip: podIP }] } as const;
  await server.client.updateStatus(pods, { ...pod, status });
  return server;
}

interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

async function ask(server: TestApiServer, options: ChainRequestOptions): Promise<Seen> {
  return seen(await server.answer(chainRequest(options)));
}

async function seen(response: ApiServerResponse): Promise<Seen> {
  if (response.kind === 'object') {
    return { status: response.status, headers: {}, text: (response.object as { message?: string }).message ?? '' };
  }
  assert.ok(response.kind === 'bytes');
  const { status, headers = {}, body, contentType } = response;
  const parts: Uint8Array[] = body instanceof Uint8Array ? [body] : await Array.fromAsync(body);
  return {
    status,
    headers: { ...headers, 'content-type': contentType },
    text: Buffer.concat(parts).toString('latin1'),
  };
}

describe('a proxied request', () => {
  test('goes on with its method, path, query and headers', async () => {
    const { backend, passed } = recordingBackend();
    await using server = await startWithPod(backend);
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const headers = { host: 'k8s:6443', authorization: 'Bearer x', 'impersonate-user': 'y', accept: 'text/html' };
      const answer = await ask(server, { method, path: `${PROXY}/a b/../c/`, query: 'q=1', headers });
      assert.equal(answer.status, 200, method);
      const { target, request } = passed.at(-1)!;
      assert.deepEqual(target, { scheme: 'http', host: '10.244.0.5', port: 8080, identity: 'anonymous' });
      assert.equal(request.method, method);
      assert.equal(request.path, '/c/?q=1');
      assert.deepEqual(request.headers, {
        accept: 'text/html',
        host: 'k8s:6443',
        'x-forwarded-for': '192.0.2.1',
        'x-forwarded-uri': `${PROXY}/c/`,
      });
    }
  });

  test('goes on with its body while it comes', async () => {
    const { backend, passed } = recordingBackend();
    await using server = await startWithPod(backend);
    const rows: [Record<string, string>, Record<string, string>][] = [
      [{ 'content-length': '3' }, { 'content-length': '3' }],
      [{}, { 'transfer-encoding': 'chunked' }],
    ];
    for (const [headers, expected] of rows) {
      const body = Readable.from(['a', 'bc']);
      const request = chainRequest({ method: 'POST', path: `${PROXY}/`, headers });
      await server.answer({ ...request, streamBody: () => body });
      const { request: sent } = passed.at(-1)!;
      assert.equal(sent.body, body);
      const { 'content-length': length, 'transfer-encoding': encoding } = sent.headers;
      assert.deepEqual(
        { length, encoding },
        { length: expected['content-length'], encoding: expected['transfer-encoding'] },
      );
    }
  });

  test('without a path is sent to one that ends with a slash, if it reads', async () => {
    const { backend, passed } = recordingBackend();
    await using server = await startWithPod(backend);
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(server, { method, path: PROXY, query: 'a=b' });
      assert.equal(answer.status, 301);
      assert.equal(answer.headers['location'], `${PROXY}/?a=b`);
    }
    assert.equal(passed.length, 0);
    await ask(server, { method: 'POST', path: PROXY });
    await ask(server, { path: `${PROXY}/` });
    assert.deepEqual(
      passed.map(({ request }) => request.path),
      ['/', '/'],
    );
  });

  test('gets answers without what is not for a backend to say, and with links through the proxy', async () => {
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-length': '99',
      'access-control-allow-origin': '*',
      connection: 'close',
      'set-cookie': ['a=1', 'b=2'],
    };
    const { backend } = recordingBackend({ headers, body: chunks('<a href=', '"/x">é</a>') });
    await using server = await startWithPod(backend);
    const answer = await ask(server, { path: `${PROXY}/` });
    assert.equal(Buffer.from(answer.text, 'latin1').toString(), `<a href="${PROXY}/x">é</a>`);
    assert.deepEqual(answer.headers, { 'content-type': 'text/html; charset=utf-8', 'set-cookie': ['a=1', 'b=2'] });
  });

  test('gets compressed pages rewritten too', async () => {
    const headers = { 'content-type': 'text/html', 'content-encoding': 'gzip' };
    const { backend } = recordingBackend({ headers, body: chunks(gzipSync('<a href="/x">')) });
    await using server = await startWithPod(backend);
    const { text } = await ask(server, { path: `${PROXY}/` });
    assert.equal(gunzipSync(Buffer.from(text, 'latin1')).toString(), `<a href="${PROXY}/x">`);
  });

  test('is redirected through the proxy', async () => {
    const { backend } = recordingBackend({ status: 302, headers: { location: 'http://10.244.0.5:8080/login' } });
    await using server = await startWithPod(backend);
    const answer = await ask(server, { path: `${PROXY}/` });
    assert.deepEqual([answer.status, answer.headers['location']], [302, `${PROXY}/login`]);
  });

  test('is refused where it must not go', async () => {
    const { backend, passed } = recordingBackend();
    await using server = await startWithPod(backend, '127.0.0.1');
    const answer = await ask(server, { path: `${PROXY}/` });
    assert.deepEqual([answer.status, answer.text], [400, 'address not allowed']);
    assert.equal(passed.length, 0);
  });
});

describe('a service is reached', () => {
  async function startWithService(backend: BackendConnector, ip = '10.244.0.5'): Promise<TestApiServer> {
    const server = await startWithPod(backend);
    const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
    await server.client.create(services, { metadata: { namespace, name: 'web' }, spec: { ports } });
    const targetRef = { kind: 'Pod', namespace, name: 'web' };
    await server.client.create(endpoints, {
      metadata: { namespace, name: 'web' },
      subsets: [{ addresses: [{ ip, targetRef }], ports: [{ name: 'http', port: 8080 }] }],
    });
    return server;
  }

  test('by the name or the number of a port', async () => {
    const { backend, passed } = recordingBackend();
    await using server = await startWithService(backend);
    const rows: [string, number, string][] = [
      ['web:http', 200, 'ok'],
      ['web:80', 200, 'ok'],
      ['https:web:80', 200, 'ok'],
      ['web', 503, 'no endpoints available for service "web"'],
      ['web:other', 503, 'no endpoints available for service "web:other"'],
      ['web:81', 503, 'no service port 81 found for service "web"'],
      ['none:http', 404, 'endpoints "none" not found'],
      ['a:b:c', 400, 'invalid service request "a:b:c"'],
    ];
    for (const [name, status, text] of rows) {
      const answer = await ask(server, { path: `/api/v1/namespaces/default/services/${name}/proxy/` });
      assert.deepEqual([answer.status, answer.text], [status, text], name);
    }
    assert.deepEqual(
      passed.map(({ target }) => `${target.scheme}://${target.host}:${target.port}`),
      ['http://10.244.0.5:8080', 'http://10.244.0.5:8080', 'https://10.244.0.5:8080'],
    );
  });

  test('by nothing if it has no endpoints', async () => {
    const { backend } = recordingBackend();
    await using server = await startWithPod(backend);
    await server.client.create(services, { metadata: { namespace, name: 'web' }, spec: { ports: [{ port: 80 }] } });
    await server.client.create(endpoints, { metadata: { namespace, name: 'web' } });
    const answer = await ask(server, { path: '/api/v1/namespaces/default/services/http:web:80/proxy/' });
    assert.deepEqual([answer.status, answer.text], [503, 'no endpoints available for service "web"']);
  });

  test('at addresses that are its pods’ only', async () => {
    const { backend, passed } = recordingBackend();
    await using server = await startWithService(backend, '10.0.0.66');
    const answer = await ask(server, { path: '/api/v1/namespaces/default/services/web:80/proxy/' });
    assert.deepEqual([answer.status, answer.text], [503, 'no endpoints available for service "web:80"']);
    assert.equal(passed.length, 0);
  });
});

test('names in proxy paths may carry a scheme and a port', () => {
  const rows: [string, { scheme: string; name: string; port: string }][] = [
    ['web', { scheme: 'http', name: 'web', port: '' }],
    ['web:80', { scheme: 'http', name: 'web', port: '80' }],
    ['https:web:443', { scheme: 'https', name: 'web', port: '443' }],
    ['https:web:', { scheme: 'https', name: 'web', port: '' }],
  ];
  for (const [text, expected] of rows) assert.deepEqual(parseNamedPort(text, 'pod'), expected, text);
});

test('addresses that nobody else has are told from others', () => {
  const rows: [string, boolean][] = [
    ['10.0.0.1', true],
    ['fd00::1', true],
    ['', false],
    ['web', false],
    ['0.0.0.0', false],
    ['127.0.0.1', false],
    ['169.254.169.254', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::', false],
    ['::1', false],
    ['fe80::1', false],
    ['ff02::1', false],
  ];
  for (const [address, expected] of rows) assert.equal(isGlobalUnicast(address), expected, address);
});
