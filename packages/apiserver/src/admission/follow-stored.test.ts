import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mutatingAdmissionPolicies } from '@kts/api';
import { silentLogger } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import type { KubeObject } from '@kts/apimachinery';
import { createMemoryStore } from '@kts/store';

import { CacheFeed } from '../cache/cache-feed.ts';
import { encodeStored } from '../cache/stored-json.ts';
import { ResourceStorages } from '../registry/resource-storage.ts';
import { followStored } from './follow-stored.ts';

async function follow() {
  const store = createMemoryStore({ clock: new FakeClock() });
  const feed = new CacheFeed(store, silentLogger);
  const storages = new ResourceStorages(feed);
  await feed.start();
  const storage = storages.of(mutatingAdmissionPolicies);
  const put = (name: string) => {
    const stored = {
      kind: 'MutatingAdmissionPolicy',
      apiVersion: 'admissionregistration.k8s.io/v1beta1',
      metadata: { name },
      spec: {},
    };
    return store.put(storage.keyOf('', name), encodeStored(stored as unknown as KubeObject));
  };
  await put('first');
  const seen: string[] = [];
  const follower = await followStored({ storages, feed, log: silentLogger }, mutatingAdmissionPolicies, (objects) => {
    seen.push(
      [...objects.values()]
        .map(({ metadata, apiVersion }) => `${metadata.name} ${apiVersion?.split('/')[1]}`)
        .join(', '),
    );
  });
  return { seen, put, storage, store, follower };
}

test('what was there, and every change as it is made, in the version that is asked for', async () => {
  const { seen, put, storage, store, follower } = await follow();
  assert.deepEqual(seen, ['first v1']);
  await put('second');
  await store.delete(storage.keyOf('', 'first'));
  assert.deepEqual(seen.slice(1), ['first v1, second v1', 'second v1']);
  follower.close();
  await put('third');
  assert.equal(seen.length, 3);
});

test('goes on after the cache has lost its place', async () => {
  const { seen, put, storage, follower } = await follow();
  storage.cache.endWatches();
  await put('second');
  assert.equal(seen.at(-1), 'first v1, second v1');
  follower.close();
});
