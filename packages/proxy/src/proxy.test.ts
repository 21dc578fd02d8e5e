import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { endpointSlices, services } from '@kts/api';
import { startTestApiServer, type TestApiServer } from '@kts/apiserver/testing';
import { silentLogger } from '@kts/base';
import { settle, type FakeClock } from '@kts/base/testing';

import { createProxy } from './proxy.ts';
import type { ServiceRoute } from './service-routes.ts';

/** Runs a proxy whose backend only remembers; `act` makes changes in between. */
async function withProxy(
  act: (
    server: TestApiServer<FakeClock>,
    applied: () => readonly string[],
    fail: (times: number) => void,
  ) => Promise<void>,
): Promise<void> {
  await using server = await startTestApiServer();
  let latest: readonly ServiceRoute[] = [];
  let failures = 0;
  const backend = {
    apply: (routes: readonly ServiceRoute[]): Promise<void> => {
      if (failures-- > 0) return Promise.reject(new Error('the kernel said no'));
      latest = routes;
      return Promise.resolve();
    },
    cleanUp: () => Promise.resolve(),
  };
  const proxy = createProxy(
    { nodeName: 'here' },
    { ...server, log: silentLogger, backends: new Map([['IPv4', backend]]) },
  );
  const stop = new AbortController();
  const running = proxy.run(stop.signal);
  await proxy.ready;
  const applied = (): readonly string[] =>
    latest.map((route) => `${route.id} -> ${route.clusterBackends.map((each) => each.ip).join(' ')}`);
  await act(server, applied, (times) => (failures = times));
  stop.abort();
  await running;
}

const makeService = async (server: TestApiServer, name: string): Promise<void> => {
  await server.client.create(services, {
    metadata: { name, namespace: 'default' },
    spec: { clusterIP: '10.96.0.20', clusterIPs: ['10.96.0.20'], ports: [{ port: 80, name: 'http' }] },
  });
};

const makeSlice = async (server: TestApiServer, name: string, ip: string): Promise<void> => {
  await server.client.create(endpointSlices, {
    metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
  });
};

describe('proxy', () => {
  it('follows Services and their endpoints', () =>
    withProxy(async (server, applied) => {
      await makeService(server, 'web');
      await makeSlice(server, 'web', '10.244.0.5');
      await server.clock.advance(100);
      assert.ok(applied().includes('default/web:http/tcp -> 10.244.0.5'));
      await server.client.delete(services, { namespace: 'default', name: 'web' });
      await server.clock.advance(100);
      assert.ok(!applied().some((line) => line.startsWith('default/web')));
    }));

  it('tries again when the rules could not be applied', () =>
    withProxy(async (server, applied, fail) => {
      fail(1);
      await makeService(server, 'web');
      await server.clock.advance(100);
      assert.deepEqual(applied(), []);
      await server.clock.advance(1_000);
      await settle();
      assert.deepEqual(applied(), ['default/web:http/tcp -> ']);
    }));
});
