import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { QueueState } from './queue-state.ts';

describe('QueueState', () => {
  test('hands out in order, each key once', () => {
    const queue = new QueueState<string>();
    for (const key of ['a', 'b', 'a']) queue.add(key);
    assert.deepEqual([queue.take(), queue.take(), queue.take()], [{ key: 'a' }, { key: 'b' }, undefined]);
  });

  test('a key added while it is worked on comes back when that is done', () => {
    const queue = new QueueState<string>();
    queue.add('a');
    queue.take();
    queue.add('a');
    queue.add('a');
    assert.equal(queue.take(), undefined);
    queue.done('a');
    assert.deepEqual(queue.take(), { key: 'a' });
    queue.done('a');
    assert.equal(queue.take(), undefined);
  });

  test('no key is held twice, and every key added is handed out after its last add', () => {
    const steps = fc.array(
      fc.oneof(fc.record({ add: fc.integer({ min: 0, max: 4 }) }), fc.constantFrom('take', 'done')),
    );
    fc.assert(
      fc.property(steps, (script) => {
        const queue = new QueueState<number>();
        const held: number[] = [];
        const owed = new Set<number>();
        const take = (): boolean => {
          const taken = queue.take();
          if (!taken) return false;
          assert.ok(!held.includes(taken.key));
          held.push(taken.key);
          owed.delete(taken.key);
          return true;
        };
        for (const step of script) {
          if (step === 'take') take();
          else if (step === 'done') {
            const key = held.shift();
            if (key !== undefined) queue.done(key);
          } else {
            queue.add(step.add);
            owed.add(step.add);
          }
        }
        for (let key = held.shift(); key !== undefined; key = held.shift()) queue.done(key);
        while (take());
        assert.equal(owed.size, 0);
      }),
    );
  });
});
