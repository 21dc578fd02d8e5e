import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { node } from '../testing/index.ts';
import { fitMessage, type Diagnosis } from './diagnosis.ts';
import { nodeInfoOf } from './node-info.ts';
import { NodeRejections } from './node-rejections.ts';
import { unresolvable, unschedulable, type Rejection } from './plugin.ts';

const CPU = unschedulable('Insufficient cpu');
const BOTH = unschedulable('Insufficient cpu', 'Insufficient memory');
const TAINT = unresolvable('node(s) had untolerated taint(s)');

const rejected = (...all: readonly Rejection[]): NodeRejections =>
  new NodeRejections(all.map((rejection, index) => [nodeInfoOf(node(`n${index}`)), rejection]));

describe('fitMessage', () => {
  const rows: readonly (readonly [name: string, diagnosis: Partial<Diagnosis>, after: string, message: string])[] = [
    ['one reason', { rejections: rejected(CPU, CPU) }, '', '0/3 nodes are available: 2 Insufficient cpu.'],
    [
      'reasons in alphabetical order',
      { rejections: rejected(TAINT, CPU, CPU) },
      '',
      '0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu.',
    ],
    [
      'several reasons of one node',
      { rejections: rejected(BOTH, CPU) },
      '',
      '0/3 nodes are available: 1 Insufficient memory, 2 Insufficient cpu.',
    ],
    [
      'nodes that were not looked at',
      { rejections: rejected(CPU), others: TAINT },
      '',
      '0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).',
    ],
    ['the whole pod', { preFilterMessage: 'no way' }, '', '0/3 nodes are available: no way.'],
    [
      'what came of it',
      { rejections: rejected(CPU) },
      'preemption: no',
      '0/3 nodes are available: 1 Insufficient cpu. preemption: no',
    ],
    ['no reason at all', {}, '', '0/3 nodes are available:'],
  ];
  for (const [name, diagnosis, after, message] of rows) {
    it(name, () => {
      const complete = {
        nodeCount: 3,
        rejections: rejected(),
        others: unresolvable(),
        unschedulablePlugins: new Set<string>(),
        ...diagnosis,
      };
      assert.equal(fitMessage(complete, after), message);
    });
  }
});

describe('NodeRejections', () => {
  it('finds nodes that pods which go away might help on', () => {
    const all = rejected(CPU, TAINT, BOTH);
    assert.deepEqual(
      all.resolvable().map(({ name }) => name),
      ['n0', 'n2'],
    );
    assert.deepEqual([all.of('n1'), all.of('x'), all.size], [TAINT, undefined, 3]);
    assert.deepEqual(
      [...rejected(CPU, TAINT, CPU).tally()],
      [
        [CPU, 2],
        [TAINT, 1],
      ],
    );
  });
});
