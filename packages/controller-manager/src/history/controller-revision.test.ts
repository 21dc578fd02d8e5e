import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { statefulSets } from '@kts/api';
import type { ControllerRevision } from '@kts/api/types/apps-v1';
import type { KubeObject, ResourceType } from '@kts/apimachinery';

import {
  newControllerRevision,
  nextRevisionNumber,
  revisionHash,
  revisionName,
  sortRevisions,
  surplusRevisions,
} from './controller-revision.ts';

const revision = (name: string, number: number, second = 0): ControllerRevision => ({
  metadata: {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    resourceVersion: '1',
    creationTimestamp: `2026-01-01T00:00:0${second}Z`,
  },
  data: {},
  revision: number,
});
const namesOf = (revisions: readonly ControllerRevision[]): string =>
  revisions.map(({ metadata }) => metadata.name).join('');

describe('revisionHash', () => {
  /** Computed by upstream of a StatefulSet whose template has one container. */
  const data = {
    spec: {
      template: {
        spec: {
          containers: [
            {
              name: 'app',
              image: 'app:1',
              resources: {},
              imagePullPolicy: 'IfNotPresent',
              terminationMessagePath: '/dev/termination-log',
              terminationMessagePolicy: 'File',
            },
          ],
          dnsPolicy: 'ClusterFirst',
          restartPolicy: 'Always',
          schedulerName: 'default-scheduler',
          securityContext: {},
          terminationGracePeriodSeconds: 30,
        },
        metadata: { labels: { app: 'db' } },
        $patch: 'replace',
      },
    },
  };

  it('is the one that upstream computes', () => assert.equal(revisionHash(data, 0), 'c6b6fcfb6'));
  it('is of data that has its keys in order', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db' } } as unknown as KubeObject;
    const options = {
      owner,
      ownerType: statefulSets as unknown as ResourceType<KubeObject>,
      labels: {},
      revision: 1,
      collisions: 0,
    };
    const { data: kept } = newControllerRevision({ ...options, data });
    assert.match(JSON.stringify(kept), /^{"spec":{"template":{"\$patch":"replace","metadata":{"labels":.*},"spec":{/);
    assert.match(JSON.stringify(kept), /"containers":\[{"image":"app:1","imagePullPolicy":"IfNotPresent","name":/);
  });
  it('is another after a collision', () => assert.notEqual(revisionHash(data, 1), 'c6b6fcfb6'));
});

describe('revisions', () => {
  it('have names that fit', () => assert.equal(revisionName('x'.repeat(250), 'abc').length, 227));

  it('are sorted by number, then by age, then by name', () => {
    const all = [revision('d', 2), revision('c', 1, 1), revision('b', 1), revision('a', 1)];
    assert.equal(namesOf(sortRevisions(all)), 'abcd');
    assert.equal(nextRevisionNumber(sortRevisions(all)), 3);
    assert.equal(nextRevisionNumber([]), 1);
  });

  for (const [limit, surplus] of [
    [0, 'acd'],
    [1, 'ac'],
    [3, ''],
  ] as const) {
    it(`of a history of ${limit}, '${surplus}' go`, () => {
      const all = ['a', 'b', 'c', 'd'].map((name, index) => revision(name, index));
      assert.equal(namesOf(surplusRevisions(all, new Set(['b']), limit)), surplus);
    });
  }
});
