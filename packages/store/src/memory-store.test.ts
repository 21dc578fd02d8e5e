import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '@kts/base/testing';
import { createMemoryStore } from './memory-store.ts';
import { storeConformance } from './testing/index.ts';

storeConformance('memory', async (clock) => createMemoryStore({ clock }), { modelRuns: 500 });

describe('memory store', () => {
  it('never copies a value', async () => {
    const store = createMemoryStore({ clock: new FakeClock() });
    const value = Uint8Array.of(1, 2, 3);
    await store.put('/a', value);
    assert.equal((await store.get('/a'))!.value, value);
  });
});
