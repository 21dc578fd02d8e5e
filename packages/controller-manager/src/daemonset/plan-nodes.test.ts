import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { DaemonSet, RollingUpdateDaemonSet } from '@kts/api/types/apps-v1';
import type { Pod, PodCondition } from '@kts/api/types/core-v1';
import { formatTime } from '@kts/base';

import { node, NOW, podOn, type NodePodFields } from '../nodes/testing/node-objects.ts';
import { HASH_LABEL } from './daemon-pod.ts';
import { planNodes, planRollingUpdate, type NodesObserved, type NodesPlan } from './plan-nodes.ts';

interface PodFields extends Omit<NodePodFields, 'name'> {
  readonly name?: string;
  readonly hash?: string;
  /** Milliseconds. */
  readonly readyFor?: number;
}

function pod({ name = 'p', hash = 'new', readyFor, ...fields }: PodFields): Pod {
  const base = podOn({ name, ...fields });
  const ready: PodCondition = { type: 'Ready', status: 'True', lastTransitionTime: formatTime(NOW - (readyFor ?? 0)) };
  return {
    ...base,
    metadata: { ...base.metadata, labels: { [HASH_LABEL]: hash } },
    status: { ...base.status, conditions: readyFor === undefined ? [] : [ready] },
  };
}

function daemonSet(rollingUpdate: RollingUpdateDaemonSet = { maxUnavailable: 1 }, minReadySeconds = 0): DaemonSet {
  return {
    metadata: { ...podOn({ name: 'd' }).metadata, namespace: 'default' },
    spec: {
      selector: {},
      template: { spec: { containers: [{ name: 'main' }] } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate },
      minReadySeconds,
    },
  };
}

const SURGE = { maxSurge: 1, maxUnavailable: 0 };

function said({ create, delete: gone, requeueAfterMs }: NodesPlan): string {
  const parts = [...create.map((name) => `+${name}`), ...gone.map(({ metadata }) => `-${metadata.name}`)];
  return [...parts, ...(requeueAfterMs === undefined ? [] : [`in ${requeueAfterMs}`])].join(' ') || 'nothing';
}

function observed(
  podsByNode: Readonly<Record<string, readonly Pod[]>>,
  fields: Partial<NodesObserved> = {},
): NodesObserved {
  return {
    daemonSet: daemonSet(),
    nodes: [node({ name: 'one' }), node({ name: 'two' })],
    podsByNode: new Map(Object.entries(podsByNode)),
    hash: 'new',
    backOffMs: new Map(),
    now: NOW,
    ...fields,
  };
}

describe('planNodes', () => {
  const tainted = [node({ name: 'one', taints: [{ key: 'k', effect: 'NoSchedule' }] })];
  const evicting = [node({ name: 'one', taints: [{ key: 'k', effect: 'NoExecute' }] })];
  const only = { nodes: [node({ name: 'one' })] };
  const surge = { ...only, daemonSet: daemonSet(SURGE) };
  const a = pod({ name: 'a', node: 'one', readyFor: 1000 });
  const old = pod({ name: 'old', node: 'one', hash: 'old', readyFor: 1000 });
  const failed = pod({ name: 'f', node: 'one', phase: 'Failed' });
  for (const [name, state, expected] of [
    ['none yet', observed({}), '+one +two'],
    ['one is missing', observed({ one: [a] }), '+two'],
    ['all are there', observed({ one: [a] }, only), 'nothing'],
    ['one is being deleted', observed({ one: [pod({ node: 'one', isDeleted: true })] }, only), 'nothing'],
    ['too many: the oldest stays', observed({ one: [a, pod({ name: 'b', node: 'one', age: 60_000 })] }, only), '-a'],
    ['too many: an assigned one stays', observed({ one: [pod({ name: 'c', age: 60_000 }), a] }, only), '-c'],
    ['failed', observed({ one: [failed] }, only), '-f'],
    ['failed again', observed({ one: [failed] }, { ...only, backOffMs: new Map([['one', 5000]]) }), 'in 5000'],
    ['ended', observed({ one: [pod({ name: 's', node: 'one', phase: 'Succeeded' })] }, only), '-s'],
    ['a node that repels', observed({}, { nodes: tainted }), 'nothing'],
    ['a node that has come to repel', observed({ one: [a] }, { nodes: tainted }), 'nothing'],
    ['a node that evicts', observed({ one: [a] }, { nodes: evicting }), '-a'],
    ['a node that is gone', observed({ one: [a], three: [pod({ name: 'lost' })] }, only), '-lost'],
    [
      'a node that is gone, with its pod',
      observed({ one: [a], three: [pod({ name: 'lost', node: 'three' })] }, only),
      'nothing',
    ],
    ['side by side', observed({ one: [old, pod({ name: 'a', node: 'one' })] }, surge), 'nothing'],
    ['side by side, the new one works', observed({ one: [old, a] }, surge), '-old'],
    [
      'side by side, the old one does not work',
      observed({ one: [pod({ name: 'old', node: 'one', hash: 'old' }), pod({ name: 'a', node: 'one' })] }, surge),
      '-old',
    ],
    ['failed, with surge', observed({ one: [failed] }, surge), '+one -f'],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(said(planNodes(state)), expected));
  }
});

