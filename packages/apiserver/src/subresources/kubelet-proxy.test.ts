import assert from 'node:assert/strict';
import { connect as connectTcp, createServer, type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';

import { nodes, pods } from '@kts/api';
import type { Status } from '@kts/apimachinery';

import { chainRequest } from '../testing/chain-request.ts';
import { startTestApiServer, type TestApiServer } from '../testing/index.ts';
import type { BackendConnector, BackendResponse } from './backend.ts';
import { joinConnections } from './forward-upgrade.ts';
import { socketBackend, type Dial } from './socket-backend.ts';

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function startWithPod(backend: BackendConnector): Promise<TestApiServer> {
  const server = await startTestApiServer({ backend });
  const node = await server.client.create(nodes, { metadata: { name: 'node' }, spec: {} });
  const addresses = [{ type: 'InternalIP', address: '127.0.0.9' }] as const;
  await server.client.updateStatus(nodes, { ...node, status: { ...node.status, addresses } });
  const spec = { nodeName: 'node', containers: [{ name: 'main', image: 'web' }] };
  await server.client.create(pods, { metadata: { namespace: 'default', name: 'web' }, spec });
  return server;
}

const answering = (answer: () => Promise<Partial<BackendResponse>>, paths: string[] = []): BackendConnector => ({
  request: async (_, { path }) => {
    paths.push(path);
    return { status: 200, headers: {}, body: chunks(''), ...(await answer()) };
  },
  connect: () => Promise.reject(new Error('not for upgrades')),
});

const LOG = '/api/v1/namespaces/default/pods/web/log';

describe('logs', () => {
  test('are asked for with parameters in the order of the alphabet', async () => {
    const paths: string[] = [];
    await using server = await startWithPod(answering(() => Promise.resolve({}), paths));
    for (const query of ['', 'timestamps=true&tailLines=3&previous=true']) {
      await server.answer(chainRequest({ path: LOG, query }));
    }
    const path = '/containerLogs/default/web/main';
    assert.deepEqual(paths, [path, `${path}?previous=true&tailLines=3&timestamps=true`]);
  });

  test('are refused for parameters that make no sense', async () => {
    await using server = await startWithPod(answering(() => Promise.resolve({})));
    const response = await server.answer(chainRequest({ path: LOG, query: 'tailLines=-1' }));
    assert.ok(response.kind === 'object');
    assert.equal(
      (response.object as Status).message,
      'PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    );
  });

  const refused = Object.assign(new Error('connect ECONNREFUSED'), {
    code: 'ECONNREFUSED',
    address: '127.0.0.9',
    port: 10_250,
  });
  const says = (status: number, text: string) => () => Promise.resolve({ status, body: chunks(text) });
  const rows: readonly [string, () => Promise<Partial<BackendResponse>>, number, string | undefined, string][] = [
    ['a bad request', says(400, 'no such container'), 400, 'BadRequest', 'no such container'],
    ['an error', says(500, 'oh'), 500, 'InternalError', 'Internal error occurred: oh'],
    ['nothing', says(404, 'gone'), 404, 'NotFound', 'the server could not find the requested resource ( pods/log web)'],
    [
      'no connection',
      () => Promise.reject(refused),
      500,
      undefined,
      'Get "https://127.0.0.9:10250/containerLogs/default/web/main": dial tcp 127.0.0.9:10250: connect: connection refused',
    ],
  ];
  for (const [name, answer, code, reason, message] of rows) {
    test(`that are ${name} at the kubelet`, async () => {
      await using server = await startWithPod(answering(answer));
      const response = await server.answer(chainRequest({ path: LOG }));
      assert.ok(response.kind === 'object');
      const status = response.object as Status;
      assert.deepEqual([status.code, status.reason, status.message], [code, reason, message]);
    });
  }
});

test('a connection that is not made in time is an error', async () => {
  const never: Dial = (port) => connectTcp({ port, host: 'nowhere.invalid', lookup: () => {} });
  const backend = socketBackend({ certificate: '', key: '' }, never, 1);
  const target = { scheme: 'https', host: '127.0.0.9', port: 10_250, identity: 'kubelet' } as const;
  await assert.rejects(backend.connect(target), { message: 'dial tcp 127.0.0.9:10250: i/o timeout' });
});

test('connections are not joined to one that has ended meanwhile', () => {
  const ends = [new PassThrough(), new PassThrough()] as const;
  ends[0].destroy();
  joinConnections(...ends);
  assert.ok(ends[1].destroyed);
});

test('a connection that is refused is an error of the caller, and no other', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const backend = socketBackend({ certificate: '', key: '' });
  for (const scheme of ['http', 'https'] as const) {
    const target = { scheme, host: '127.0.0.1', port, identity: 'anonymous' } as const;
    await assert.rejects(backend.connect(target), { code: 'ECONNREFUSED' });
  }
});
