import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aContainer, aPod } from '../testing/pods.ts';
import { evictionMessage } from './eviction-message.ts';
import type { PodUsage } from './pod-usage.ts';
import type { Observations } from './pressure.ts';
import type { Signal, StarvedResource, Threshold } from './thresholds.ts';

const MI = 1024 ** 2;
const threshold = (signal: Signal, value: Threshold['value']): Threshold => ({ signal, value, graceMs: 0 });
const observed = (signal: Signal, available: number, capacity: number): Observations =>
  new Map([[signal, { available, capacity }]]);
const pod = aPod({
  containers: [
    aContainer('small', { resources: { requests: { memory: '64Mi', 'ephemeral-storage': '1Mi' } } }),
    aContainer('large'),
  ],
});
const usage: PodUsage = {
  containers: [
    { name: 'small', memoryBytes: 32 * MI, writableLayer: { bytes: MI, inodes: 1 }, logs: { bytes: MI, inodes: 1 } },
    { name: 'large', memoryBytes: 128 * MI },
    { name: 'gone', memoryBytes: 128 * MI },
  ],
  volumes: new Map(),
};

const table: readonly (readonly [string, StarvedResource, Threshold, Observations, PodUsage | undefined, string])[] = [
  [
    'memory',
    'memory',
    threshold('memory.available', { quantity: '100Mi' }),
    observed('memory.available', 50 * MI, 1000 * MI),
    usage,
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container large was using 128Mi, request is 0, has larger consumption of memory. ',
  ],
  [
    'disk',
    'ephemeral-storage',
    threshold('nodefs.available', { share: 0.1 }),
    observed('nodefs.available', 5 * MI, 1000 * MI),
    usage,
    'The node was low on resource: ephemeral-storage. Threshold quantity: 100Mi, available: 5Mi. Container small was using 2Mi, request is 1Mi, has larger consumption of ephemeral-storage. ',
  ],
  [
    'inodes',
    'inodes',
    threshold('nodefs.inodesFree', { quantity: '1k' }),
    observed('nodefs.inodesFree', 999, 1e6),
    usage,
    'The node was low on resource: inodes. Threshold quantity: 1k, available: 999. ',
  ],
  [
    'a pod of which nothing is known, and a threshold of something else',
    'pids',
    threshold('nodefs.inodesFree', { quantity: '1k' }),
    observed('nodefs.inodesFree', 999, 1e6),
    undefined,
    'The node was low on resource: pids. ',
  ],
];
for (const [name, resource, met, observations, used, message] of table) {
  test(`why a pod was evicted: ${name}`, () => {
    assert.equal(evictionMessage(resource, pod, used, [met], observations), message);
  });
}

test('why a pod was evicted: it has resources of its own', () => {
  const own = aPod({ containers: [aContainer('c')], resources: { requests: { memory: '64Mi' } } });
  const text = evictionMessage(
    'memory',
    own,
    { memoryBytes: 96 * MI, containers: [], volumes: new Map() },
    [],
    new Map(),
  );
  assert.equal(
    text,
    'The node was low on resource: memory. Pod p was using 96Mi, request is 64Mi, has larger consumption of memory. ',
  );
});
