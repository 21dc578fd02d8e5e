import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { configMaps, resourceQuotas } from '@kts/api';

import { startControllers } from '../testing/controller-harness.ts';

const KEY = { namespace: 'default', name: 'quota' };

describe('the ResourceQuota controller', () => {
  it('counts what was there before the quota, and what goes', async () => {
    await using cluster = await startControllers(['resourcequota-controller']);
    const used = async (): Promise<unknown> => (await cluster.client.get(resourceQuotas, KEY)).status?.used;
    const config = { namespace: 'default', name: 'a' };
    await cluster.client.create(configMaps, { metadata: config });
    const hard = { configmaps: '2', 'count/deployments.apps': '1' };
    await cluster.client.create(resourceQuotas, { metadata: KEY, spec: { hard } });
    await cluster.clock.advance(200);
    await cluster.settle();
    assert.deepEqual(await used(), { configmaps: '1', 'count/deployments.apps': '0' });
    await cluster.client.delete(configMaps, config);
    await cluster.settle();
    assert.deepEqual(await used(), { configmaps: '0', 'count/deployments.apps': '0' });
  });
});
