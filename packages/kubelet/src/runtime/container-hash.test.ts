import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerHash } from './container-hash.ts';

// The real kubelet's hashes: containers that it started must be recognised.
for (const [name, image, hash] of [
  ['s1', 'example.com/side:1', 'eec53174'],
  ['c', 'example.com/app:1', '7ba46e6a'],
] as const) {
  test(`${name} of ${image}`, () => assert.equal(containerHash({ name, image }), hash));
}
