import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '@kts/base/testing';
import fc from 'fast-check';
import { profileOf } from '../framework/profile.ts';
import { defaultPlugins } from '../plugins/default-plugins.ts';
import { node, pod } from '../testing/index.ts';
import { SchedulingQueue, type QueueEntry } from './scheduling-queue.ts';

/** What may happen to a queue; `pod` is the number of a pod. */
type Step =
  | { readonly do: 'add' | 'delete' | 'activate' | 'gate'; readonly pod: number }
  | { readonly do: 'pop' | 'move' }
  | { readonly do: 'reject' | 'fail' | 'bind' }
  | { readonly do: 'wait'; readonly ms: number };

const number = fc.integer({ min: 0, max: 7 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), pod: number }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('delete' as const, 'activate' as const, 'gate' as const), pod: number }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('pop' as const, 'move' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('reject' as const, 'fail' as const, 'bind' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 15_000 }) }) },
);

const LARGE = node('n', { allocatable: { cpu: '64' } });
const FIVE_MINUTES = 5 * 60_000;

/** A queue beside what it should know: the pods that wait, and the one that is being scheduled. */
class Model {
  readonly clock = new FakeClock(1_000_000);
  readonly queue: SchedulingQueue;
  readonly waiting = new Set<string>();
  readonly gated = new Set<string>();
  inHand: QueueEntry | undefined;

  constructor() {
    const profiles = new Map([['default-scheduler', profileOf('default-scheduler', defaultPlugins())]]);
    this.queue = new SchedulingQueue({ profiles, now: () => this.clock.now() });
  }

  async take(one: Step): Promise<void> {
    switch (one.do) {
      case 'add':
      case 'gate':
        return this.#add(one.pod, one.do === 'gate');
      case 'delete':
        this.queue.delete(uidOf(one.pod));
        this.waiting.delete(uidOf(one.pod));
        this.gated.delete(uidOf(one.pod));
        if (this.inHand?.info.uid === uidOf(one.pod)) this.inHand = undefined;
        return;
      case 'activate':
        return this.queue.activate(uidOf(one.pod));
      case 'pop':
        return this.#pop();
      case 'move':
        return this.queue.move('Node/Add', { after: LARGE });
      case 'reject':
      case 'fail':
      case 'bind':
        return this.#finish(one.do);
      case 'wait':
        await this.clock.advance(one.ms);
        return this.queue.flush();
    }
  }

  check(): void {
    const { active, backoff, unschedulable, gated } = this.queue.sizes;
    assert.equal(active + backoff + unschedulable + gated, this.waiting.size, 'every waiting pod is there once');
    for (const uid of this.waiting) assert.ok(this.queue.has(uid), `${uid} is lost`);
    assert.equal(gated, this.gated.size);
  }

  #add(index: number, isGated: boolean): void {
    const uid = uidOf(index);
    if (this.waiting.has(uid) || this.inHand?.info.uid === uid) return;
    const gates = isGated ? { schedulingGates: [{ name: 'wait' }] } : {};
    this.queue.add(pod(`p${index}`, { priority: index % 3, requests: { cpu: '8' }, ...gates }));
    this.waiting.add(uid);
    if (isGated) this.gated.add(uid);
  }

  #pop(): void {
    if (this.inHand !== undefined) return;
    const entry = this.queue.pop();
    if (entry === undefined) return;
    assert.ok(this.waiting.delete(entry.info.uid), 'a pod comes out once, and only if it waits');
    assert.ok(!this.gated.has(entry.info.uid), 'a gated pod does not come out');
    this.inHand = entry;
  }

  #finish(how: 'reject' | 'fail' | 'bind'): void {
    const entry = this.inHand;
    if (entry === undefined) return;
    this.inHand = undefined;
    if (how === 'bind') return;
    const rejectors = new Set(how === 'reject' ? ['NodeResourcesFit'] : []);
    this.queue.requeueUnschedulable(entry, entry.info.pod, rejectors);
    this.waiting.add(entry.info.uid);
  }
}

const uidOf = (index: number): string => `uid-default-p${index}`;

describe('SchedulingQueue, whatever happens', () => {
  it('loses no pod, and gives none twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const model = new Model();
        for (const one of steps) {
          await model.take(one);
          model.check();
        }
      }),
    );
  });

  it('gives every pod that is not gated within the time that pods may wait', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const model = new Model();
        for (const one of steps) await model.take(one);
        await model.take({ do: 'bind' });
        const due = [...model.waiting].filter((uid) => !model.gated.has(uid));
        await model.take({ do: 'wait', ms: FIVE_MINUTES + 1 });
        await model.take({ do: 'wait', ms: 15_000 });
        const came = new Set<string>();
        for (let entry = model.queue.pop(); entry !== undefined; entry = model.queue.pop()) came.add(entry.info.uid);
        assert.deepEqual(came, new Set(due));
      }),
    );
  });

  it('gives pods that became active together by priority', async () => {
    const priorities = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(priorities, async (all) => {
        const { queue, clock } = new Model();
        for (const [index, priority] of all.entries())
          queue.add(pod(`p${index}`, { priority, requests: { cpu: '8' } }));
        for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
          queue.requeueUnschedulable(entry, entry.info.pod, new Set(['NodeResourcesFit']));
        }
        queue.move('Node/Add', { after: LARGE });
        await clock.advance(5000);
        queue.flush();
        const came: number[] = [];
        for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) came.push(entry.info.priority);
        assert.deepEqual(
          came,
          all.toSorted((one, other) => other - one),
        );
      }),
    );
  });

  it('backs off longer after every failure, up to the maximum', async () => {
    const { queue, clock } = new Model();
    queue.add(pod('p'));
    const waits: number[] = [];
    for (let tries = 0; tries < 7; tries++) {
      const entry = queue.pop()!;
      queue.requeueUnschedulable(entry, entry.info.pod, new Set());
      const started = clock.now();
      while (queue.sizes.active === 0) {
        await clock.advance(Math.max(1, queue.nextFlush()! - clock.now()));
        queue.flush();
      }
      waits.push(Math.round((clock.now() - started) / 1000));
    }
    assert.ok(
      waits.every((seconds, index) => index === 0 || seconds >= waits[index - 1]!),
      String(waits),
    );
    assert.ok(waits.at(-1)! <= 11, String(waits));
  });

  it('remembers what happens while a pod is being scheduled', () => {
    const { queue } = new Model();
    const rejected = (happening: () => void): number => {
      queue.add(pod('p', { requests: { cpu: '8' } }));
      const entry = queue.pop()!;
      queue.begin(entry);
      happening();
      queue.requeueUnschedulable(entry, entry.info.pod, new Set(['NodeResourcesFit']));
      queue.end(entry);
      const { unschedulable } = queue.sizes;
      queue.delete(entry.info.uid);
      return unschedulable;
    };
    assert.equal(
      rejected(() => {}),
      1,
    );
    assert.equal(
      rejected(() => queue.move('Node/Add', { after: node('small') })),
      1,
    );
    assert.equal(
      rejected(() => queue.move('Node/Add', { after: LARGE })),
      0,
    );
  });
});
