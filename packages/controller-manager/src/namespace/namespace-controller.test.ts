import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { configMaps, namespaces, pods } from '@kts/api';
import { isNotFound } from '@kts/apimachinery';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';
import { withDeletionConditions, type DeletionOutcome } from './namespace-conditions.ts';

const NAME = 'team';

async function startWithNamespace(): Promise<ControllerHarness> {
  const cluster = await startControllers(['namespace-controller', 'serviceaccount-controller'], {});
  await cluster.client.create(namespaces, { metadata: { name: NAME }, spec: {}, status: {} });
  await cluster.settle();
  return cluster;
}

async function isGone({ client }: ControllerHarness): Promise<boolean> {
  return client.get(namespaces, { name: NAME }).then(() => false, isNotFound);
}

async function conditions({ client }: ControllerHarness): Promise<Readonly<Record<string, string | undefined>>> {
  const { status } = await client.get(namespaces, { name: NAME });
  return Object.fromEntries((status?.conditions ?? []).map(({ type, message }) => [type, message]));
}

describe('the namespace controller', () => {
  it('removes everything in the namespace, then the namespace', async () => {
    await using cluster = await startWithNamespace();
    await cluster.client.create(configMaps, { metadata: { name: 'a', namespace: NAME } });
    await cluster.client.delete(namespaces, { name: NAME });
    await cluster.settle();
    assert.equal(await isGone(cluster), false);
    await cluster.clock.advance(6000);
    await cluster.settle();
    assert.equal(await isGone(cluster), true);
    assert.deepEqual((await cluster.client.list(configMaps, { namespace: NAME })).items, []);
  });

  it('says what is held by finalizers, and waits for it', async () => {
    await using cluster = await startWithNamespace();
    const metadata = { name: 'held', namespace: NAME, finalizers: ['example.com/hold'] };
    await cluster.client.create(configMaps, { metadata });
    await cluster.client.delete(namespaces, { name: NAME });
    await cluster.clock.advance(6000);
    await cluster.settle();
    const told = await conditions(cluster);
    assert.equal(
      told['NamespaceContentRemaining'],
      'Some resources are remaining: configmaps. has 1 resource instances',
    );
    assert.equal(
      told['NamespaceFinalizersRemaining'],
      'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    );
    await cluster.client.patch(configMaps, metadata, { type: 'merge', body: { metadata: { finalizers: null } } });
    await cluster.clock.advance(10_000);
    await cluster.settle();
    assert.equal(await isGone(cluster), true);
  });

  it('touches nothing else before the pods are gone', async () => {
    await using cluster = await startWithNamespace();
    const finalizers = ['example.com/hold'];
    const spec = { containers: [{ name: 'app', image: 'app:1' }] };
    await cluster.client.create(pods, { metadata: { name: 'a', namespace: NAME, finalizers }, spec });
    await cluster.client.create(configMaps, { metadata: { name: 'a', namespace: NAME } });
    await cluster.client.delete(namespaces, { name: NAME });
    await cluster.clock.advance(6000);
    await cluster.settle();
    assert.equal((await cluster.client.list(configMaps, { namespace: NAME })).items.length, 1);
  });
});

describe('withDeletionConditions', () => {
  const held = { resource: 'pods.', count: 2, finalizers: { 'a/x': 2 } };
  const rows: [name: string, outcome: DeletionOutcome, failing: readonly (string | undefined)[]][] = [
    ['nothing left', { errors: [], remaining: [] }, []],
    ['discovery failed', { discoveryError: 'no', errors: [], remaining: [] }, ['no']],
    [
      'something cannot be deleted',
      { errors: ['b', 'a'], remaining: [] },
      ['Failed to delete all resource types, 2 remaining: a, b'],
    ],
    [
      'something is held',
      { errors: [], remaining: [held] },
      [
        'Some resources are remaining: pods. has 2 resource instances',
        'Some content in the namespace has finalizers remaining: a/x in 2 resource instances',
      ],
    ],
  ];
  for (const [name, outcome, failing] of rows) {
    it(name, () => {
      const { conditions: all = [] } = withDeletionConditions({}, outcome, 0);
      assert.equal(all.length, 5);
      assert.deepEqual(
        all.filter(({ status }) => status === 'True').map(({ message }) => message),
        failing,
      );
    });
  }

  it('is the same object if nothing changes', () => {
    const once = withDeletionConditions({}, { errors: [] }, 0);
    assert.equal(withDeletionConditions(once, { errors: [] }, 5000), once);
  });
});
