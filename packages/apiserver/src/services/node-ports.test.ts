import { equal } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '@kts/base';
import type { Service } from '@kts/api/types/core-v1';
import { DryRunNodePorts, NODE_PORT_MAX, NODE_PORT_MIN, NodePorts } from './node-ports.ts';

const taken: Service = {
  metadata: {} as never,
  spec: { ports: [{ port: 80, nodePort: 30080 }], healthCheckNodePort: 30081 },
};

describe('node ports', () => {
  const outside = 'provided port is not in the valid range. The range of valid ports is 30000-32767';
  const rows: readonly [port: number, problem: string | undefined, dryRunProblem: string | undefined][] = [
    [30080, 'provided port is already allocated', 'provided port is already allocated'],
    [30081, 'provided port is already allocated', 'provided port is already allocated'],
    [NODE_PORT_MIN, undefined, undefined],
    [NODE_PORT_MAX, undefined, undefined],
    [NODE_PORT_MIN - 1, outside, undefined],
    [NODE_PORT_MAX + 1, outside, undefined],
  ];
  for (const [port, problem, dryRunProblem] of rows) {
    it(`${port}`, () => {
      equal(new NodePorts([taken], new Set()).take(port), problem);
      equal(new DryRunNodePorts([taken]).take(port), dryRunProblem);
    });
  }

  it('are given out until there are none', () => {
    const all = Array.from({ length: NODE_PORT_MAX - NODE_PORT_MIN + 1 }, (_, index) => NODE_PORT_MIN + index);
    const reserved = new Set(all.filter((port) => port !== 31000));
    const pool = new NodePorts([], reserved);
    equal(pool.takeAny(seededRandom(1)), 31000);
    equal(pool.takeAny(seededRandom(1)), undefined);
  });

  it('go on counting in a dry run', () => {
    const pool = new DryRunNodePorts([]);
    equal(pool.takeAny(), 32769);
    equal(pool.take(2 ** 31 - 1), undefined);
    equal(pool.takeAny(), -(2 ** 31));
  });
});
