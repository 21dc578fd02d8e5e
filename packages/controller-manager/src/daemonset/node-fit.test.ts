import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { DaemonSet } from '@kts/api/types/apps-v1';
import type { NodeSelectorTerm, PodSpec } from '@kts/api/types/core-v1';

import { node, podOn, type NodeFields } from '../nodes/testing/node-objects.ts';
import { fitNode } from './node-fit.ts';

const set = (spec: Partial<PodSpec> = {}): DaemonSet => ({
  metadata: { ...podOn({ name: 'd' }).metadata, namespace: 'default' },
  spec: { selector: {}, template: { spec: { containers: [{ name: 'main' }], ...spec } } },
});

const affinity = (...nodeSelectorTerms: readonly NodeSelectorTerm[]): Partial<PodSpec> => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});
const expression = (
  key: string,
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt',
  ...values: readonly string[]
): NodeSelectorTerm => ({
  matchExpressions: [{ key, operator, values }],
});
const taint = (effect: 'NoSchedule' | 'NoExecute' | 'PreferNoSchedule', key = 'k'): NodeFields => ({
  taints: [{ key, value: 'v', effect }],
});

describe('fitNode', () => {
  const fit = (spec: Partial<PodSpec>, fields: NodeFields = {}): string => {
    const { shouldRun, mayStay } = fitNode(
      set(spec),
      node({ name: 'one', labels: { size: '3', zone: 'a' }, ...fields }),
    );
    return shouldRun ? 'runs' : mayStay ? 'stays' : 'goes';
  };
  for (const [name, actual, expected] of [
    ['anywhere', fit({}), 'runs'],
    ['its node', fit({ nodeName: 'one' }), 'runs'],
    ['another node', fit({ nodeName: 'two' }), 'goes'],
    ['labels', fit({ nodeSelector: { zone: 'a' } }), 'runs'],
    ['other labels', fit({ nodeSelector: { zone: 'b' } }), 'goes'],
    ['in', fit(affinity(expression('zone', 'In', 'a', 'b'))), 'runs'],
    ['not in', fit(affinity(expression('zone', 'NotIn', 'a'))), 'goes'],
    ['there', fit(affinity(expression('zone', 'Exists'))), 'runs'],
    ['not there', fit(affinity(expression('zone', 'DoesNotExist'))), 'goes'],
    ['greater', fit(affinity(expression('size', 'Gt', '2'))), 'runs'],
    ['less', fit(affinity(expression('size', 'Lt', '2'))), 'goes'],
    ['one of two terms', fit(affinity(expression('zone', 'In', 'b'), expression('size', 'Exists'))), 'runs'],
    ['an empty term', fit(affinity({})), 'goes'],
    ['its name', fit(affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['one'] }] })), 'runs'],
    [
      'another name',
      fit(affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['two'] }] })),
      'goes',
    ],
    ['a taint', fit({}, taint('NoSchedule')), 'stays'],
    ['a taint that evicts', fit({}, taint('NoExecute')), 'goes'],
    ['a taint that only asks', fit({}, taint('PreferNoSchedule')), 'runs'],
    ['a tolerated taint', fit({ tolerations: [{ key: 'k', operator: 'Exists' }] }, taint('NoSchedule')), 'runs'],
    ['any taint tolerated', fit({ tolerations: [{ operator: 'Exists' }] }, taint('NoExecute')), 'runs'],
    ['another value tolerated', fit({ tolerations: [{ key: 'k', value: 'x' }] }, taint('NoSchedule')), 'stays'],
    [
      'another effect tolerated',
      fit({ tolerations: [{ key: 'k', value: 'v', effect: 'NoExecute' }] }, taint('NoSchedule')),
      'stays',
    ],
    ['a node that is not ready', fit({}, taint('NoExecute', 'node.kubernetes.io/not-ready')), 'runs'],
    ['a node that is unschedulable', fit({}, taint('NoSchedule', 'node.kubernetes.io/unschedulable')), 'runs'],
    ['no network, own network', fit({}, taint('NoSchedule', 'node.kubernetes.io/network-unavailable')), 'stays'],
    [
      'no network, host network',
      fit({ hostNetwork: true }, taint('NoSchedule', 'node.kubernetes.io/network-unavailable')),
      'runs',
    ],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(actual, expected));
  }
});
