import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { ipAddresses, serviceCIDRs } from '@kts/api';

import { startControllers } from '../testing/controller-harness.ts';

const KEY = { name: 'extra' };

describe('the service range controller', () => {
  it('says that a range is ready, and keeps it until its addresses are gone', async () => {
    await using cluster = await startControllers(['service-cidr-controller']);
    const { client } = cluster;
    await client.create(serviceCIDRs, { metadata: KEY, spec: { cidrs: ['10.210.0.0/24'] } });
    await client.create(ipAddresses, {
      metadata: {
        name: '10.210.0.7',
        labels: {
          'ipaddress.kubernetes.io/ip-family': 'IPv4',
          'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
        },
      },
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } },
    });
    await cluster.settle();
    const condition = async (): Promise<string | undefined> =>
      (await client.get(serviceCIDRs, KEY)).status?.conditions
        ?.map(({ status, reason }) => `${status} ${reason}`)
        .join();
    assert.equal(await condition(), 'True ');
    await client.delete(serviceCIDRs, KEY);
    await cluster.clock.advance(20_000);
    await cluster.settle();
    assert.equal(await condition(), 'False Terminating');
    await client.delete(ipAddresses, { name: '10.210.0.7' });
    await cluster.clock.advance(20_000);
    await cluster.settle();
    assert.deepEqual(
      (await client.list(serviceCIDRs)).items.filter(({ metadata }) => metadata.name === KEY.name),
      [],
    );
  });
});
