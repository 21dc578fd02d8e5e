import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podInfoOf } from '../framework/pod-info.ts';
import { pod } from '../testing/index.ts';
import { prioritySort } from './priority-sort.ts';
import { schedulingGates } from './scheduling-gates.ts';
import { hinted } from '../testing/hinted.ts';

describe('PrioritySort', () => {
  const queued = (priority: number | undefined, timestamp: number) => ({
    info: podInfoOf(pod(`p${priority}-${timestamp}`, priority === undefined ? {} : { priority })),
    timestamp,
  });
  const rows: readonly (readonly [
    name: string,
    one: ReturnType<typeof queued>,
    other: ReturnType<typeof queued>,
    less: boolean,
  ])[] = [
    ['higher priority', queued(2, 9), queued(1, 1), true],
    ['lower priority', queued(1, 1), queued(2, 9), false],
    ['no priority is 0', queued(undefined, 1), queued(-1, 0), true],
    ['earlier', queued(1, 1), queued(1, 2), true],
    ['at the same time', queued(1, 1), queued(1, 1), false],
  ];
  for (const [name, one, other, less] of rows) it(name, () => assert.equal(prioritySort.less!(one, other), less));
});

describe('SchedulingGates', () => {
  const gated = pod('p', { schedulingGates: [{ name: 'a' }, { name: 'b' }] });

  it('keeps a pod out and says which gates it has', () => {
    assert.deepEqual(schedulingGates.preEnqueue!(gated)?.reasons, ['waiting for scheduling gates: [a b]']);
    assert.equal(schedulingGates.preEnqueue!(pod('p', { schedulingGates: [] })), undefined);
    assert.equal(schedulingGates.preEnqueue!(pod('p')), undefined);
  });

  it('looks again when the gates of the pod itself are gone', () => {
    const event = 'Pod/UpdateSchedulingGatesEliminated';
    assert.equal(hinted(schedulingGates, event, gated, { before: gated, after: pod('p') }), true);
    assert.equal(hinted(schedulingGates, event, gated, { before: gated, after: pod('q') }), false);
  });
});
