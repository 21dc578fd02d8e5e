import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Node, Service } from '@kts/api/types/core-v1';
import type { EndpointSlice } from '@kts/api/types/discovery-v1';
import { silentLogger } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { ownNetwork } from '@kts/host-linux';

import { listenAddress } from '../listen-address.ts';
import { HealthCheckServers } from './health-check-servers.ts';
import { ProxyHealth } from './proxy-health.ts';
import { ProxyMetrics } from './proxy-metrics.ts';
import { startProxyServers } from './proxy-server.ts';
import { serviceHealthBody, serviceHealthChecks } from './service-health.ts';

const metadata = { namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
const node = (change: Partial<Node['spec']> = {}): Node => ({ metadata: { ...metadata, name: 'here' }, spec: change });

describe('the health of the proxy', () => {
  it('is good while changes are applied within a minute', async () => {
    const clock = new FakeClock();
    const health = new ProxyHealth(clock);
    assert.equal(health.healthy, true, 'it has just started');
    health.updated('IPv4');
    health.queued('IPv4');
    await clock.advance(59_999);
    assert.equal(health.healthy, true);
    await clock.advance(1);
    assert.equal(health.healthy, false);
    assert.deepEqual(health.live(), {
      healthy: false,
      body: {
        lastUpdated: '2026-01-01T00:00:00Z',
        currentTime: '2026-01-01T00:01:00Z',
        healthy: false,
        status: { IPv4: { lastUpdated: '2026-01-01T00:00:00Z', healthy: false } },
      },
    });
    health.updated('IPv4');
    assert.equal(health.healthy, true);
  });

  const eligible: readonly (readonly [string, Node | undefined, boolean])[] = [
    ['its node is there', node(), true],
    ['its node is not there', undefined, false],
    [
      'its node is deleted',
      { ...node(), metadata: { ...node().metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
      false,
    ],
    [
      'its node is to be deleted',
      node({ taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] }),
      false,
    ],
  ];
  for (const [name, object, expected] of eligible) {
    it(`${name}: ${expected ? 'ready' : 'not ready'}`, () => {
      const { healthy, body } = new ProxyHealth(new FakeClock()).ready(object);
      assert.equal(healthy, expected);
      assert.equal((body as { nodeEligible: boolean }).nodeEligible, expected);
    });
  }
});

describe('health checks of Services', () => {
  const service = (spec: Partial<Service['spec']>): Service => ({
    metadata: { ...metadata, name: 'web' },
    spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000, ...spec },
  });
  const slice: EndpointSlice = {
    metadata: { ...metadata, name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['10.0.0.1'], nodeName: 'here', conditions: { ready: true } },
      { addresses: ['10.0.0.1'], nodeName: 'here', conditions: {} },
      { addresses: ['10.0.0.2'], nodeName: 'here', conditions: { ready: false, serving: true, terminating: true } },
      { addresses: ['10.0.0.3'], nodeName: 'there', conditions: { ready: true } },
    ],
  };

  const table: readonly (readonly [string, Partial<Service['spec']>, number | undefined])[] = [
    ['count the ready endpoints of this node', {}, 1],
    ['are for policy Local only', { externalTrafficPolicy: 'Cluster' }, undefined],
    ['are for load balancers only', { type: 'NodePort' }, undefined],
    ['need a port', { healthCheckNodePort: 0 }, undefined],
  ];
  for (const [name, spec, expected] of table) {
    it(name, () => {
      assert.equal(serviceHealthChecks([service(spec)], [slice], 'here').get(31_000)?.localEndpoints, expected);
    });
  }

  it('answer as upstream does', () => {
    assert.equal(
      serviceHealthBody({ namespace: 'default', name: 'web', localEndpoints: 2 }, true),
      '{\n\t"service": {\n\t\t"namespace": "default",\n\t\t"name": "web"\n\t},\n\t"localEndpoints": 2,\n\t"serviceProxyHealthy": true\n}',
    );
  });

  it('listen as long as they are wanted', async () => {
    let proxyHealthy = true;
    const servers = new HealthCheckServers({
      network: ownNetwork,
      log: silentLogger,
      isProxyHealthy: () => proxyHealthy,
    });
    const port = 32_700 + (process.pid % 60);
    const health = (localEndpoints: number) => new Map([[port, { namespace: 'default', name: 'web', localEndpoints }]]);
    const ask = () => fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
    await servers.apply(health(2));
    const answer = await ask();
    assert.deepEqual([answer.status, answer.headers.get('x-load-balancing-endpoint-weight')], [200, '2']);
    assert.equal(((await answer.json()) as { localEndpoints: number }).localEndpoints, 2);
    await servers.apply(health(0));
    assert.equal((await ask()).status, 503);
    await servers.apply(health(1));
    proxyHealthy = false;
    assert.equal((await ask()).status, 503);
    proxyHealthy = true;
    await servers.apply(health(1), ['127.0.0.2']);
    await assert.rejects(ask());
    assert.equal((await fetch(`http://127.0.0.2:${port}/`, { headers: { connection: 'close' } })).status, 200);
    await servers.apply(health(1));
    assert.equal((await ask()).status, 200);
    await servers.close();
    await assert.rejects(ask());
  });
});

describe('the servers of the proxy', () => {
  it('show its health, its mode and what it has done', async () => {
    const clock = new FakeClock();
    const health = new ProxyHealth(clock);
    const metrics = new ProxyMetrics();
    metrics.serviceChanged(1000);
    metrics.synced(2000, 3);
    metrics.syncFailed();
    metrics.withoutLocalEndpoints({ internal: 1, external: 2 });
    const at = { address: '127.0.0.1', port: 0 };
    const { ports, close } = await startProxyServers(
      { healthz: at, metrics: at },
      { network: ownNetwork, health, metrics, node: () => undefined },
    );
    const text = async (index: number, path: string): Promise<string> => {
      const response = await fetch(`http://127.0.0.1:${ports[index]}${path}`);
      return `${response.status} ${await response.text()}`;
    };
    assert.match(await text(0, '/healthz'), /^503 .*"nodeEligible":false/);
    assert.match(await text(0, '/livez'), /^200 .*"healthy":true/);
    assert.match(await text(0, '/metrics'), /^404 /);
    assert.equal(await text(1, '/proxyMode'), '200 nftables');
    const shown = await text(1, '/metrics');
    for (const line of [
      'kubeproxy_sync_proxy_rules_duration_seconds_bucket{le="0.002"} 0',
      'kubeproxy_sync_proxy_rules_duration_seconds_bucket{le="0.004"} 1',
      'kubeproxy_sync_proxy_rules_duration_seconds_count 1',
      'kubeproxy_sync_proxy_rules_last_timestamp_seconds 2',
      'kubeproxy_sync_proxy_rules_service_changes_total 1',
      'kubeproxy_sync_proxy_rules_nftables_sync_failures_total 1',
      'kubeproxy_sync_proxy_rules_no_local_endpoints_total{traffic_policy="external"} 2',
    ]) {
      assert.ok(shown.split('\n').includes(line), line);
    }
    await close();
  });

  it('have addresses as flags say', () => {
    assert.deepEqual(listenAddress('0.0.0.0:10256'), { address: '0.0.0.0', port: 10_256 });
    assert.deepEqual(listenAddress('[::1]:1'), { address: '::1', port: 1 });
    for (const text of ['0.0.0.0', '1:x', '1:70000', ''])
      assert.throws(() => listenAddress(text), /is not ADDRESS:PORT/);
  });
});
