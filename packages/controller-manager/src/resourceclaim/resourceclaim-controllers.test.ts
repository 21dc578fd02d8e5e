import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { events, pods, resourceClaims, resourceClaimTemplates } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import type { New } from '@kts/apimachinery';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const KEY = { namespace: 'default', name: 'web' };
const pod: New<Pod> = {
  metadata: KEY,
  spec: {
    containers: [{ name: 'main', image: 'web:1', resources: { claims: [{ name: 'dev' }] } }],
    resourceClaims: [{ name: 'dev', resourceClaimTemplateName: 'tpl' }],
  },
};

const start = (): Promise<ControllerHarness> =>
  startControllers(['resourceclaim-controller', 'garbage-collector-controller']);

async function addTemplate({ client }: ControllerHarness): Promise<void> {
  const requests = [{ name: 'r', exactly: { deviceClassName: 'gpu.test' } }];
  await client.create(resourceClaimTemplates, {
    metadata: { namespace: 'default', name: 'tpl' },
    spec: { spec: { devices: { requests } } },
  });
}

describe('the resource claim controller', () => {
  it('makes one claim from a template, and says so on the pod', async () => {
    await using cluster = await start();
    await addTemplate(cluster);
    await cluster.client.create(pods, pod);
    await cluster.settle();
    const { items } = await cluster.client.list(resourceClaims, { namespace: 'default' });
    assert.equal(items.length, 1);
    const { status } = await cluster.client.get(pods, KEY);
    assert.deepEqual(status?.resourceClaimStatuses, [{ name: 'dev', resourceClaimName: items[0]?.metadata.name }]);
  });

  it('waits for the template, and says that it does', async () => {
    await using cluster = await start();
    await cluster.client.create(pods, pod);
    await cluster.settle();
    const [told] = (await cluster.client.list(events, { namespace: 'default' })).items;
    assert.match(told?.message ?? '', /^PodResourceClaim dev: resource claim template "tpl": .* not found$/);
    await addTemplate(cluster);
    await cluster.settle();
    assert.equal((await cluster.client.list(resourceClaims, { namespace: 'default' })).items.length, 1);
  });

  it('releases and deletes the claim of a pod that has ended', async () => {
    await using cluster = await start();
    await addTemplate(cluster);
    const { metadata } = await cluster.client.create(pods, pod);
    await cluster.settle();
    const [claim] = (await cluster.client.list(resourceClaims, { namespace: 'default' })).items;
    const reservedFor = [{ resource: 'pods', name: 'web', uid: metadata.uid }];
    const allocation = { devices: { results: [{ request: 'r', driver: 'd.test', pool: 'p', device: 'x' }] } };
    await cluster.client.updateStatus(resourceClaims, { ...claim!, status: { allocation, reservedFor } });
    await cluster.settle();
    assert.equal((await cluster.client.list(resourceClaims, { namespace: 'default' })).items.length, 1);
    await cluster.client.patchStatus(pods, KEY, { type: 'merge', body: { status: { phase: 'Succeeded' } } });
    await cluster.settle();
    assert.deepEqual((await cluster.client.list(resourceClaims, { namespace: 'default' })).items, []);
  });
});
