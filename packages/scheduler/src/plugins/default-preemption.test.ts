import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '@kts/api/types/core-v1';
import type { PodDisruptionBudget } from '@kts/api/types/policy-v1';
import { seededRandom } from '@kts/base';
import { podInfoOf } from '../framework/pod-info.ts';
import { profileOf } from '../framework/profile.ts';
import { scheduleOne, type Unschedulable } from '../framework/schedule-one.ts';
import { cluster, node, pod, type ClusterOptions, type PodOptions } from '../testing/index.ts';
import { defaultPlugins } from './default-plugins.ts';

const profile = profileOf('default-scheduler', defaultPlugins());

function preempt(options: ClusterOptions, wanted: PodOptions): Unschedulable {
  const decision = scheduleOne(cluster(options), podInfoOf(pod('p', wanted)), profile, seededRandom(1));
  assert.ok(decision.kind === 'unschedulable');
  return decision;
}

/** A pod that runs and takes CPUs. */
function running(name: string, nodeName: string, cpu: string, priority: number, options: PodOptions = {}): Pod {
  return pod(name, { requests: { cpu }, priority, nodeName, labels: { app: name }, ...options });
}

function budget(app: string, disruptionsAllowed: number): PodDisruptionBudget {
  return {
    metadata: { name: app, namespace: 'default', uid: app, resourceVersion: '1', creationTimestamp: '' },
    spec: { selector: { matchLabels: { app } } },
    status: { disruptionsAllowed, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
  };
}

const started = (startTime: string): PodOptions => ({ status: { startTime } });

describe('DefaultPreemption', () => {
  const nodes = [node('a'), node('b')];
  type Case = readonly [name: string, pods: readonly Pod[], budgets: readonly PodDisruptionBudget[], expected: string];
  // The pod needs 3 of 4 CPUs and has priority 10.
  const cases: readonly Case[] = [
    ['lowest priority', [running('e', 'a', '4', 5), running('f', 'b', '4', 1)], [], 'b: f'],
    ['fewest victims', [running('e', 'a', '2', 1), running('f', 'a', '2', 1), running('g', 'b', '4', 1)], [], 'b: g'],
    [
      'latest start',
      [
        running('e', 'a', '4', 1, started('2026-01-01T02:00:00Z')),
        running('f', 'b', '4', 1, started('2026-01-01T01:00:00Z')),
      ],
      [],
      'a: e',
    ],
    ['no violated budget', [running('e', 'a', '4', 1), running('f', 'b', '4', 5)], [budget('e', 0)], 'b: f'],
    ['a budget that allows it', [running('e', 'a', '4', 1), running('f', 'b', '4', 5)], [budget('e', 1)], 'a: e'],
    [
      'who can stay stays',
      [running('e', 'a', '1', 5), running('f', 'a', '3', 1), running('g', 'b', '4', 20)],
      [],
      'a: f',
    ],
    [
      'the more important stays',
      [running('e', 'a', '2', 5), running('f', 'a', '2', 1), running('g', 'b', '4', 20)],
      [],
      'a: e,f',
    ],
    ['equal priority', [running('e', 'a', '4', 10), running('f', 'b', '4', 10)], [], ': '],
  ];
  for (const [name, pods, podDisruptionBudgets, expected] of cases) {
    it(name, () => {
      const { nominatedNode, victims } = preempt(
        { nodes, pods, objects: { podDisruptionBudgets } },
        { requests: { cpu: '3' }, priority: 10 },
      );
      assert.equal(`${nominatedNode}: ${victims.map(({ pod: { metadata } }) => metadata.name).join()}`, expected);
    });
  }

  it('waits for victims that are on their way out', () => {
    const leaving = running('e', 'a', '4', 1, {
      deletionTimestamp: '2026-01-01T00:00:00Z',
      status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] },
    });
    const wanted: PodOptions = { requests: { cpu: '3' }, priority: 10, status: { nominatedNodeName: 'a' } };
    const decision = preempt({ nodes: [node('a')], pods: [leaving] }, wanted);
    assert.equal(
      decision.message,
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to a terminating pod on the nominated node.',
    );
    assert.equal(decision.nominatedNode, undefined);
  });

  it('takes a nomination back that has become pointless', () => {
    const wanted: PodOptions = { requests: { cpu: '9' }, priority: 10, status: { nominatedNodeName: 'a' } };
    assert.equal(preempt({ nodes }, wanted).nominatedNode, '');
  });

  it('removes pods that do not want the new one beside them', () => {
    const term = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' };
    const jealous = running('e', 'a', '1', 1, {
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    });
    const decision = preempt({ nodes: [node('a')], pods: [jealous] }, { labels: { app: 'web' }, priority: 10 });
    assert.deepEqual(
      decision.victims.map(({ key }) => key),
      ['default/e'],
    );
  });
});
