import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Affinity, ContainerPort, NodeSelectorRequirement } from '@kts/api/types/core-v1';
import type { Plugin } from '../framework/plugin.ts';
import { cluster, node, pod, scores, verdicts, type NodeOptions, type PodOptions } from '../testing/index.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { taintToleration } from './taint-toleration.ts';

type Case = readonly [name: string, plugin: Plugin, pod: PodOptions, node: NodeOptions, verdict: string];

const UNTOLERATED = 'node(s) had untolerated taint(s)';
const MISMATCH = "node(s) didn't match Pod's node affinity/selector";

const taints = (effect: 'NoSchedule' | 'NoExecute' | 'PreferNoSchedule'): NodeOptions => ({
  taints: [{ key: 'dedicated', value: 'db', effect }],
});
const tolerates = (toleration: object): PodOptions => ({ tolerations: [toleration] });
const required = (...matchExpressions: readonly NodeSelectorRequirement[]): PodOptions => ({
  affinity: {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
  },
});
const gen = (value: string): NodeOptions => ({ labels: { gen: value } });

const cases: readonly Case[] = [
  ['no name', nodeName, {}, {}, 'fits'],
  ['this name', nodeName, { nodeName: 'n' }, {}, 'fits'],
  ['another name', nodeName, { nodeName: 'm' }, {}, "node(s) didn't match the requested node name"],
  ['a cordoned node', nodeUnschedulable, {}, { unschedulable: true }, 'node(s) were unschedulable'],
  ['a tolerated cordon', nodeUnschedulable, tolerates({ operator: 'Exists' }), { unschedulable: true }, 'fits'],
  ['NoSchedule', taintToleration, {}, taints('NoSchedule'), UNTOLERATED],
  ['NoExecute', taintToleration, {}, taints('NoExecute'), UNTOLERATED],
  ['PreferNoSchedule', taintToleration, {}, taints('PreferNoSchedule'), 'fits'],
  [
    'tolerated by key',
    taintToleration,
    tolerates({ key: 'dedicated', operator: 'Exists' }),
    taints('NoSchedule'),
    'fits',
  ],
  ['tolerated by value', taintToleration, tolerates({ key: 'dedicated', value: 'db' }), taints('NoSchedule'), 'fits'],
  ['another value', taintToleration, tolerates({ key: 'dedicated', value: 'web' }), taints('NoSchedule'), UNTOLERATED],
  [
    'another effect',
    taintToleration,
    tolerates({ operator: 'Exists', effect: 'NoExecute' }),
    taints('NoSchedule'),
    UNTOLERATED,
  ],
  ['node selector', nodeAffinity(), { nodeSelector: { gen: '3' } }, gen('3'), 'fits'],
  ['node selector without the label', nodeAffinity(), { nodeSelector: { gen: '3' } }, {}, MISMATCH],
  [
    'an inherited property is no label',
    nodeAffinity(),
    required({ key: 'constructor', operator: 'Exists' }),
    {},
    MISMATCH,
  ],
  ['In', nodeAffinity(), required({ key: 'gen', operator: 'In', values: ['2', '3'] }), gen('3'), 'fits'],
  ['NotIn without the label', nodeAffinity(), required({ key: 'gen', operator: 'NotIn', values: ['3'] }), {}, 'fits'],
  ['DoesNotExist', nodeAffinity(), required({ key: 'gen', operator: 'DoesNotExist' }), gen('3'), MISMATCH],
  ['Gt', nodeAffinity(), required({ key: 'gen', operator: 'Gt', values: ['3'] }), gen('10'), 'fits'],
  [
    'Gt of something else than a number',
    nodeAffinity(),
    required({ key: 'gen', operator: 'Gt', values: ['3'] }),
    gen('x'),
    MISMATCH,
  ],
  ['Lt', nodeAffinity(), required({ key: 'gen', operator: 'Lt', values: ['3'] }), gen('3'), MISMATCH],
  ['a term without requirements', nodeAffinity(), required(), gen('3'), MISMATCH],
];

describe('filters that look at the node alone', () => {
  for (const [name, plugin, wanted, options, verdict] of cases) {
    it(`${plugin.name}: ${name}`, () => {
      assert.deepEqual(verdicts(plugin, pod('p', wanted), cluster({ nodes: [node('n', options)] })), { n: verdict });
    });
  }
});

describe('NodeAffinity', () => {
  const nodes = [node('a'), node('b'), node('c')];
  const named = (...values: readonly string[]): NodeSelectorRequirement[] =>
    values.map((value) => ({ key: 'metadata.name', operator: 'In', values: [value] }));
  const byName = (...terms: readonly NodeSelectorRequirement[][]): PodOptions => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: terms.map((matchFields) => ({ matchFields })),
        },
      },
    },
  });

  it('looks only at nodes that all terms name', () => {
    assert.deepEqual(verdicts(nodeAffinity(), pod('p', byName(named('b'), named('c'))), cluster({ nodes })), {
      b: 'fits',
      c: 'fits',
    });
  });

  it('rejects a pod whose terms contradict themselves', () => {
    assert.equal(
      verdicts(nodeAffinity(), pod('p', byName(named('a', 'b'))), cluster({ nodes })),
      'pod affinity terms conflict',
    );
  });

  it('scores preferred terms by weight', () => {
    const preferred = (weight: number, value: string) => ({
      weight,
      preference: { matchExpressions: [{ key: 'gen', operator: 'In' as const, values: [value] }] },
    });
    const affinity: Affinity = {
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preferred(40, '1'), preferred(10, '2')] },
    };
    const snapshot = cluster({ nodes: [node('one', gen('1')), node('two', gen('2')), node('none')] });
    assert.deepEqual(scores(nodeAffinity(), pod('p', { affinity }), snapshot), { one: 100, two: 25, none: 0 });
  });
});

describe('TaintToleration score', () => {
  it('prefers nodes with fewer taints that the pod does not tolerate', () => {
    const snapshot = cluster({ nodes: [node('clean'), node('tainted', taints('PreferNoSchedule'))] });
    assert.deepEqual(scores(taintToleration, pod('p'), snapshot), { clean: 100, tainted: 0 });
  });
});

describe('NodePorts', () => {
  const ports = (...list: readonly Partial<ContainerPort>[]): PodOptions => ({
    container: { ports: list.map((port) => ({ containerPort: 80, ...port })) },
  });
  const TAKEN = "node(s) didn't have free ports for the requested pod ports";
  const used = ports({ hostPort: 80, hostIP: '10.0.0.1' });
  const portCases: readonly (readonly [name: string, wanted: PodOptions, verdict: string])[] = [
    ['none', ports({}), 'fits'],
    ['another port', ports({ hostPort: 81 }), 'fits'],
    ['the same address', ports({ hostPort: 80, hostIP: '10.0.0.1' }), TAKEN],
    ['any address', ports({ hostPort: 80 }), TAKEN],
    ['another address', ports({ hostPort: 80, hostIP: '10.0.0.2' }), 'fits'],
    ['another protocol', ports({ hostPort: 80, protocol: 'UDP' }), 'fits'],
  ];
  for (const [name, wanted, verdict] of portCases) {
    it(name, () => {
      const snapshot = cluster({ nodes: [node('n')], pods: [pod('used', { ...used, nodeName: 'n' })] });
      assert.deepEqual(verdicts(nodePorts, pod('p', wanted), snapshot), { n: verdict });
    });
  }
});
