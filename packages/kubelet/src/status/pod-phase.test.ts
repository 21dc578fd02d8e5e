import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ContainerState, PodSpec } from '@kts/api/types/core-v1';
import { aContainer, aContainerStatus, aPod } from '../testing/pods.ts';
import { podPhase, type PodPhase } from './pod-phase.ts';

const RUNNING: ContainerState = { running: { startedAt: '2026-01-01T00:00:00Z' } };
const WAITING: ContainerState = { waiting: { reason: 'ContainerCreating' } };
const ended = (exitCode: number): ContainerState => ({ terminated: { exitCode } });

function phaseOf(
  spec: Partial<PodSpec>,
  states: Readonly<Record<string, ContainerState>>,
  isTerminal = false,
): PodPhase {
  const statuses = Object.entries(states).map(([name, state]) => aContainerStatus(name, { state }));
  return podPhase({ pod: aPod(spec), statuses, isTerminal, hasInitialized: false });
}

describe('the phase of a pod', () => {
  const two = { containers: [aContainer('a'), aContainer('b')] };

  test('Pending while a container is being made', () => {
    assert.equal(phaseOf(two, { a: RUNNING, b: WAITING }), 'Pending');
    assert.equal(phaseOf(two, {}), 'Pending');
  });

  test('Running while one runs, and while an ended one is to run again', () => {
    assert.equal(phaseOf(two, { a: RUNNING, b: ended(1) }), 'Running');
    assert.equal(phaseOf(two, { a: ended(0), b: ended(1) }), 'Running');
  });

  test('Succeeded and Failed when all have ended for good', () => {
    const never = { ...two, restartPolicy: 'Never' as const };
    assert.equal(phaseOf(never, { a: ended(0), b: ended(0) }), 'Succeeded');
    assert.equal(phaseOf(never, { a: ended(0), b: ended(2) }), 'Failed');
  });

  test('a pod that the kubelet has stopped is over, whatever its restart policy', () => {
    assert.equal(phaseOf(two, { a: ended(0), b: ended(137) }, true), 'Failed');
    assert.equal(phaseOf(two, { a: ended(0), b: ended(0) }, true), 'Succeeded');
  });

  test('an init container that failed for good fails the pod', () => {
    const spec: Partial<PodSpec> = { initContainers: [aContainer('init')], restartPolicy: 'Never' };
    assert.equal(phaseOf(spec, { init: ended(1), c: WAITING }), 'Failed');
    assert.equal(phaseOf({ ...spec, restartPolicy: 'Always' }, { init: ended(1), c: WAITING }), 'Pending');
  });

  test('a sidecar does not keep a pod running whose containers are done', () => {
    const spec: Partial<PodSpec> = {
      initContainers: [aContainer('side', { restartPolicy: 'Always' })],
      restartPolicy: 'Never',
    };
    assert.equal(phaseOf(spec, { side: ended(0), c: ended(0) }), 'Succeeded');
  });
});
