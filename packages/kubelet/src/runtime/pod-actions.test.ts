import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pod } from '@kts/api/types/core-v1';
import { aContainer, aPod, aRecord, aRuntimeStatus } from '../testing/pods.ts';
import type { ActionObservation } from './action-draft.ts';
import { computePodActions, type PodActions } from './pod-actions.ts';
import { emptyRuntimeStatus, type PodRuntimeStatus } from './pod-runtime-status.ts';

const NO_PROBES: ActionObservation['probes'] = { liveness: () => undefined, startup: () => undefined };
const NO_RESIZE: ActionObservation['resize'] = {
  resizable: false,
  actuated: () => undefined,
  podLevelChanged: false,
};

function actionsFor(pod: Pod, status: PodRuntimeStatus, more: Partial<ActionObservation> = {}): PodActions {
  return computePodActions({
    pod,
    status,
    probes: NO_PROBES,
    resize: NO_RESIZE,
    restartAllContainers: false,
    ...more,
  });
}

function names(list: readonly { readonly name?: string }[]): readonly (string | undefined)[] {
  return list.map((one) => one.name);
}

describe('the sandbox', () => {
  test('a new pod gets a sandbox and all of its containers', () => {
    const pod = aPod({ containers: [aContainer('a'), aContainer('b')] });
    const actions = actionsFor(pod, emptyRuntimeStatus(pod));
    assert.equal(actions.createSandbox, true);
    assert.equal(actions.attempt, 0);
    assert.deepEqual(names(actions.containersToStart), ['a', 'b']);
  });

  test('nothing is to be done for a pod that runs', () => {
    const pod = aPod();
    const actions = actionsFor(pod, aRuntimeStatus([aRecord(pod.spec.containers[0]!)]));
    assert.equal(actions.killPod, false);
    assert.deepEqual(actions.containersToStart, []);
    assert.deepEqual(actions.containersToKill, []);
  });

  test('a sandbox that died is made again, with everything in it', () => {
    const pod = aPod();
    const status = aRuntimeStatus([aRecord(pod.spec.containers[0]!, { state: 'exited' })], { ready: false });
    const actions = actionsFor(pod, status);
    assert.equal(actions.killPod, true);
    assert.equal(actions.createSandbox, true);
    assert.equal(actions.attempt, 1);
    assert.deepEqual(names(actions.containersToStart), ['c']);
  });

  test('a sandbox that died is not made again for a pod that never restarts', () => {
    const pod = aPod({ restartPolicy: 'Never' });
    const status = aRuntimeStatus([aRecord(pod.spec.containers[0]!, { state: 'exited' })], { ready: false });
    assert.equal(actionsFor(pod, status).createSandbox, false);
  });

  test('the pod is killed when all of its containers have ended for good', () => {
    const pod = aPod({ restartPolicy: 'OnFailure' });
    const actions = actionsFor(pod, aRuntimeStatus([aRecord(pod.spec.containers[0]!, { state: 'exited' })]));
    assert.equal(actions.killPod, true);
  });
});

describe('containers', () => {
  const pod = aPod({ containers: [aContainer('a'), aContainer('b')] });
  const [a, b] = pod.spec.containers as [Pod['spec']['containers'][number], Pod['spec']['containers'][number]];

  test('the one that ended starts again', () => {
    const actions = actionsFor(pod, aRuntimeStatus([aRecord(a, { state: 'exited', exitCode: 1 }), aRecord(b)]));
    assert.deepEqual(names(actions.containersToStart), ['a']);
    assert.deepEqual(actions.containersToKill, []);
  });

  test('the one that fails its liveness probe is stopped and starts again', () => {
    const probes = { ...NO_PROBES, liveness: (id: string) => (id === 'id-a' ? ('failure' as const) : undefined) };
    const actions = actionsFor(pod, aRuntimeStatus([aRecord(a), aRecord(b)]), { probes });
    assert.deepEqual(
      actions.containersToKill.map(({ name, reason, message }) => [name, reason, message]),
      [['a', 'LivenessProbe', 'Container a failed liveness probe, will be restarted']],
    );
    assert.deepEqual(names(actions.containersToStart), ['a']);
  });

  test('the one whose image changed is stopped and starts again', () => {
    const actions = actionsFor(pod, aRuntimeStatus([aRecord(a, { hash: '1' }), aRecord(b)]));
    assert.deepEqual(
      actions.containersToKill.map((one) => one.message),
      ['Container a definition changed, will be restarted'],
    );
    assert.deepEqual(names(actions.containersToStart), ['a']);
  });
});

describe('init containers', () => {
  const pod = aPod({ initContainers: [aContainer('one'), aContainer('two')] });
  const [one, two] = pod.spec.initContainers as [Pod['spec']['containers'][number], Pod['spec']['containers'][number]];

  test('the first one goes first', () => {
    const actions = actionsFor(pod, emptyRuntimeStatus(pod));
    assert.deepEqual(names(actions.initContainersToStart), ['one']);
    assert.deepEqual(actions.containersToStart, []);
  });

  test('the next one follows when it has succeeded', () => {
    const actions = actionsFor(pod, aRuntimeStatus([aRecord(one, { state: 'exited' })]));
    assert.deepEqual(names(actions.initContainersToStart), ['two']);
  });

  test('nothing follows while one runs', () => {
    const actions = actionsFor(pod, aRuntimeStatus([aRecord(one)]));
    assert.deepEqual(actions.initContainersToStart, []);
    assert.deepEqual(actions.containersToStart, []);
  });

  test('one that failed runs again', () => {
    const actions = actionsFor(pod, aRuntimeStatus([aRecord(one, { state: 'exited', exitCode: 1 })]));
    assert.deepEqual(names(actions.initContainersToStart), ['one']);
  });

  test('one that failed ends a pod that never restarts', () => {
    const never = { ...pod, spec: { ...pod.spec, restartPolicy: 'Never' as const } };
    const actions = actionsFor(never, aRuntimeStatus([aRecord(one, { state: 'exited', exitCode: 1 })]));
    assert.equal(actions.killPod, true);
  });

  test('the others start when the last one has succeeded', () => {
    const done = [aRecord(two, { state: 'exited' }), aRecord(one, { state: 'exited' })];
    assert.deepEqual(names(actionsFor(pod, aRuntimeStatus(done)).containersToStart), ['c']);
  });
});

describe('sidecars', () => {
  const sidecar = aContainer('side', { restartPolicy: 'Always' });
  const pod = aPod({ initContainers: [sidecar, aContainer('init')] });

  test('the next init container follows once the sidecar has started', () => {
    const probes = { ...NO_PROBES, startup: () => 'success' as const };
    const actions = actionsFor(pod, aRuntimeStatus([aRecord(sidecar)]), { probes });
    assert.deepEqual(names(actions.initContainersToStart), ['init']);
  });

  test('one that ended runs again beside the main containers', () => {
    const init = aRecord(pod.spec.initContainers![1]!, { state: 'exited' });
    const main = aRecord(pod.spec.containers[0]!);
    const ended = aRecord(sidecar, { state: 'exited', exitCode: 1 });
    const actions = actionsFor(pod, aRuntimeStatus([main, init, ended]));
    assert.deepEqual(names(actions.initContainersToStart), ['side']);
    assert.equal(actions.killPod, false);
  });
});
