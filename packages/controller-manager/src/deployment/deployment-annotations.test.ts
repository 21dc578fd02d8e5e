import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Deployment, ReplicaSet } from '@kts/api/types/apps-v1';

import { lastRevision, newReplicaSetAnnotations, rolledBackAnnotations } from './deployment-annotations.ts';

const REVISION = 'deployment.kubernetes.io/revision';
const HISTORY = 'deployment.kubernetes.io/revision-history';

const object = (annotations: Record<string, string>): Deployment => ({
  metadata: {
    name: 'web',
    namespace: 'default',
    uid: 'uid',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    annotations,
  },
  spec: { selector: {}, template: {} },
});

const replicaSet = (annotations: Record<string, string>): ReplicaSet => ({
  metadata: object(annotations).metadata,
  spec: { selector: {} },
});

describe('newReplicaSetAnnotations', () => {
  const long = Array.from({ length: 500 }, (_, index) => 1000 + index).join(',');
  const rows: [
    name: string,
    deployment: Record<string, string>,
    present: Record<string, string>,
    revision: bigint,
    expected: Record<string, string>,
  ][] = [
    ['numbers the first', {}, {}, 1n, { [REVISION]: '1' }],
    ["copies the Deployment's", { team: 'a', [REVISION]: '7' }, {}, 1n, { team: 'a', [REVISION]: '1' }],
    ['keeps a higher revision', {}, { [REVISION]: '3' }, 2n, { [REVISION]: '3' }],
    ['remembers the revision it had', {}, { [REVISION]: '1' }, 3n, { [REVISION]: '3', [HISTORY]: '1' }],
    ['adds to the history', {}, { [REVISION]: '3', [HISTORY]: '1' }, 5n, { [REVISION]: '5', [HISTORY]: '1,3' }],
    [
      'drops the oldest when the history gets long',
      {},
      { [REVISION]: '2000', [HISTORY]: long.slice(0, 1999) },
      2001n,
      { [REVISION]: '2001', [HISTORY]: `${long.slice(5, 1999)},2000` },
    ],
    ['leaves a revision alone that is no number', {}, { [REVISION]: 'x' }, 2n, { [REVISION]: 'x' }],
  ];
  for (const [name, own, present, revision, expected] of rows) {
    it(name, () => assert.deepEqual(newReplicaSetAnnotations(object(own), present, revision), expected));
  }
});

describe('lastRevision', () => {
  const rows: [revisions: readonly string[], expected: bigint][] = [
    [['1', '2', '3'], 2n],
    [['3', '1'], 1n],
    [['1'], 0n],
    [[], 0n],
    [['3546343826724305832', '9007199254740993', '3546343826724305833'], 3546343826724305832n],
    [['3', '2', '9223372036854775808'], 2n],
  ];
  for (const [revisions, expected] of rows) {
    it(`of ${revisions.join(',') || 'none'} is ${expected}`, () => {
      const all = revisions.map((revision) => replicaSet({ [REVISION]: revision }));
      assert.equal(lastRevision(all), expected);
    });
  }
});

describe('rolledBackAnnotations', () => {
  it("are the ReplicaSet's, with what belongs to the Deployment alone", () => {
    const deployment = object({ 'kubernetes.io/change-cause': 'edit', [REVISION]: '2' });
    const earlier = replicaSet({ 'kubernetes.io/change-cause': 'create', [REVISION]: '1' });
    assert.deepEqual(rolledBackAnnotations(deployment, earlier), {
      'kubernetes.io/change-cause': 'create',
      [REVISION]: '2',
    });
  });
});
