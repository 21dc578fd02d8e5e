import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { nodeRanges } from './node-ipam-controller.ts';
import { NodeRange } from './node-range.ts';

const take = (range: NodeRange, count: number): readonly (string | undefined)[] =>
  Array.from({ length: count }, () => range.allocate());

describe('NodeRange', () => {
  it('gives blocks in order until none is left', () =>
    assert.deepEqual(take(new NodeRange('10.0.0.0/30', 31), 3), ['10.0.0.0/31', '10.0.0.2/31', undefined]));

  it('goes on after the block given last, and comes round to freed ones', () => {
    const range = new NodeRange('10.0.0.0/22', 24);
    const [first = ''] = take(range, 2);
    range.release(first);
    assert.deepEqual(take(range, 3), ['10.0.2.0/24', '10.0.3.0/24', first]);
  });

  it('keeps out of what is occupied, be it smaller or larger than a block', () => {
    const range = new NodeRange('10.0.0.0/16', 24);
    range.occupy('10.0.0.128/25');
    range.occupy('10.0.2.0/23');
    assert.deepEqual(take(range, 2), ['10.0.1.0/24', '10.0.4.0/24']);
  });

  it('is full if something larger covers it', () => {
    const range = new NodeRange('10.0.0.0/16', 24);
    range.occupy('10.0.0.0/8');
    assert.equal(range.allocate(), undefined);
  });

  it('cuts IPv6 blocks', () =>
    assert.deepEqual(take(new NodeRange('fd00:10::/56', 64), 2), ['fd00:10::/64', 'fd00:10:0:1::/64']));

  for (const [name, make, message] of [
    ['blocks larger than the range', () => new NodeRange('10.0.0.0/24', 16), /does not fit/],
    ['blocks of no size', () => new NodeRange('10.0.0.0/24', 33), /does not fit/],
    ['too many blocks', () => new NodeRange('fd00::/32', 64), /too big/],
    ['no range', () => new NodeRange('web', 24), /invalid CIDR/],
    ['occupying what is outside', () => new NodeRange('10.0.0.0/24', 26).occupy('10.1.0.0/26'), /out the range/],
  ] as const) {
    it(`refuses ${name}`, () => assert.throws(make, message));
  }

  it('never gives a block twice', () => {
    const steps = fc.array(fc.oneof(fc.constant('take' as const), fc.nat(15)), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (actions) => {
        const range = new NodeRange('10.0.0.0/20', 24);
        const given = new Set<string>();
        for (const action of actions) {
          if (action === 'take') {
            const block = range.allocate();
            assert.equal(block === undefined, given.size === 16);
            assert.ok(block === undefined || !given.has(block));
            if (block !== undefined) given.add(block);
          } else {
            const block = `10.0.${action}.0/24`;
            range.release(block);
            given.delete(block);
          }
        }
      }),
    );
  });
});

describe('nodeRanges', () => {
  const options = { serviceCIDRs: [], nodeCIDRMaskSizeIPv4: 24, nodeCIDRMaskSizeIPv6: 64 };
  it('makes one of each family', () => {
    const ranges = nodeRanges({ ...options, clusterCIDRs: ['10.0.0.0/16', 'fd00::/56'] });
    assert.deepEqual(
      ranges.map((range) => range.allocate()),
      ['10.0.0.0/24', 'fd00::/64'],
    );
  });
  it('keeps out of the ranges of Services', () => {
    const [range] = nodeRanges({
      ...options,
      clusterCIDRs: ['10.0.0.0/16'],
      serviceCIDRs: ['10.0.0.0/23', 'fd00::/112'],
    });
    assert.equal(range?.allocate(), '10.0.2.0/24');
  });
  for (const clusterCIDRs of [[], ['10.0.0.0/16', '10.1.0.0/16'], ['10.0.0.0/16', 'fd00::/56', 'fd01::/56']]) {
    it(`refuses ${clusterCIDRs.join() || 'none'}`, () =>
      assert.throws(() => nodeRanges({ ...options, clusterCIDRs }), RangeError));
  }
});
