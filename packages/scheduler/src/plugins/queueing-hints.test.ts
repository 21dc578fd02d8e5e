import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodAffinityTerm, TopologySpreadConstraint } from '@kts/api/types/core-v1';
import type { ClusterEvent, EventObjects } from '../framework/cluster-event.ts';
import type { Plugin } from '../framework/plugin.ts';
import { deviceClass, hinted, node, pod, type NodeOptions, type PodOptions } from '../testing/index.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import { taintToleration } from './taint-toleration.ts';

type Row = readonly [
  name: string,
  plugin: Plugin,
  event: ClusterEvent,
  waiting: PodOptions,
  objects: EventObjects,
  expected: boolean,
];

const web = { labels: { app: 'web' } };
const term: PodAffinityTerm = { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'web' } } };
const near: PodOptions = { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } };
const away: PodOptions = { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } };
const constraint: TopologySpreadConstraint = {
  maxSkew: 1,
  topologyKey: 'zone',
  whenUnsatisfiable: 'DoNotSchedule',
  labelSelector: term.labelSelector!,
};
const spread: PodOptions = { topologySpreadConstraints: [constraint], ...web };
const running = (options: PodOptions = {}) => pod('other', { ...options, nodeName: 'n' });
const zone = (value?: string): NodeOptions => (value === undefined ? {} : { labels: { zone: value } });
const taint: NodeOptions = { taints: [{ key: 'x', effect: 'NoSchedule' }] };
const tolerations = [{ operator: 'Exists' as const }];
const port: PodOptions = { container: { ports: [{ containerPort: 80, hostPort: 80 }] } };
const gpu: PodOptions = { requests: { 'example.com/gpu': '1' } };

