import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ContainerStatus, Probe } from '@kts/api/types/core-v1';
import { aContainerStatus, aPod } from '../testing/pods.ts';
import { beginProbe, endProbe, INITIAL_PROBE_STATE, type ProbeObservation, type ProbeType } from './probe-machine.ts';

const STARTED = Date.UTC(2026, 0, 1);

function observe(
  type: ProbeType,
  more: { readonly status?: Partial<ContainerStatus>; readonly probe?: Probe; readonly afterMs?: number } = {},
): ProbeObservation {
  const pod = aPod();
  const running = aContainerStatus('c', {
    containerID: 'fake://1',
    started: true,
    state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
    ...more.status,
  });
  return {
    type,
    probe: more.probe ?? {},
    pod,
    container: pod.spec.containers[0]!,
    status: { phase: 'Running', containerStatuses: [running] },
    now: STARTED + (more.afterMs ?? 60_000),
    kubeletStartedAt: STARTED - 60_000,
  };
}

describe('when a period begins', () => {
  test('a new container begins with the verdict of its probe', () => {
    for (const [type, verdict] of [
      ['readiness', 'failure'],
      ['liveness', 'success'],
      ['startup', 'unknown'],
    ] as const) {
      assert.equal(beginProbe(INITIAL_PROBE_STATE, observe(type)).verdict?.value, verdict);
    }
  });

  test('nothing happens before the initial delay', () => {
    const probe = { initialDelaySeconds: 10 };
    const at = (afterMs: number): string =>
      beginProbe(INITIAL_PROBE_STATE, observe('liveness', { probe, afterMs })).next;
    assert.equal(at(9999), 'wait');
    assert.equal(at(10_000), 'probe');
  });

  test('the others wait for the startup probe, which is done once it succeeded', () => {
    const notStarted = { status: { started: false } };
    assert.equal(beginProbe(INITIAL_PROBE_STATE, observe('liveness', notStarted)).next, 'wait');
    assert.equal(beginProbe(INITIAL_PROBE_STATE, observe('startup', notStarted)).next, 'probe');
    assert.equal(beginProbe(INITIAL_PROBE_STATE, observe('startup')).next, 'wait');
  });

  test('containers that were ready before the kubelet started stay ready', () => {
    const observed = { ...observe('readiness'), kubeletStartedAt: STARTED + 60_000 };
    assert.equal(beginProbe(INITIAL_PROBE_STATE, observed).verdict, undefined);
  });
});

describe('when a probe has ended', () => {
  const state = { ...INITIAL_PROBE_STATE, containerID: 'fake://1' };
  const probe = { failureThreshold: 3, successThreshold: 2 };

  test('it takes so many failures in a row', () => {
    let current = state;
    const verdicts = (['failure', 'failure', 'success', 'failure', 'failure', 'failure'] as const).map((outcome) => {
      const step = endProbe(current, { type: 'readiness', probe }, outcome);
      current = step.state;
      return step.verdict?.value;
    });
    assert.deepEqual(verdicts, [undefined, undefined, undefined, undefined, undefined, 'failure']);
  });

  test('a container that is to be restarted is left alone until there is a new one', () => {
    const { state: after } = endProbe(state, { type: 'liveness', probe: { failureThreshold: 1 } }, 'failure');
    assert.equal(beginProbe(after, observe('liveness')).next, 'wait');
    assert.equal(beginProbe(after, observe('liveness', { status: { containerID: 'fake://2' } })).next, 'probe');
  });

  test('a probe that could not be run counts for nothing', () => {
    assert.deepEqual(endProbe(state, { type: 'liveness', probe }, undefined).state, state);
  });
});
