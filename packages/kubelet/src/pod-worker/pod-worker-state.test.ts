import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aPod } from '../testing/pods.ts';
import { beginWork, completeWork, orphanVerdict, receiveUpdate, type PodWorkerState } from './pod-worker-state.ts';

const pod = aPod({ terminationGracePeriodSeconds: 30 });
const deleted = aPod(
  { terminationGracePeriodSeconds: 30 },
  { deletionTimestamp: '2026-01-01T00:01:00Z', deletionGracePeriodSeconds: 10 },
);

/** A worker in the middle of its work on a pod. */
function working(): PodWorkerState {
  return beginWork(receiveUpdate(undefined, { type: 'create', pod }).state)!.state;
}

describe('the life of a pod', () => {
  test('sync, terminating, terminated, finished', () => {
    let state = receiveUpdate(working(), { type: 'update', pod: deleted }).state;
    const seen: string[] = [];
    state = completeWork(state, 'sync', 'continue').state;
    for (let more = true; more;) {
      const begun = beginWork(state)!;
      seen.push(begun.work);
      ({ state, more } = completeWork(begun.state, begun.work, 'complete'));
    }
    assert.deepEqual(seen, ['terminating', 'terminated']);
    assert.equal(state.work, 'finished');
  });

  test('a deletion interrupts what is being done', () => {
    const { state, cancel } = receiveUpdate(working(), { type: 'update', pod: deleted });
    assert.equal(cancel, true);
    assert.equal(state.gracePeriodSeconds, 10);
  });

  test('a shorter grace period interrupts; a longer one does not count', () => {
    const { state } = receiveUpdate(working(), { type: 'update', pod: deleted });
    const shorter = receiveUpdate(state, { type: 'kill', pod: deleted, kill: { gracePeriodSeconds: 2 } });
    assert.equal(shorter.cancel, true);
    assert.equal(shorter.state.gracePeriodSeconds, 2);
    const longer = receiveUpdate(shorter.state, { type: 'kill', pod: deleted, kill: { gracePeriodSeconds: 60 } });
    assert.equal(longer.cancel, false);
    assert.equal(longer.state.gracePeriodSeconds, 2);
  });

  test('updates while there is work are done afterwards, as one', () => {
    let state = receiveUpdate(working(), { type: 'update', pod }).state;
    state = receiveUpdate(state, { type: 'sync', pod }).state;
    const done = completeWork(state, 'sync', 'continue');
    assert.equal(done.more, true);
    const begun = beginWork(done.state)!;
    assert.equal(begun.update.type, 'sync');
    assert.equal(completeWork(begun.state, 'sync', 'continue').more, false);
  });

  test('a pod that comes again waits for its end', () => {
    const { state } = receiveUpdate(working(), { type: 'kill', pod });
    const again = receiveUpdate(state, { type: 'create', pod });
    assert.equal(again.state.restartRequested, true);
    assert.equal(again.wake, false);
  });
});

describe('a pod that is not wanted any more', () => {
  test('is ended if it has been started', () => assert.equal(orphanVerdict(working(), true), 'terminate'));
  test('is forgotten if nothing has been done for it', () => {
    assert.equal(orphanVerdict(receiveUpdate(undefined, { type: 'create', pod }).state, true), 'remove');
  });
  test('is left to end', () => {
    const { state } = receiveUpdate(working(), { type: 'kill', pod });
    assert.equal(orphanVerdict(state, true), 'keep');
  });
});
