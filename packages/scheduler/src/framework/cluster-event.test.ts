import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeCondition } from '@kts/api/types/core-v1';
import { node, pod, type NodeOptions, type PodOptions } from '../testing/index.ts';
import { eventLabel, nodeUpdateEvents, podUpdateEvents, type ClusterEvent } from './cluster-event.ts';

describe('podUpdateEvents', () => {
  const tolerations = [{ operator: 'Exists' as const }];
  const claims = { resourceClaimStatuses: [{ name: 'c', resourceClaimName: 'x' }] };
  const rows: readonly (readonly [name: string, before: PodOptions, after: PodOptions, ...events: ClusterEvent[]])[] = [
    ['nothing that matters', {}, { nodeName: 'n' }, 'Pod/Update'],
    ['labels', {}, { labels: { a: 'b' } }, 'Pod/UpdateLabels'],
    ['no labels and empty labels', {}, { labels: {} }, 'Pod/Update'],
    ['fewer requests', { requests: { cpu: '2' } }, { requests: { cpu: '1' } }, 'Pod/UpdateScaleDown'],
    ['more requests', { requests: { cpu: '1' } }, { requests: { cpu: '2' } }, 'Pod/Update'],
    ['the last gate', { schedulingGates: [{ name: 'a' }] }, {}, 'Pod/UpdateSchedulingGatesEliminated'],
    [
      'one of two gates',
      { schedulingGates: [{ name: 'a' }, { name: 'b' }] },
      { schedulingGates: [{ name: 'a' }] },
      'Pod/Update',
    ],
    ['tolerations', {}, { tolerations }, 'Pod/UpdateTolerations'],
    ['generated claims', {}, { status: claims }, 'Pod/UpdateGeneratedResourceClaims'],
    ['several', {}, { labels: { a: 'b' }, tolerations }, 'Pod/UpdateLabels', 'Pod/UpdateTolerations'],
  ];
  for (const [name, before, after, ...events] of rows) {
    it(name, () => assert.deepEqual(podUpdateEvents(pod('p', before), pod('p', after)), events));
  }
});

describe('nodeUpdateEvents', () => {
  const ready = (status: 'True' | 'False', lastHeartbeatTime: string): NodeOptions => ({
    status: { conditions: [{ type: 'Ready', status, lastHeartbeatTime } as NodeCondition] },
  });
  const rows: readonly (readonly [name: string, before: NodeOptions, after: NodeOptions, ...events: ClusterEvent[]])[] =
    [
      ['nothing', {}, {}],
      ['a heartbeat', ready('True', '2026-01-01T00:00:00Z'), ready('True', '2026-01-01T00:00:10Z')],
      [
        'a condition',
        ready('False', '2026-01-01T00:00:00Z'),
        ready('True', '2026-01-01T00:00:00Z'),
        'Node/UpdateConditions',
      ],
      ['allocatable', {}, { allocatable: { cpu: '5' } }, 'Node/UpdateAllocatable'],
      ['labels', {}, { labels: { a: 'b' } }, 'Node/UpdateLabels'],
      ['taints', {}, { taints: [{ key: 'x', effect: 'NoSchedule' }] }, 'Node/UpdateTaints'],
      ['a cordon that is lifted', { unschedulable: true }, {}, 'Node/UpdateTaints'],
      ['a cordon', {}, { unschedulable: true }],
      ['features', {}, { status: { declaredFeatures: ['x'] } }, 'Node/UpdateDeclaredFeatures'],
    ];
  for (const [name, before, after, ...events] of rows) {
    it(name, () => assert.deepEqual(nodeUpdateEvents(node('n', before), node('n', after)), events));
  }
});

describe('eventLabel', () => {
  const rows: readonly (readonly [event: ClusterEvent, label: string])[] = [
    ['Node/Add', 'NodeAdd'],
    ['Node/UpdateLabels', 'NodeUpdateNodeLabel'],
    ['Node/UpdateAllocatable', 'NodeUpdateNodeAllocatable'],
    ['Pod/Delete', 'AssignedPodDelete'],
    ['Pod/UpdateScaleDown', 'AssignedPodUpdatePodScaleDown'],
    ['PersistentVolumeClaim/Update', 'PersistentVolumeClaimUpdate'],
    ['ResourceSlice/Add', 'ResourceSliceAdd'],
  ];
  for (const [event, label] of rows) it(event, () => assert.equal(eventLabel(event), label));
  it('of the waiting pod itself', () =>
    assert.equal(eventLabel('Pod/UpdateTolerations', true), 'UnschedulablePodUpdatePodToleration'));
});
