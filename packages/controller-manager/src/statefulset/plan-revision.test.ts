import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { planRevision } from './plan-revision.ts';
import { revision, statefulSet } from './testing/stateful-objects.ts';

const set = (image: string) => {
  const containers = [{ name: 'main', image }];
  return statefulSet({ template: { metadata: { labels: { app: 'db' } }, spec: { containers } } });
};

describe('planRevision', () => {
  it('creates the first', () => {
    const plan = planRevision(set('db:1'), []);
    assert.equal(plan.do, 'create');
    assert.equal(plan.revision.revision, 1);
    assert.match(plan.revision.metadata.name ?? '', /^db-[0-9a-z]+$/);
  });

  it('uses the newest if that is it', () => {
    const newest = revision('b', 2, 'db:2');
    assert.deepEqual(planRevision(set('db:2'), [revision('a'), newest]), { do: 'use', revision: newest });
  });

  it('makes an old one the newest again', () => {
    const old = revision('a', 1, 'db:1');
    const plan = planRevision(set('db:1'), [old, revision('b', 2, 'db:2')]);
    assert.deepEqual(plan, { do: 'renumber', revision: old, number: 3 });
  });

  it('takes nulls for nothing, as older versions wrote them', () => {
    const newest = revision('a');
    const { template } = (newest.data as unknown as { spec: { template: object } }).spec;
    const data = { spec: { template: { ...template, metadata: { creationTimestamp: null, labels: { app: 'db' } } } } };
    assert.equal(planRevision(set('db:1'), [{ ...newest, data }]).do, 'use');
  });
});
