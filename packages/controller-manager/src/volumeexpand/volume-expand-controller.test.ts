import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { events, persistentVolumeClaims, persistentVolumes } from '@kts/api';

import { podOn } from '../nodes/testing/node-objects.ts';
import { startControllers } from '../testing/controller-harness.ts';
import { awaitsExpansion } from './volume-expand-controller.ts';

const { metadata } = podOn({ name: 'c' });

describe('awaitsExpansion', () => {
  for (const [name, asked, has, annotations, expected] of [
    ['as much as it has', '1Gi', '1Gi', {}, false],
    ['more', '2Gi', '1Gi', {}, true],
    ['less', '1Gi', '2Gi', {}, false],
    ['the same in other words', '1024Mi', '1Gi', {}, false],
    ['being resized', '1Gi', '1Gi', { 'volume.alpha.kubernetes.io/pre-resize-capacity': '1Gi' }, true],
  ] as const) {
    it(`${name}: ${expected}`, () => {
      const claim = {
        metadata,
        spec: { resources: { requests: { storage: asked } } },
        status: { capacity: { storage: has } },
      };
      assert.equal(awaitsExpansion({ claim, volume: { metadata: { ...metadata, annotations }, spec: {} } }), expected);
    });
  }
});

describe('the expand controller', () => {
  it('says that somebody else has to make a volume larger', async () => {
    await using cluster = await startControllers(['persistentvolume-expander-controller']);
    const { client } = cluster;
    const common = { accessModes: ['ReadWriteOnce'], storageClassName: 's' } as const;
    const key = { namespace: 'default', name: 'c' };
    const claim = await client.create(persistentVolumeClaims, {
      metadata: key,
      spec: { ...common, volumeName: 'v', resources: { requests: { storage: '2Gi' } } },
    });
    const claimRef = { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'c', uid: claim.metadata.uid };
    await client.create(persistentVolumes, {
      metadata: { name: 'v' },
      spec: { ...common, claimRef, capacity: { storage: '1Gi' }, csi: { driver: 'csi.test', volumeHandle: 'h' } },
    });
    await cluster.settle();
    await client.patchStatus(persistentVolumeClaims, key, {
      type: 'merge',
      body: { status: { phase: 'Bound', capacity: { storage: '1Gi' } } },
    });
    await cluster.settle();
    const told = (await client.list(events, { namespace: 'default' })).items;
    assert.deepEqual(
      told.map(({ reason, message }) => [reason, message]),
      [['ExternalExpanding', 'waiting for an external controller to expand this PVC']],
    );
  });
});
