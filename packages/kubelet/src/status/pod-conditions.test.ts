import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ContainerStatus, PodCondition, PodSpec } from '@kts/api/types/core-v1';
import { aContainer, aContainerStatus, aPod } from '../testing/pods.ts';
import { containersReadyCondition, initializedCondition, readyCondition } from './pod-conditions.ts';
import type { PodPhase } from './pod-phase.ts';

const ready = (name: string, more: Partial<ContainerStatus> = {}) => aContainerStatus(name, { ready: true, ...more });
const text = ({ status, reason = '', message = '' }: PodCondition): string => [status, reason, message].join('|');
const two = aPod({ containers: [aContainer('a'), aContainer('b')] });

describe('ContainersReady', () => {
  const table: readonly (readonly [string, readonly ContainerStatus[], PodPhase, string])[] = [
    ['all are', [ready('a'), ready('b')], 'Running', 'True||'],
    [
      'one is not',
      [ready('a'), aContainerStatus('b')],
      'Running',
      'False|ContainersNotReady|containers with unready status: [b]',
    ],
    [
      'none is',
      [aContainerStatus('a'), aContainerStatus('b')],
      'Running',
      'False|ContainersNotReady|containers with unready status: [a b]',
    ],
    [
      'one is not known',
      [aContainerStatus('a')],
      'Pending',
      'False|ContainersNotReady|containers with unknown status: [b], containers with unready status: [a]',
    ],
    ['nothing is known', [], 'Pending', 'False|UnknownContainerStatuses|'],
    ['all are done', [aContainerStatus('a'), aContainerStatus('b')], 'Succeeded', 'False|PodCompleted|'],
    ['it has failed', [aContainerStatus('a'), aContainerStatus('b')], 'Failed', 'False|PodFailed|'],
  ];
  for (const [name, statuses, phase, expected] of table) {
    test(name, () => assert.equal(text(containersReadyCondition(two, statuses, phase)), expected));
  }

  test('sidecars count, other init containers do not', () => {
    const pod = aPod({ initContainers: [aContainer('side', { restartPolicy: 'Always' }), aContainer('init')] });
    const statuses = [ready('c'), aContainerStatus('side'), aContainerStatus('init')];
    assert.match(text(containersReadyCondition(pod, statuses, 'Running')), /unready status: \[side\]$/);
  });
});

describe('Ready', () => {
  const gated = aPod({ readinessGates: [{ conditionType: 'example.com/a' }, { conditionType: 'example.com/b' }] });
  const gate = (type: string, status: 'True' | 'False'): PodCondition => ({ type, status });
  const table: readonly (readonly [string, readonly PodCondition[], boolean, string])[] = [
    ['with open gates', [gate('example.com/a', 'True'), gate('example.com/b', 'True')], true, 'True||'],
    [
      'with a closed gate and one that is not there',
      [gate('example.com/a', 'False')],
      true,
      'False|ReadinessGatesNotReady|the status of pod readiness gate "example.com/a" is not "True", but False, corresponding condition of pod readiness gate "example.com/b" does not exist.',
    ],
    ['not without its containers', [], false, 'False|ContainersNotReady|containers with unready status: [c]'],
  ];
  for (const [name, conditions, isReady, expected] of table) {
    test(name, () => {
      const found = readyCondition(gated, conditions, [aContainerStatus('c', { ready: isReady })], 'Running');
      assert.equal(found.type, 'Ready');
      assert.equal(text(found), expected);
    });
  }
});

describe('Initialized', () => {
  const withInit: Partial<PodSpec> = {
    initContainers: [aContainer('i'), aContainer('s', { restartPolicy: 'Always' })],
  };
  const pod = aPod(withInit);
  const running = { running: { startedAt: '2026-01-01T00:00:00Z' } };
  const table: readonly (readonly [string, readonly ContainerStatus[], PodPhase, string])[] = [
    ['all are through', [ready('i'), aContainerStatus('s', { started: true })], 'Pending', 'True||'],
    [
      'one is not',
      [aContainerStatus('i'), aContainerStatus('s')],
      'Pending',
      'False|ContainersNotInitialized|containers with incomplete status: [i s]',
    ],
    ['nothing is known', [], 'Pending', 'False|UnknownContainerStatuses|'],
    [
      'a container runs',
      [aContainerStatus('i'), aContainerStatus('s'), ready('c', { state: running })],
      'Running',
      'True||',
    ],
    ['the pod is done', [aContainerStatus('i'), aContainerStatus('s')], 'Succeeded', 'True|PodCompleted|'],
  ];
  for (const [name, statuses, phase, expected] of table) {
    test(name, () => assert.equal(text(initializedCondition(pod, undefined, statuses, phase)), expected));
  }

  test('stays, once it was', () => {
    const old = { conditions: [{ type: 'Initialized', status: 'True' as const }] };
    const statuses = [aContainerStatus('i'), aContainerStatus('s')];
    assert.equal(initializedCondition(pod, old, statuses, 'Pending').status, 'True');
  });
});
