import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { node } from '../testing/index.ts';
import { Aggregates } from './aggregate.ts';
import { nodeInfoOf, type NodeInfo } from './node-info.ts';
import { NodeList } from './node-list.ts';

const infoOf = (name: string, cpu: number): NodeInfo => nodeInfoOf(node(name, { allocatable: { cpu: String(cpu) } }));
const listOf = (length: number): NodeList =>
  NodeList.of(Array.from({ length }, (_, index) => infoOf(`n${index}`, index)));

const change = fc.record({ index: fc.nat(), cpu: fc.integer({ min: 1, max: 1000 }) });

describe('NodeList', () => {
  it('behaves like an array of which every version is kept', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.array(change, { maxLength: 20 }), (length, changes) => {
        const first = listOf(length);
        const before = [...first];
        let list = first;
        const model = [...first];
        for (const { index, cpu } of changes) {
          const at = index % length;
          model[at] = infoOf(`n${at}`, cpu);
          list = list.with(at, model[at]);
          assert.equal(list.at(at), model[at]);
        }
        assert.deepEqual([...list], model);
        assert.deepEqual([...first], before);
      }),
    );
  });

  it('finds exactly what differs', () => {
    const before = listOf(130);
    const now = infoOf('n70', 999);
    const found: (readonly [string | undefined, string | undefined])[] = [];
    NodeList.diff(before, before.with(70, now), (gone, come) => found.push([gone?.name, come?.name]));
    assert.deepEqual(found, [['n70', 'n70']]);
  });
});

describe('Aggregates', () => {
  it('is the sum over the current nodes, however it came about', () => {
    const lists = fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 150 }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(lists, (versions) => {
        const sums = new Aggregates(() => ({ milliCpu: 0 }), 1);
        for (const amounts of versions) {
          const nodes = NodeList.of(amounts.map((cpu, index) => infoOf(`n${index}`, cpu)));
          const sum = sums.of('cpu', nodes, (total, info, sign) => {
            total.milliCpu += sign * info.allocatable.milliCpu;
          });
          assert.equal(sum.milliCpu, 1000 * amounts.reduce((one, other) => one + other, 0));
        }
      }),
    );
  });
});
