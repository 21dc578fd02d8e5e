import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { endpointSlices, services } from '@kts/api';
import { startTestApiServer } from '@kts/apiserver/testing';
import { silentLogger } from '@kts/base';
import { settle } from '@kts/base/testing';
import { createInformers } from '@kts/controlkit';

import { clusterRecords } from './dns.ts';
import { resolve } from './resolve.ts';

describe('cluster records', () => {
  it('a new Service is found by name and by address, and is gone when it is deleted', async () => {
    await using server = await startTestApiServer();
    const informers = createInformers({ ...server, log: silentLogger });
    const records = clusterRecords(informers);
    const stop = new AbortController();
    const running = informers.run(stop.signal);
    await informers.synced();

    const key = { namespace: 'default', name: 'web' };
    const ip = '10.96.0.20';
    await server.client.create(services, {
      metadata: key,
      spec: { clusterIP: ip, clusterIPs: [ip], ports: [{ port: 80 }] },
    });
    await server.client.create(endpointSlices, {
      metadata: { ...key, name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.244.0.5'] }],
    });
    await settle();
    const ask = (name: string, type: string): unknown =>
      resolve({ name, type }, records, { zone: 'cluster.local', ttl: 5 });
    assert.deepEqual(ask('web.default.svc.cluster.local', 'A'), {
      outcome: 'answers',
      answers: [{ name: 'web.default.svc.cluster.local', type: 'A', ttl: 5, data: ip }],
      additionals: [],
    });
    assert.equal(records.serviceByIP(ip)?.metadata.name, 'web');
    assert.equal(records.slicesByIP('10.244.0.5')[0]?.metadata.name, 'web-1');
    assert.equal(records.slices('default', 'web').length, 1);
    assert.equal(records.hasNamespace('default'), true);

    await server.client.delete(services, key);
    await settle();
    assert.deepEqual(ask('web.default.svc.cluster.local', 'A'), { outcome: 'nxdomain' });
    stop.abort();
    await running;
  });
});
