import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PersistentVolume } from '@kts/api/types/core-v1';
import { assumeVolumes } from './assumed-volumes.ts';
import { listers } from './testing/index.ts';

const volume = (name: string, resourceVersion: string, claim?: string): PersistentVolume => ({
  metadata: { name, uid: `uid-${name}`, resourceVersion, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { ...(claim && { claimRef: { name: claim } }) },
});

describe('assumeVolumes', () => {
  const known: PersistentVolume[] = [volume('a', '1'), volume('b', '1')];
  const { listers: overlaid, assumptions } = assumeVolumes(listers({ persistentVolumes: known }));
  const claimOf = (name: string) => overlaid.persistentVolumes.get({ name })?.spec?.claimRef?.name;

  it('shows what was assumed, also in lists, until it is taken back', () => {
    assumptions.assumeVolume(volume('a', '1', 'c'));
    assert.deepEqual([claimOf('a'), claimOf('b')], ['c', undefined]);
    assert.deepEqual(
      overlaid.persistentVolumes.list().map(({ spec }) => spec?.claimRef?.name),
      ['c', undefined],
    );
    assumptions.forgetVolume('a');
    assert.equal(claimOf('a'), undefined);
  });

  it('believes the cluster as soon as it has another version', () => {
    assumptions.assumeVolume(volume('b', '0', 'c'));
    assert.equal(claimOf('b'), undefined);
  });
});
