import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerStatus, Pod } from '@kts/api/types/core-v1';
import { hasContainer, logContainerId } from './log-container.ts';

const exited = (containerID?: string) => ({ terminated: { exitCode: 1, ...(containerID ? { containerID } : {}) } });
const waiting = (reason: string) => ({ waiting: { reason } });

function podWith(status?: Partial<ContainerStatus>): Pod {
  const container = { name: 'c', image: 'i' };
  const statuses = status ? [{ name: 'c', image: 'i', imageID: '', ready: false, restartCount: 0, ...status }] : [];
  return {
    metadata: { name: 'p', namespace: 'n' },
    spec: { containers: [container], initContainers: [{ ...container, name: 'i' }] },
    status: { containerStatuses: statuses },
  } as unknown as Pod;
}

describe('logContainerId', () => {
  const running = { state: { running: {} }, containerID: 'x://now' };
  const rows: readonly (readonly [title: string, status: Partial<ContainerStatus>, previous: boolean, id: string])[] = [
    ['the running one', { ...running, lastState: exited('x://old') }, false, 'x://now'],
    ['the one before the running one', { ...running, lastState: exited('x://old') }, true, 'x://old'],
    ['the ended one', { state: exited('x://end') }, false, 'x://end'],
    ['the last that has started', { state: exited(), lastState: exited('x://old') }, false, 'x://old'],
    [
      'the last while it waits for its next start',
      { state: waiting('CrashLoopBackOff'), lastState: exited('x://old') },
      false,
      'x://old',
    ],
  ];
  for (const [title, status, previous, id] of rows) {
    it(`finds ${title}`, () => assert.equal(logContainerId(podWith(status), 'c', previous), id));
  }

  const refused: readonly (readonly [
    status: Partial<ContainerStatus> | undefined,
    previous: boolean,
    message: string,
  ])[] = [
    [undefined, false, 'container "c" in pod "p" is not available'],
    [running, true, 'previous terminated container "c" in pod "p" not found'],
    [{ state: exited() }, false, 'container "c" in pod "p" is terminated'],
    [{ state: {} }, false, 'container "c" in pod "p" is waiting to start - no logs yet'],
    [{ state: waiting('ContainerCreating') }, false, 'container "c" in pod "p" is waiting to start: ContainerCreating'],
    [{ state: waiting('ErrImagePull') }, false, 'container "c" in pod "p" is waiting to start: image can\'t be pulled'],
    [
      { state: waiting('ImagePullBackOff') },
      false,
      'container "c" in pod "p" is waiting to start: trying and failing to pull image',
    ],
  ];
  for (const [status, previous, message] of refused) {
    it(`says: ${message}`, () =>
      assert.throws(() => logContainerId(podWith(status), 'c', previous), { status: 400, message }));
  }
});

describe('hasContainer', () => {
  for (const [name, expected] of [
    ['c', true],
    ['i', true],
    ['x', false],
  ] as const) {
    it(`knows ${name}: ${expected}`, () => assert.equal(hasContainer(podWith(), name), expected));
  }
});