describe('planRollingUpdate', () => {
  const names = ['one', 'two', 'three', 'four'];
  const nodes = names.map((name) => node({ name }));
  /** A letter for each node: old, new, broken old, starting new, both, empty. */
  const state = (text: string, rollingUpdate: RollingUpdateDaemonSet, minReadySeconds = 0): NodesObserved => {
    const make = (index: number, hash: string, readyFor: number | undefined): Pod =>
      pod({ name: `${hash}${index + 1}`, node: names[index]!, hash, ...(readyFor === undefined ? {} : { readyFor }) });
    const kinds: Readonly<Record<string, (index: number) => readonly Pod[]>> = {
      o: (index) => [make(index, 'old', 60_000)],
      n: (index) => [make(index, 'new', 5000)],
      b: (index) => [make(index, 'old', undefined)],
      s: (index) => [make(index, 'new', undefined)],
      w: (index) => [make(index, 'old', 60_000), make(index, 'new', undefined)],
      d: (index) => [make(index, 'old', 60_000), make(index, 'new', 5000)],
      '-': () => [],
    };
    const podsByNode = new Map(text.split('').map((letter, index) => [names[index]!, kinds[letter]!(index)]));
    const used = nodes.slice(0, text.length);
    return observed({}, { nodes: used, podsByNode, daemonSet: daemonSet(rollingUpdate, minReadySeconds) });
  };
  for (const [pods, rollingUpdate, expected, minReadySeconds] of [
    ['oooo', { maxUnavailable: 1 }, '-old1'],
    ['oooo', { maxUnavailable: 2 }, '-old1 -old2'],
    ['oooo', { maxUnavailable: '50%' }, '-old1 -old2'],
    ['oooo', { maxUnavailable: '1%' }, '-old1'],
    ['oooo', { maxUnavailable: 0 }, '-old1'],
    ['nnoo', { maxUnavailable: 1 }, '-old3'],
    ['snoo', { maxUnavailable: 1 }, 'nothing'],
    ['-noo', { maxUnavailable: 1 }, 'nothing'],
    ['booo', { maxUnavailable: 1 }, '-old1'],
    ['bboo', { maxUnavailable: 1 }, '-old1 -old2'],
    ['nnnn', { maxUnavailable: 1 }, 'nothing'],
    ['nooo', { maxUnavailable: 1 }, 'nothing', 10],
    ['nooo', { maxUnavailable: 1 }, '-old2', 3],
    ['oooo', SURGE, '+one'],
    ['wooo', SURGE, 'nothing'],
    ['dooo', SURGE, '+two -old1'],
    ['booo', SURGE, '+one +two'],
    ['nnno', SURGE, '+four'],
    ['nnnn', SURGE, 'nothing'],
    ['oooo', { maxSurge: '50%', maxUnavailable: 0 }, '+one +two'],
  ] as readonly (readonly [string, RollingUpdateDaemonSet, string, number?])[]) {
    it(`${pods} ${JSON.stringify(rollingUpdate)} ${minReadySeconds ?? 0}: ${expected}`, () =>
      assert.equal(said(planRollingUpdate(state(pods, rollingUpdate, minReadySeconds))), expected));
  }
});
