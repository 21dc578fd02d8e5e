import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { persistentVolumeClaims, persistentVolumes } from '@kts/api';
import type { PersistentVolume, PersistentVolumeClaim } from '@kts/api/types/core-v1';
import type { New } from '@kts/apimachinery';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const CLAIM = { namespace: 'default', name: 'data' };
const VOLUME = { name: 'pv' };

const newVolume: New<PersistentVolume> = {
  metadata: VOLUME,
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'manual',
    persistentVolumeReclaimPolicy: 'Retain',
    hostPath: { path: '/data' },
  },
};
const newClaim: New<PersistentVolumeClaim> = {
  metadata: CLAIM,
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'manual', resources: { requests: { storage: '1Gi' } } },
};

async function phases(cluster: ControllerHarness): Promise<readonly (string | undefined)[]> {
  const { items: volumes } = await cluster.client.list(persistentVolumes);
  const { items: claims } = await cluster.client.list(persistentVolumeClaims);
  return [...volumes, ...claims].map(({ status }) => status?.phase);
}

describe('the PersistentVolume controller', () => {
  it('binds a claim to a volume, whichever comes first', async () => {
    await using cluster = await startControllers(['persistentvolume-binder-controller']);
    await cluster.client.create(persistentVolumeClaims, newClaim);
    await cluster.settle();
    assert.deepEqual(await phases(cluster), ['Pending']);
    await cluster.client.create(persistentVolumes, newVolume);
    await cluster.settle();
    assert.deepEqual(await phases(cluster), ['Bound', 'Bound']);
    const { spec, status } = await cluster.client.get(persistentVolumeClaims, CLAIM);
    assert.deepEqual([spec?.volumeName, status?.capacity], ['pv', { storage: '1Gi' }]);
  });

  it('releases the volume of a claim that is gone, and says that a volume is lost', async () => {
    await using cluster = await startControllers(['persistentvolume-binder-controller']);
    await cluster.client.create(persistentVolumes, newVolume);
    await cluster.client.create(persistentVolumeClaims, newClaim);
    await cluster.settle();
    const strip = { metadata: { finalizers: null } };
    await cluster.client.patch(persistentVolumeClaims, CLAIM, { type: 'merge', body: strip });
    await cluster.client.delete(persistentVolumeClaims, CLAIM);
    await cluster.settle();
    assert.deepEqual(await phases(cluster), ['Released']);
    await cluster.client.patch(persistentVolumes, VOLUME, { type: 'merge', body: { spec: { claimRef: null } } });
    await cluster.client.create(persistentVolumeClaims, newClaim);
    await cluster.settle();
    assert.deepEqual(await phases(cluster), ['Bound', 'Bound']);
    await cluster.client.patch(persistentVolumes, VOLUME, { type: 'merge', body: strip });
    await cluster.client.delete(persistentVolumes, VOLUME);
    await cluster.settle();
    assert.deepEqual(await phases(cluster), ['Lost']);
  });
});
