import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { node, pod } from '../testing/index.ts';
import { Aggregates, count, type Contribution } from './aggregate.ts';
import { ClusterCache } from './cluster-cache.ts';
import type { NodeList } from './node-list.ts';

const ZONE = 'topology.kubernetes.io/zone';

/** Pods by zone. */
const byZone: Contribution<Map<string, number>> = (sum, info, sign) => {
  const zone = info.labels[ZONE];
  if (zone !== undefined && info.pods.length > 0) count(sum, zone, sign * info.pods.length);
};

function countAnew(nodes: NodeList): Map<string, number> {
  const sum = new Map<string, number>();
  for (const info of nodes) byZone(sum, info, 1);
  return sum;
}

describe('Aggregates', () => {
  const index = fc.integer({ min: 0, max: 99 });
  const step = fc.record({
    do: fc.constantFrom('pod', 'noPod', 'node', 'noNode', 'ask'),
    node: index,
    pod: fc.integer({ min: 0, max: 9 }),
    zone: fc.constantFrom('a', 'b', 'c', undefined),
  });

  it('are what a new count gives, whatever has changed between two questions', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const cache = new ClusterCache();
        const sums = new Aggregates(() => new Map<string, number>(), 2);
        for (const one of steps) {
          const name = `n${one.node}`;
          if (one.do === 'pod') cache.setPod(pod(`p${one.pod}`, { nodeName: name }));
          if (one.do === 'noPod') cache.removePod(`uid-default-p${one.pod}`);
          if (one.do === 'node')
            cache.setNode(node(name, one.zone === undefined ? {} : { labels: { [ZONE]: one.zone } }));
          if (one.do === 'noNode') cache.removeNode(name);
          const { nodes } = cache.view();
          if (one.do === 'ask') assert.deepEqual(sums.of('zones', nodes, byZone), countAnew(nodes));
        }
        const { nodes } = cache.view();
        assert.deepEqual(sums.of('zones', nodes, byZone), countAnew(nodes));
      }),
    );
  });

  it('forget the one that was not asked for longest', () => {
    const cache = new ClusterCache();
    cache.setNode(node('n'));
    const { nodes } = cache.view();
    const sums = new Aggregates(() => ({ contributions: 0 }), 2);
    const asked = (key: string): number => sums.of(key, nodes, (sum) => void sum.contributions++).contributions;
    assert.deepEqual([asked('a'), asked('b'), asked('a'), asked('c')], [1, 1, 1, 1]);
    const made: string[] = [];
    for (const key of ['a', 'c', 'b']) sums.of(key, nodes, () => void made.push(key));
    assert.deepEqual(made, ['b'], 'only the forgotten one is counted again');
  });
});
