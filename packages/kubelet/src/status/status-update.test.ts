import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pod, PodCondition, PodStatus } from '@kts/api/types/core-v1';
import { aContainerStatus, aPod } from '../testing/pods.ts';
import { statusPatch } from './status-patch.ts';
import { followStatus, isIllegalTransition, mergeStatus, terminatedStatus } from './status-update.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const condition = (type: string, status: string, more: Partial<PodCondition> = {}): PodCondition => ({
  type,
  status,
  ...more,
});

describe('a status that follows another', () => {
  test('a condition keeps its time until it changes', () => {
    const old: PodStatus = {
      conditions: [
        condition('Ready', 'True', { lastTransitionTime: '2026-01-01T00:00:00Z' }),
        condition('Initialized', 'False', { lastTransitionTime: '2026-01-01T00:00:00Z' }),
      ],
    };
    const next: PodStatus = { conditions: [condition('Ready', 'True'), condition('Initialized', 'True')] };
    const times = followStatus(aPod(), old, next, NOW).conditions?.map((one) => one.lastTransitionTime);
    assert.deepEqual(times, ['2026-01-01T00:00:00Z', '2026-01-01T12:00:00Z']);
  });

  test('the start time never changes', () => {
    const { startTime } = followStatus(aPod(), { startTime: '2026-01-01T00:00:00Z' }, {}, NOW);
    assert.equal(startTime, '2026-01-01T00:00:00Z');
  });

  test('a container that ended for good may not seem to run again', () => {
    const old: PodStatus = { containerStatuses: [aContainerStatus('c', { state: { terminated: { exitCode: 0 } } })] };
    const next: PodStatus = { containerStatuses: [aContainerStatus('c', { state: { running: {} } })] };
    assert.equal(isIllegalTransition(aPod({ restartPolicy: 'Never' }), old, next), true);
    assert.equal(isIllegalTransition(aPod({ restartPolicy: 'Always' }), old, next), false);
  });
});

describe('a status in the API', () => {
  test('conditions of others stay', () => {
    const status = { conditions: [condition('example.com/gate', 'True'), condition('Ready', 'False')] };
    const merged = mergeStatus({ ...aPod(), status }, { conditions: [condition('Ready', 'True')] }, true);
    assert.deepEqual(
      merged.conditions?.map((one) => [one.type, one.status]),
      [
        ['example.com/gate', 'True'],
        ['Ready', 'True'],
      ],
    );
  });

  test('is not terminal while containers could run', () => {
    const pod: Pod = { ...aPod(), status: { phase: 'Running' } };
    assert.equal(mergeStatus(pod, { phase: 'Failed', reason: 'Evicted' }, true).phase, 'Running');
    assert.equal(mergeStatus(pod, { phase: 'Failed', reason: 'Evicted' }, false).phase, 'Failed');
  });

  test('is not ready once it is terminal', () => {
    const pod: Pod = { ...aPod(), status: { phase: 'Running' } };
    const merged = mergeStatus(pod, { phase: 'Succeeded', conditions: [condition('Ready', 'True')] }, false);
    assert.deepEqual(
      merged.conditions?.map((one) => [one.status, one.reason]),
      [['False', 'PodCompleted']],
    );
  });
});

test('nothing of a terminated pod seems to run', () => {
  const status: PodStatus = {
    phase: 'Running',
    containerStatuses: [aContainerStatus('c', { state: { running: {} } })],
  };
  const final = terminatedStatus(aPod(), status);
  assert.equal(final.phase, 'Failed');
  assert.equal(final.containerStatuses?.[0]?.state?.terminated?.reason, 'ContainerStatusUnknown');
});

describe('the patch of a status', () => {
  test('says only what changed, and of conditions by type', () => {
    const old: PodStatus = { phase: 'Pending', hostIP: '192.0.2.1', conditions: [condition('Ready', 'False')] };
    const next: PodStatus = { phase: 'Running', hostIP: '192.0.2.1', conditions: [condition('Ready', 'True')] };
    const patch = statusPatch('uid-1', old, next) as { metadata: object; status: Record<string, unknown> };
    assert.deepEqual(patch.metadata, { uid: 'uid-1' });
    assert.equal(patch.status['phase'], 'Running');
    assert.equal('hostIP' in patch.status, false);
    assert.deepEqual(patch.status['conditions'], [{ type: 'Ready', status: 'True' }]);
  });

  test('is absent if nothing changed', () =>
    assert.equal(statusPatch('uid-1', { phase: 'Running' }, { phase: 'Running' }), undefined));
});
