import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Pod } from '@kts/api/types/core-v1';
import { profileOf } from '../framework/profile.ts';
import { defaultPlugins } from '../plugins/default-plugins.ts';
import { node, pod, type PodOptions } from '../testing/index.ts';
import { SchedulingQueue, type QueueEntry } from './scheduling-queue.ts';

describe('SchedulingQueue', () => {
  const preempting = new Set<string>();
  const plugins = defaultPlugins({}, { isPreempting: (uid) => preempting.has(uid) });
  const profiles = new Map([['default-scheduler', profileOf('default-scheduler', plugins)]]);
  let now = 0;
  let queue: SchedulingQueue;

  beforeEach(() => {
    preempting.clear();
    now = 1_000_000;
    queue = new SchedulingQueue({ profiles, now: () => now });
  });

  const add = (name: string, options?: PodOptions): Pod => {
    const added = pod(name, options);
    queue.add(added);
    return added;
  };
  const next = (): string | undefined => queue.pop()?.info.pod.metadata.name;
  const reject = (entry: QueueEntry, ...rejectors: readonly string[]): void =>
    queue.requeueUnschedulable(entry, entry.info.pod, new Set(rejectors));
  /** Adds a pod that is then rejected by NodeResourcesFit. */
  const addRejected = (name: string, options: PodOptions = { requests: { cpu: '4' } }): Pod => {
    const added = add(name, options);
    reject(queue.pop()!, 'NodeResourcesFit');
    return added;
  };
  const large = node('n', { allocatable: { cpu: '8' } });
  const small = node('n', { allocatable: { cpu: '1' } });

  it('gives pods by priority, then in the order they came', () => {
    for (const [name, priority] of [
      ['a', 1],
      ['b', 5],
      ['c', 1],
      ['d', 5],
    ] as const)
      add(name, { priority });
    assert.deepEqual([next(), next(), next(), next(), next()], ['b', 'd', 'a', 'c', undefined]);
  });

  it('keeps a rejected pod until an event may help', () => {
    addRejected('p');
    assert.equal(next(), undefined);
    queue.move('Node/Add', { after: small });
    queue.move('Node/UpdateLabels', { before: small, after: large });
    assert.equal(queue.sizes.unschedulable, 1);
    queue.move('Node/Add', { after: large });
    assert.deepEqual(queue.sizes, { active: 0, backoff: 1, unschedulable: 0, gated: 0 });
  });

  it('lets a pod that backs off go early if nothing else is to do', () => {
    addRejected('p');
    queue.move('Node/Add', { after: large });
    add('q');
    assert.deepEqual([next(), next()], ['q', 'p']);
  });

  it('doubles the back-off up to its maximum', () => {
    add('p');
    const delays = [1, 2, 3, 4, 5, 6].map(() => {
      const entry = queue.pop()!;
      reject(entry);
      const end = queue.nextFlush()! - 1000;
      const started = now;
      now = end + 1000;
      queue.flush();
      return end - started;
    });
    assert.deepEqual(delays, [1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it('does not let a pod that failed by error go early', () => {
    add('p');
    reject(queue.pop()!);
    assert.equal(next(), undefined);
    now += 2000;
    queue.flush();
    assert.equal(next(), 'p');
  });

  it('tries an unschedulable pod again after five minutes', () => {
    addRejected('p');
    now = queue.nextFlush()!;
    assert.equal(now, 1_000_000 + 5 * 60_000 + 1);
    queue.flush();
    assert.equal(next(), 'p');
  });

  it('keeps a gated pod out until its gates are gone', () => {
    const gated = add('p', { schedulingGates: [{ name: 'example.com/a' }] });
    queue.move('Node/Add', { after: large });
    assert.equal(next(), undefined);
    queue.update(gated, pod('p'));
    assert.equal(next(), 'p');
  });

  it('keeps a pod out while its victims are being deleted', () => {
    const preemptor = addRejected('p');
    preempting.add(preemptor.metadata.uid);
    queue.move('Pod/Delete', { before: pod('victim', { nodeName: 'n' }) });
    assert.equal(next(), undefined);
    preempting.clear();
    queue.move('Pod/Delete', { before: pod('last', { nodeName: 'n' }) });
    assert.equal(next(), 'p');
  });

  it('takes up a pod whose own update helps', () => {
    const wanted = addRejected('p');
    queue.update(wanted, pod('p', { requests: { cpu: '4' }, labels: { a: 'b' } }));
    assert.equal(queue.sizes.unschedulable, 1);
    queue.update(wanted, pod('p', { requests: { cpu: '1' } }));
    assert.equal(next(), 'p');
  });

  it('forgets deleted pods wherever they are', () => {
    queue.delete(add('active').metadata.uid);
    queue.delete(addRejected('unschedulable').metadata.uid);
    queue.delete(add('gated', { schedulingGates: [{ name: 'g' }] }).metadata.uid);
    assert.deepEqual(queue.sizes, { active: 0, backoff: 0, unschedulable: 0, gated: 0 });
  });

  it('keeps a nomination that the status does not show yet', () => {
    const nominated = add('p');
    const entry = queue.pop()!;
    reject(entry, 'NodeResourcesFit');
    queue.nominations.set(entry.info, 'n');
    queue.update(nominated, pod('p', { labels: { a: 'b' } }));
    assert.deepEqual(
      queue.nominations.byNode.get('n')?.map(({ key }) => key),
      ['default/p'],
    );
    queue.delete(nominated.metadata.uid);
    assert.equal(queue.nominations.byNode.size, 0);
  });
});
