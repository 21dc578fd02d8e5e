import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { KubeObject, OwnerReference } from '@kts/apimachinery';

import { DependencyGraph, type GraphEffects } from './dependency-graph.ts';
import { ownerOf } from './object-reference.ts';
import { planItem, type ItemPlan, type OwnerState } from './plan-item.ts';

const owner = (name: string, rest: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name,
  uid: `uid-${name}`,
  ...rest,
});

function object(
  name: string,
  owners: readonly OwnerReference[] = [],
  rest: Partial<KubeObject['metadata']> = {},
): KubeObject {
  const creationTimestamp = '2026-01-01T00:00:00Z';
  const metadata = { name, namespace: 'a', uid: `uid-${name}`, resourceVersion: '1', creationTimestamp };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, ownerReferences: owners, ...rest } };
}

const DELETED = { deletionTimestamp: '2026-01-01T00:00:00Z' };
const toDelete = ({ attemptToDelete }: GraphEffects): readonly string[] => [...attemptToDelete];

describe('DependencyGraph', () => {
  it('looks at an owner that nobody has seen', () => {
    const graph = new DependencyGraph();
    assert.deepEqual(toDelete(graph.put(object('child', [owner('parent')]))), ['uid-parent']);
    assert.equal(graph.get('uid-parent')?.virtual, true);
  });

  it('makes a virtual owner real when it is seen', () => {
    const graph = new DependencyGraph();
    graph.put(object('child', [owner('parent')]));
    assert.deepEqual(toDelete(graph.put(object('parent'))), []);
    assert.equal(graph.get('uid-parent')?.virtual, false);
  });

  it('looks at dependents when their owner goes', () => {
    const graph = new DependencyGraph();
    graph.put(object('parent'));
    graph.put(object('child', [owner('parent')]));
    assert.deepEqual(toDelete(graph.delete(object('parent'))), ['uid-child']);
    assert.ok(graph.absentOwners.has(ownerOf(owner('parent'), 'a')));
  });

  it('looks at dependents when a virtual owner turns out not to exist', () => {
    const graph = new DependencyGraph();
    graph.put(object('child', [owner('parent')]));
    assert.deepEqual(toDelete(graph.deleteVirtual(ownerOf(owner('parent'), 'a'))), ['uid-child']);
    assert.equal(graph.get('uid-parent'), undefined);
  });

  it('tries what others mean by the same uid before it gives an owner up', () => {
    const graph = new DependencyGraph();
    graph.put(object('wrong', [owner('other', { uid: 'uid-parent' })]));
    graph.put(object('right', [owner('parent')]));
    const effects = graph.deleteVirtual(ownerOf(owner('other', { uid: 'uid-parent' }), 'a'));
    assert.deepEqual([toDelete(effects), [...effects.attemptLater]], [['uid-wrong'], ['uid-parent']]);
    assert.equal(graph.get('uid-parent')?.identity.name, 'parent');
  });

  it('tells of an owner in another namespace', () => {
    const graph = new DependencyGraph();
    graph.put(object('parent', [], { namespace: 'b' }));
    const effects = graph.put(object('child', [owner('parent')]));
    assert.deepEqual(
      effects.invalidOwners.map(({ dependent, owner: told }) => [dependent.name, told.name, told.namespace]),
      [['child', 'parent', 'a']],
    );
    assert.deepEqual(toDelete(effects), ['uid-child']);
  });

  it('looks at dependents and their owner when that waits for them', () => {
    const graph = new DependencyGraph();
    graph.put(object('parent'));
    graph.put(object('child', [owner('parent')]));
    const deleted = object('parent', [], { ...DELETED, finalizers: ['foregroundDeletion'] });
    assert.deepEqual(toDelete(graph.put(deleted, object('parent'))), ['uid-child', 'uid-parent']);
    assert.deepEqual(toDelete(graph.delete(object('child', [owner('parent')]))), ['uid-parent']);
  });

  it('orphans when that is asked for', () => {
    const graph = new DependencyGraph();
    const deleted = object('parent', [], { ...DELETED, finalizers: ['orphan'] });
    assert.deepEqual([...graph.put(deleted).attemptToOrphan], ['uid-parent']);
  });

  it('looks at an owner that is no longer held up', () => {
    const graph = new DependencyGraph();
    graph.put(object('parent'));
    const holding = object('child', [owner('parent', { blockOwnerDeletion: true })]);
    graph.put(holding);
    assert.deepEqual(toDelete(graph.put(object('child', [owner('parent')]), holding)), ['uid-parent']);
  });

  it('remembers nothing of what is gone', () => {
    const graph = new DependencyGraph();
    graph.put(object('parent'));
    graph.put(object('child', [owner('parent')]));
    graph.delete(object('parent'));
    graph.delete(object('child', [owner('parent')]));
    assert.equal(graph.size, 0);
  });
});

describe('planItem', () => {
  const one = [owner('a')];
  const two = [owner('a'), owner('b', { blockOwnerDeletion: true })];
  const rows: [
    name: string,
    owners: readonly OwnerReference[],
    states: readonly OwnerState[],
    dependents: 'none' | 'some' | 'waiting',
    finalizers: readonly string[],
    expected: ItemPlan,
  ][] = [
    ['keeps what has no owner', [], [], 'none', [], { do: 'nothing' }],
    ['keeps what has an owner', one, ['solid'], 'none', [], { do: 'nothing' }],
    ['takes lost owners off', two, ['dangling', 'solid'], 'none', [], { do: 'setOwners', owners: [two[1]!] }],
    ['takes waiting owners off', two, ['solid', 'waiting'], 'some', [], { do: 'setOwners', owners: one }],
    ['deletes what has lost its owners', one, ['dangling'], 'none', [], { do: 'delete', policy: 'Background' }],
    ['as its finalizers say', one, ['dangling'], 'some', ['orphan'], { do: 'delete', policy: 'Orphan' }],
    ['goes on in the foreground', one, ['waiting'], 'some', [], { do: 'delete', policy: 'Foreground' }],
    ['ends the chain in the background', one, ['waiting'], 'none', [], { do: 'delete', policy: 'Background' }],
    [
      'breaks circles',
      two,
      ['dangling', 'waiting'],
      'waiting',
      [],
      { do: 'delete', policy: 'Foreground', unblocked: two.map((each) => ({ ...each, blockOwnerDeletion: false })) },
    ],
  ];
  for (const [name, owners, states, dependents, finalizers, expected] of rows) {
    it(name, () => {
      const graph = new DependencyGraph();
      const item = object('item', owners, { finalizers });
      graph.put(item);
      const rest = dependents === 'waiting' ? { ...DELETED, finalizers: ['foregroundDeletion'] } : {};
      if (dependents !== 'none') graph.put(object('dependent', [owner('item')], rest));
      assert.deepEqual(planItem(item, states, graph.get('uid-item')!), expected);
    });
  }
});
