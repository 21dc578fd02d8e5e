import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createWrittenVersions } from './written-versions.ts';

const KEY = { namespace: 'default', name: 'web' };
const written = (resourceVersion: string) => ({
  metadata: { name: 'pod', uid: 'uid', creationTimestamp: '2026-01-01T00:00:00Z', resourceVersion },
});

describe('written versions', () => {
  for (const [cacheVersion, isCaughtUp] of [
    ['', false],
    ['9', false],
    ['10', true],
    ['100', true],
  ] as const) {
    it(`a cache at '${cacheVersion}' ${isCaughtUp ? 'shows' : 'does not show'} what was written at 10`, () => {
      const versions = createWrittenVersions();
      versions.wrote(KEY, { resourceVersion: cacheVersion }, written('10'));
      assert.equal(versions.isCaughtUp(KEY), isCaughtUp);
      assert.equal(versions.isCaughtUp({ ...KEY, name: 'other' }), true);
    });
  }

  it('waits for every cache, until the object is forgotten', () => {
    const versions = createWrittenVersions();
    versions.wrote(KEY, { resourceVersion: '10' }, written('10'));
    versions.wrote(KEY, { resourceVersion: '10' }, written('12'));
    assert.equal(versions.isCaughtUp(KEY), false);
    versions.forget(KEY);
    assert.equal(versions.isCaughtUp(KEY), true);
  });
});
