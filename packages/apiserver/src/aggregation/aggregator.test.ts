import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, it } from 'node:test';

import { apiServices, endpointSlices, services } from '@kts/api';
import { createLogger, seededRandom, systemClock } from '@kts/base';
import { Client } from '@kts/client';
import { createMemoryStore } from '@kts/store';

import { ensurePki } from '../pki/cluster-pki.ts';
import { memoryFiles } from '../pki/pki-files.ts';
import type { InProcessServer, RemoteRequest } from './remote-client.ts';
import { createApiServer, type ApiServer, type ApiServerDeps } from '../server.ts';

const USER = { name: 'jane', groups: ['system:masters', 'system:authenticated'], extra: { scope: ['a'] } };
const NAME = 'v1beta1.metrics.k8s.io';
const namespace = 'default';
const RESOURCES = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: 'metrics.k8s.io/v1beta1',
  resources: [{ name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] }],
};

interface Extension extends AsyncDisposable {
  readonly port: number;
  readonly caBundle: string;
  /** The last request that was no discovery. */
  last: IncomingMessage | undefined;
}

/** Another API server, on the loopback interface. */
async function startExtension(): Promise<Extension> {
  const pki = ensurePki({
    files: memoryFiles(),
    clock: systemClock,
    random: seededRandom(1),
    names: ['metrics.default.svc'],
    serviceAddress: '127.0.0.1',
  });
  const options = { cert: pki.serving.certificate, key: pki.serving.key, requestCert: true, rejectUnauthorized: false };
  const server = createServer(options, (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/apis/metrics.k8s.io/v1beta1') response.end(JSON.stringify(RESOURCES));
    else if (request.url === '/openapi/v3') response.writeHead(404).end();
    else {
      extension.last = request;
      response.end(JSON.stringify({ kind: 'NodeMetrics', metadata: { name: 'n1' } }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const extension: Extension = {
    port: (server.address() as AddressInfo).port,
    caBundle: Buffer.from(pki.authority.certificate).toString('base64'),
    last: undefined,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return extension;
}

interface Running extends AsyncDisposable {
  readonly server: ApiServer;
  readonly client: Client;
  get(path: string, headers?: Record<string, string>): Promise<unknown>;
}

/** A whole API server, for which every address leads to the extension. */
async function startServer(
  extension: Pick<Extension, 'port'>,
  deps: Pick<ApiServerDeps, 'inProcessServers'> = {},
): Promise<Running> {
  const stop = new AbortController();
  const store = createMemoryStore({ clock: systemClock });
  const server = createApiServer(
    {},
    {
      store,
      clock: systemClock,
      random: seededRandom(2),
      log: createLogger({ clock: systemClock, write: () => {} }),
      dial: () => connect({ port: extension.port, host: '127.0.0.1' }),
      ...deps,
    },
  );
  const running = server.run(stop.signal);
  await server.ready;
  const transport = server.inProcessTransport(USER);
  return {
    server,
    client: new Client(transport),
    get: async (path) => (await transport.request({ method: 'GET', path })).body,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
      await store.close();
    },
  };
}

async function register({ client }: Running, { caBundle }: Pick<Extension, 'caBundle'>): Promise<void> {
  const service = { namespace, name: 'metrics' };
  await client.create(apiServices, {
    metadata: { name: NAME },
    spec: {
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      service,
      caBundle,
      groupPriorityMinimum: 100,
      versionPriority: 10,
    },
  });
}

async function createBackend({ client }: Running): Promise<void> {
  await client.create(services, { metadata: { namespace, name: 'metrics' }, spec: { ports: [{ port: 443 }] } });
  await client.create(endpointSlices, {
    metadata: { namespace, name: 'metrics', labels: { 'kubernetes.io/service-name': 'metrics' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.1'] }],
    ports: [{ name: '', port: 8443 }],
  });
}

/** Waits for the condition with this reason; its message. */
async function reason(running: Running, wanted: string): Promise<string> {
  for await (const { object } of running.client.watch(apiServices, { fieldSelector: `metadata.name=${NAME}` })) {
    const condition = (object as { status?: { conditions?: readonly { reason?: string; message?: string }[] } }).status
      ?.conditions?.[0];
    if (condition?.reason === wanted) return condition.message ?? '';
  }
  return assert.fail(`never ${wanted}`);
}

describe('another API server', () => {
  it('answers for its group version, in the name of the user', async () => {
    await using extension = await startExtension();
    await using running = await startServer(extension);
    await createBackend(running);
    await register(running, extension);
    assert.equal(await reason(running, 'Passed'), 'all checks passed');

    assert.deepEqual(await running.get('/apis/metrics.k8s.io/v1beta1/nodes/n1'), {
      kind: 'NodeMetrics',
      metadata: { name: 'n1' },
    });
    const { headers, socket, url } = extension.last!;
    assert.equal(url, '/apis/metrics.k8s.io/v1beta1/nodes/n1');
    assert.equal(headers['x-remote-user'], 'jane');
    assert.equal(headers['x-remote-group'], 'system:masters, system:authenticated');
    assert.equal(headers['x-remote-extra-scope'], 'a');
    assert.equal((socket as TLSSocket).getPeerCertificate().subject.CN, 'front-proxy-client');

    const groups = (await running.get('/apis')) as { groups: readonly { name: string; preferredVersion: object }[] };
    const group = groups.groups.find(({ name }) => name === 'metrics.k8s.io');
    assert.deepEqual(group?.preferredVersion, { groupVersion: 'metrics.k8s.io/v1beta1', version: 'v1beta1' });
    assert.deepEqual(await running.get('/apis/metrics.k8s.io/v1beta1'), RESOURCES);
    const index = JSON.stringify(await running.get('/apis/metrics.k8s.io'));
    assert.match(index, /"groupVersion":"metrics.k8s.io\/v1beta1"/);
  });

  it('is found missing as long as there is no service, and is not asked meanwhile', async () => {
    await using extension = await startExtension();
    await using running = await startServer(extension);
    await register(running, extension);
    assert.equal(await reason(running, 'ServiceNotFound'), 'service/metrics in "default" is not present');
    const transport = running.server.inProcessTransport(USER);
    const answer = await transport.request({ method: 'GET', path: '/apis/metrics.k8s.io/v1beta1/nodes' });
    assert.equal(answer.status, 503);
    assert.equal(extension.last, undefined);
  });

  it('is not believed with another certificate than its authority signs', async () => {
    await using extension = await startExtension();
    await using other = await startExtension();
    await using running = await startServer(extension);
    await createBackend(running);
    await register(running, other);
    const message = await reason(running, 'FailedDiscoveryCheck');
    assert.match(
      message,
      /^failing or missing response from https:\/\/metrics.default.svc:443\/apis\/metrics.k8s.io\/v1beta1: Get/,
    );
    assert.match(message, /certificate signed by unknown authority$/);
  });

  it('may be part of the same process, without a Service', async () => {
    const asked: RemoteRequest[] = [];
    const answer: InProcessServer = async (request) => {
      asked.push(request);
      const value = request.path === '/apis/metrics.k8s.io/v1beta1' ? RESOURCES : { kind: 'NodeMetrics' };
      async function* body(): AsyncGenerator<Uint8Array, void> {
        yield Buffer.from(JSON.stringify(value));
      }
      return { status: 200, headers: { 'content-type': 'application/json' }, body: body() };
    };
    await using running = await startServer({ port: 1 }, { inProcessServers: new Map([['default/metrics', answer]]) });
    await register(running, { caBundle: '' });
    await reason(running, 'Passed');
    assert.deepEqual(await running.get('/apis/metrics.k8s.io/v1beta1/nodes/n1'), { kind: 'NodeMetrics' });
    const { method, path, headers } = asked.at(-1)!;
    assert.deepEqual(
      [method, path, headers['x-remote-user']],
      ['GET', '/apis/metrics.k8s.io/v1beta1/nodes/n1', 'jane'],
    );
  });

  it('leaves nothing behind when it goes', async () => {
    await using extension = await startExtension();
    await using running = await startServer(extension);
    await createBackend(running);
    await register(running, extension);
    await reason(running, 'Passed');
    await running.client.delete(apiServices, { name: NAME });
    const { groups } = (await running.get('/apis')) as { groups: readonly { name: string }[] };
    assert.ok(!groups.some(({ name }) => name === 'metrics.k8s.io'));
  });
});