const rows: readonly Row[] = [
  ['near: a matching pod came', interPodAffinity(), 'Pod/Add', near, { after: running(web) }, true],
  ['near: another pod came', interPodAffinity(), 'Pod/Add', near, { after: running() }, false],
  ['near: a matching pod that is nowhere', interPodAffinity(), 'Pod/Add', near, { after: pod('other', web) }, false],
  [
    'near: a pod has begun to match',
    interPodAffinity(),
    'Pod/UpdateLabels',
    near,
    { before: running(), after: running(web) },
    true,
  ],
  [
    'near: a pod matches as before',
    interPodAffinity(),
    'Pod/UpdateLabels',
    near,
    { before: running(web), after: running(web) },
    false,
  ],
  ['near: a node in a domain', interPodAffinity(), 'Node/Add', near, { after: node('n', zone('a')) }, true],
  ['near: a node outside of all domains', interPodAffinity(), 'Node/Add', near, { after: node('n') }, false],
  [
    'near: a node came into a domain',
    interPodAffinity(),
    'Node/UpdateLabels',
    near,
    { before: node('n'), after: node('n', zone('a')) },
    true,
  ],
  [
    'near: a node left its domain',
    interPodAffinity(),
    'Node/UpdateLabels',
    near,
    { before: node('n', zone('a')), after: node('n') },
    false,
  ],
  ['away: a matching pod left', interPodAffinity(), 'Pod/Delete', away, { before: running(web) }, true],
  ['away: another pod left', interPodAffinity(), 'Pod/Delete', away, { before: running() }, false],
  [
    'away: a pod that did not want this one left',
    interPodAffinity(),
    'Pod/Delete',
    web,
    { before: running(away) },
    true,
  ],
  [
    'away: a pod matches no more',
    interPodAffinity(),
    'Pod/UpdateLabels',
    away,
    { before: running(web), after: running() },
    true,
  ],
  [
    'away: a node left a domain',
    interPodAffinity(),
    'Node/UpdateLabels',
    away,
    { before: node('n', zone('a')), after: node('n') },
    true,
  ],
  ['away: any node', interPodAffinity(), 'Node/Add', away, { after: node('n') }, true],
  ['spread: a counted pod left', podTopologySpread(), 'Pod/Delete', spread, { before: running(web) }, true],
  ['spread: a pod that does not count left', podTopologySpread(), 'Pod/Delete', spread, { before: running() }, false],
  [
    'spread: a pod of another namespace left',
    podTopologySpread(),
    'Pod/Delete',
    spread,
    { before: running({ ...web, namespace: 'x' }) },
    false,
  ],
  [
    'spread: a pod counts no more',
    podTopologySpread(),
    'Pod/UpdateLabels',
    spread,
    { before: running(web), after: running() },
    true,
  ],
  ['spread: a node with the topology', podTopologySpread(), 'Node/Add', spread, { after: node('n', zone('a')) }, true],
  ['spread: a node without it', podTopologySpread(), 'Node/Add', spread, { after: node('n') }, false],
  ['spread: a node went', podTopologySpread(), 'Node/Delete', spread, { before: node('n', zone('a')) }, true],
  [
    'spread: a node moved',
    podTopologySpread(),
    'Node/UpdateLabels',
    spread,
    { before: node('n', zone('a')), after: node('n', zone('b')) },
    true,
  ],
  [
    'spread: a node stayed',
    podTopologySpread(),
    'Node/UpdateLabels',
    spread,
    { before: node('n', zone('a')), after: node('n', zone('a')) },
    false,
  ],
  ['taint: a node without', taintToleration, 'Node/Add', {}, { after: node('n') }, true],
  ['taint: a node with one', taintToleration, 'Node/Add', {}, { after: node('n', taint) }, false],
  ['taint: taken away', taintToleration, 'Node/UpdateTaints', {}, { before: node('n', taint), after: node('n') }, true],
  [
    'taint: tolerated before',
    taintToleration,
    'Node/UpdateTaints',
    { tolerations },
    { before: node('n', taint), after: node('n') },
    false,
  ],
  [
    'taint: the pod tolerates more',
    taintToleration,
    'Pod/UpdateTolerations',
    {},
    { before: pod('p'), after: pod('p', { tolerations }) },
    true,
  ],
  [
    'cordon: lifted',
    nodeUnschedulable,
    'Node/UpdateTaints',
    {},
    { before: node('n', { unschedulable: true }), after: node('n') },
    true,
  ],
  [
    'cordon: another node that has it',
    nodeUnschedulable,
    'Node/Add',
    {},
    { after: node('n', { unschedulable: true }) },
    false,
  ],
  [
    'cordon: the pod tolerates it',
    nodeUnschedulable,
    'Pod/UpdateTolerations',
    {},
    { before: pod('p'), after: pod('p', { tolerations }) },
    true,
  ],
  [
    'selector: a node that matches',
    nodeAffinity(),
    'Node/Add',
    { nodeSelector: { zone: 'a' } },
    { after: node('n', zone('a')) },
    true,
  ],
  [
    'selector: a node that does not',
    nodeAffinity(),
    'Node/Add',
    { nodeSelector: { zone: 'a' } },
    { after: node('n', zone('b')) },
    false,
  ],
  [
    'selector: a node that matches now',
    nodeAffinity(),
    'Node/UpdateLabels',
    { nodeSelector: { zone: 'a' } },
    { before: node('n'), after: node('n', zone('a')) },
    true,
  ],
  [
    'selector: a node that matched before',
    nodeAffinity(),
    'Node/UpdateLabels',
    { nodeSelector: { zone: 'a' } },
    { before: node('n', zone('a')), after: node('n', zone('a')) },
    false,
  ],
  ['port: freed', nodePorts, 'Pod/Delete', port, { before: running(port) }, true],
  ['port: another one freed', nodePorts, 'Pod/Delete', port, { before: running() }, false],
  [
    'resource: devices stand for it now',
    nodeResourcesFit(),
    'DeviceClass/Add',
    gpu,
    { after: deviceClass('gpu', { extendedResourceName: 'example.com/gpu' }) },
    true,
  ],
  [
    'resource: devices for another one',
    nodeResourcesFit(),
    'DeviceClass/Add',
    gpu,
    { after: deviceClass('nic', { extendedResourceName: 'example.com/nic' }) },
    false,
  ],
  [
    'resource: named after a class',
    nodeResourcesFit(),
    'DeviceClass/Add',
    { requests: { 'deviceclass.resource.kubernetes.io/gpu': '1' } },
    { after: deviceClass('gpu') },
    true,
  ],
  [
    'resource: the same name as before',
    nodeResourcesFit(),
    'DeviceClass/Update',
    gpu,
    {
      before: deviceClass('gpu', { extendedResourceName: 'example.com/gpu' }),
      after: deviceClass('gpu', { extendedResourceName: 'example.com/gpu' }),
    },
    false,
  ],
  [
    'resource: a name that it had not',
    nodeResourcesFit(),
    'DeviceClass/Update',
    gpu,
    { before: deviceClass('gpu'), after: deviceClass('gpu', { extendedResourceName: 'example.com/gpu' }) },
    true,
  ],
];

describe('queueing hints', () => {
  for (const [name, plugin, event, waiting, objects, expected] of rows) {
    it(`${plugin.name}, ${event}: ${name}`, () =>
      assert.equal(hinted(plugin, event, pod('p', waiting), objects), expected));
  }
});
