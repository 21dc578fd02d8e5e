import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerImage } from '@kts/api/types/core-v1';
import fc from 'fast-check';
import { node, pod } from '../testing/index.ts';
import { ClusterCache } from './cluster-cache.ts';
import { nodeInfoOf } from './node-info.ts';
import { podInfoOf } from './pod-info.ts';

const ZONE = 'topology.kubernetes.io/zone';

function podsOn(cache: ClusterCache, name: string): readonly string[] {
  const { nodes, index } = cache.view();
  return nodes.at(index.get(name)!).pods.map(({ pod: { metadata } }) => metadata.name);
}

describe('ClusterCache', () => {
  it('lets zones take turns', () => {
    const cache = new ClusterCache();
    for (const [name, zone] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['a3', 'a'],
      ['b1', 'b'],
    ] as const) {
      cache.setNode(node(name, { labels: { [ZONE]: zone } }));
    }
    assert.deepEqual(
      [...cache.view().nodes].map(({ name }) => name),
      ['a1', 'b1', 'a2', 'a3'],
    );
  });

  it('shares what has not changed between views', () => {
    const cache = new ClusterCache();
    cache.setNode(node('a'));
    const before = cache.view();
    assert.equal(cache.view(), before);
    cache.assumePod(podInfoOf(pod('p')), 'a');
    assert.equal(cache.view().index, before.index);
    assert.deepEqual(
      [...before.nodes].map(({ pods }) => pods.length),
      [0],
    );
  });

  it('confirms an assumption', () => {
    const cache = new ClusterCache();
    cache.setNode(node('a'));
    cache.assumePod(podInfoOf(pod('p')), 'a');
    cache.setPod(pod('p', { nodeName: 'a' }));
    cache.forgetPod('uid-default-p');
    assert.deepEqual(podsOn(cache, 'a'), ['p']);
  });

  it('corrects an assumption', () => {
    const cache = new ClusterCache();
    for (const name of ['a', 'b']) cache.setNode(node(name));
    cache.assumePod(podInfoOf(pod('p')), 'a');
    cache.setPod(pod('p', { nodeName: 'b' }));
    assert.deepEqual([podsOn(cache, 'a'), podsOn(cache, 'b')], [[], ['p']]);
  });

  it('takes an assumption back', () => {
    const cache = new ClusterCache();
    cache.setNode(node('a'));
    cache.assumePod(podInfoOf(pod('p', { requests: { cpu: '1' } })), 'a');
    cache.forgetPod('uid-default-p');
    const [info] = cache.view().nodes;
    assert.deepEqual([info!.pods.length, info!.requested.milliCpu], [0, 0]);
  });

  it('keeps the pods of a node that comes later, goes and comes back', () => {
    const cache = new ClusterCache();
    cache.setPod(pod('p', { nodeName: 'a' }));
    assert.equal(cache.view().nodes.length, 0);
    cache.setNode(node('a'));
    assert.deepEqual(podsOn(cache, 'a'), ['p']);
    cache.removeNode('a');
    assert.equal(cache.view().nodes.length, 0);
    cache.setNode(node('a'));
    assert.deepEqual(podsOn(cache, 'a'), ['p']);
  });

  it('knows on how many nodes an image is', () => {
    const cache = new ClusterCache();
    const images = [{ names: ['web:1'], sizeBytes: 5 }];
    for (const name of ['a', 'b']) cache.setNode(node(name, { status: { images } }));
    assert.deepEqual(cache.view().images.get('web:1'), { sizeBytes: 5, nodes: 2 });
    cache.removeNode('a');
    cache.setNode(node('b'));
    assert.equal(cache.view().images.get('web:1'), undefined);
  });

  it('takes a node that has an image without a name', () => {
    const cache = new ClusterCache();
    const images = [{ names: null, sizeBytes: 7 }] as unknown as ContainerImage[];
    cache.setNode(node('a', { status: { images } }));
    assert.equal(cache.view().images.size, 0);
    assert.equal(cache.view().nodes.length, 1);
  });

  it('adds up what is on a node, whatever comes, changes and goes', () => {
    const index = fc.integer({ min: 0, max: 4 });
    const step = fc.record({
      do: fc.constantFrom('set', 'assume', 'forget', 'remove', 'node', 'noNode'),
      pod: index,
      node: fc.constantFrom('a', 'b'),
      cpu: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const cache = new ClusterCache();
        for (const one of steps) {
          const described = pod(`p${one.pod}`, { requests: { cpu: String(one.cpu) }, nodeName: one.node });
          if (one.do === 'set') cache.setPod(described);
          if (one.do === 'assume') cache.assumePod(podInfoOf(described), one.node);
          if (one.do === 'forget') cache.forgetPod(described.metadata.uid);
          if (one.do === 'remove') cache.removePod(described.metadata.uid);
          if (one.do === 'node') cache.setNode(node(one.node));
          if (one.do === 'noNode') cache.removeNode(one.node);
        }
        for (const { node: on, pods, requested, nonZeroRequested } of cache.view().nodes) {
          const fresh = nodeInfoOf(on, pods);
          assert.deepEqual([requested, nonZeroRequested], [fresh.requested, fresh.nonZeroRequested]);
          assert.equal(new Set(pods.map(({ uid }) => uid)).size, pods.length);
        }
      }),
    );
  });
});
