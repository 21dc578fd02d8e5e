import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { persistentVolumeClaims, persistentVolumes, volumeAttributesClasses } from '@kts/api';
import { isNotFound } from '@kts/apimachinery';

import { podOn } from '../nodes/testing/node-objects.ts';
import { startControllers } from '../testing/controller-harness.ts';
import { CLASS_FINALIZER, classesOfClaim, classesOfVolume } from './volume-attributes-class-protection.ts';

/** Volumes and claims are protected, too, and stay for ever without the others. */
const CONTROLLERS = ['volumeattributesclass', 'persistentvolumeclaim', 'persistentvolume'].map(
  (name) => `${name}-protection-controller`,
);

const { metadata } = podOn({ name: 'c' });

describe('classesOfClaim', () => {
  for (const [name, spec, status, expected] of [
    ['none', {}, {}, []],
    ['wanted', { volumeAttributesClassName: 'a' }, {}, ['a']],
    ['had', {}, { currentVolumeAttributesClassName: 'a' }, ['a']],
    ['on the way', {}, { modifyVolumeStatus: { status: 'Pending', targetVolumeAttributesClassName: 'a' } }, ['a']],
    ['wanted and had', { volumeAttributesClassName: 'a' }, { currentVolumeAttributesClassName: 'b' }, ['a', 'b']],
    ['wanted and had alike', { volumeAttributesClassName: 'a' }, { currentVolumeAttributesClassName: 'a' }, ['a']],
    ['of no name', { volumeAttributesClassName: '' }, {}, []],
  ] as const) {
    it(name, () => assert.deepEqual(classesOfClaim({ metadata, spec, status }), expected));
  }
});

describe('classesOfVolume', () => {
  it('takes what it has', () => {
    assert.deepEqual(classesOfVolume({ metadata, spec: { volumeAttributesClassName: 'a' } }), ['a']);
    assert.deepEqual(classesOfVolume({ metadata, spec: {} }), []);
  });
});

describe('the protection of attribute classes', () => {
  it('keeps a deleted class until nobody has it', async () => {
    await using cluster = await startControllers(CONTROLLERS);
    const { client } = cluster;
    const [gold, claim, volume] = [{ name: 'gold' }, { namespace: 'default', name: 'c' }, { name: 'v' }];
    await client.create(volumeAttributesClasses, { metadata: gold, driverName: 'csi.test', parameters: { iops: '1' } });
    const common = {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 's',
      volumeAttributesClassName: 'gold',
    } as const;
    await client.create(persistentVolumeClaims, {
      metadata: claim,
      spec: { ...common, resources: { requests: { storage: '1Gi' } } },
    });
    await client.create(persistentVolumes, {
      metadata: volume,
      spec: { ...common, capacity: { storage: '1Gi' }, csi: { driver: 'csi.test', volumeHandle: 'h' } },
    });
    await cluster.settle();
    assert.deepEqual((await client.get(volumeAttributesClasses, gold)).metadata.finalizers, [CLASS_FINALIZER]);
    await client.delete(volumeAttributesClasses, gold);
    await client.delete(persistentVolumeClaims, claim);
    await cluster.settle();
    await client.get(volumeAttributesClasses, gold);
    await client.delete(persistentVolumes, volume);
    await cluster.settle();
    await assert.rejects(client.get(volumeAttributesClasses, gold), isNotFound);
  });
});
