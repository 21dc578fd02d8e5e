import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DomainCounts } from './domain-counts.ts';

describe('DomainCounts', () => {
  const addition = fc.record({
    domain: fc.constantFrom('a', 'b', 'c', 'd'),
    pods: fc.integer({ min: 0, max: 3 }),
    keep: fc.boolean(),
  });

  it('knows each domain and the one with the fewest pods', () => {
    const changes = fc.dictionary(fc.constantFrom('a', 'b', 'x'), fc.integer({ min: -2, max: 2 }));
    fc.assert(
      fc.property(fc.array(addition), changes, (additions, imagined) => {
        const counts = new DomainCounts();
        const model = new Map<string, number>();
        for (const { domain, pods, keep } of additions) {
          counts.change(domain, pods, 1);
          if (keep) model.set(domain, (model.get(domain) ?? 0) + pods);
          else counts.change(domain, pods, -1);
        }
        assert.equal(counts.size, model.size);
        for (const [domain, pods] of model) assert.equal(counts.podsIn(domain), pods);
        const changed = new Map(Object.entries(imagined));
        const all = [...model].map(([domain, pods]) => pods + (changed.get(domain) ?? 0));
        if (all.length > 0) assert.equal(counts.fewestWith(changed), Math.min(...all));
      }),
    );
  });
});
