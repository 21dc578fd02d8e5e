import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Deployment, ReplicaSet } from '@kts/api/types/apps-v1';
import type { IntOrString } from '@kts/apimachinery';

import { maxSurge, maxUnavailable, newReplicaSetSize, proportion } from './rollout-limits.ts';

const metadata = {
  name: 'web',
  namespace: 'default',
  uid: 'uid',
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
};

function deployment(replicas: number, surge: IntOrString = 0, unavailable: IntOrString = 0): Deployment {
  const rollingUpdate = { maxSurge: surge, maxUnavailable: unavailable };
  return {
    metadata,
    spec: { replicas, selector: {}, template: {}, strategy: { type: 'RollingUpdate', rollingUpdate } },
  };
}

function replicaSet(replicas: number, max?: number): ReplicaSet {
  const annotations = max === undefined ? {} : { 'deployment.kubernetes.io/max-replicas': String(max) };
  return { metadata: { ...metadata, annotations }, spec: { replicas, selector: {} } };
}

describe('maxSurge and maxUnavailable', () => {
  const rows: [replicas: number, surge: IntOrString, unavailable: IntOrString, expected: readonly [number, number]][] =
    [
      [10, '25%', '25%', [3, 2]],
      [1, '25%', '25%', [1, 0]],
      [2, 0, '1%', [0, 1]],
      [1, 0, '1%', [0, 1]],
      [3, 2, 1, [2, 1]],
      [2, 0, 5, [0, 2]],
      [0, '25%', '25%', [0, 0]],
    ];
  for (const [replicas, surge, unavailable, expected] of rows) {
    it(`of ${replicas} replicas with ${surge} and ${unavailable} are ${expected.join(' and ')}`, () => {
      const subject = deployment(replicas, surge, unavailable);
      assert.deepEqual([maxSurge(subject), maxUnavailable(subject)], expected);
    });
  }

  it('are nothing for Recreate', () => {
    const subject = { ...deployment(5), spec: { ...deployment(5).spec, strategy: { type: 'Recreate' as const } } };
    assert.deepEqual([maxSurge(subject), maxUnavailable(subject)], [0, 0]);
  });
});

describe('newReplicaSetSize', () => {
  const rows: [name: string, wanted: number, surge: number, sizes: readonly number[], expected: number][] = [
    ['takes what the surge allows', 10, 3, [10, 0], 3],
    ['stays while there is no room', 10, 3, [10, 3], 3],
    ['fills up to what is wanted', 10, 3, [2, 8], 10],
    ['stays when there are too many', 10, 0, [12, 1], 1],
  ];
  for (const [name, wanted, surge, sizes, expected] of rows) {
    it(name, () => {
      const all = sizes.map((size) => replicaSet(size));
      assert.equal(newReplicaSetSize(deployment(wanted, surge), all, sizes[1]!), expected);
    });
  }
});

describe('proportion', () => {
  const rows: [
    name: string,
    wanted: number,
    size: number,
    max: number | undefined,
    toAdd: number,
    added: number,
    expected: number,
  ][] = [
    ['grows by the share', 20, 5, 10, 10, 0, 5],
    ['takes no more than is left', 20, 5, 10, 10, 8, 2],
    ['shrinks by the share', 5, 6, 10, -5, 0, -3],
    ['goes to nothing with the Deployment', 0, 6, 10, -6, 0, -6],
    ['is nothing when all was given', 20, 5, 10, 10, 10, 0],
    ['is nothing without a size to start from', 20, 5, undefined, 10, 0, 0],
  ];
  for (const [name, wanted, size, max, toAdd, added, expected] of rows) {
    it(name, () => assert.equal(proportion(deployment(wanted), replicaSet(size, max), toAdd, added), expected));
  }
});
