import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { KeyValue, ListOptions, Revision, Store, WatchEvent } from '../store.ts';
import { recordWatch } from './watch-record.ts';

/** Few keys, so that they meet often; some are prefixes of others. */
const KEYS = ['/a', '/a/1', '/a/2', '/a/22', '/b', '/b/1', '/c/1'] as const;
const PREFIXES = ['', '/', '/a', '/a/', '/b/', '/d'] as const;

const STEPS_MAX = 40;

/** How a write names the revision it expects: none, that the key is absent, the key's own, or a wrong one. */
type Expectation = 'anything' | 'absent' | 'current' | 'stale';

type Step =
  | { readonly do: 'put' | 'delete'; readonly key: string; readonly expect: Expectation }
  | {
      readonly do: 'list';
      readonly prefix: string;
      readonly limit: number;
      readonly after: string;
      readonly age: number;
    }
  | { readonly do: 'compact'; readonly age: number }
  | { readonly do: 'watch'; readonly prefix: string; readonly age: number };

const key = fc.constantFrom(...KEYS);
const prefix = fc.constantFrom(...PREFIXES);
const age = fc.nat(12);
const expect = fc.constantFrom<Expectation>('anything', 'absent', 'current', 'stale');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('put' as const), key, expect }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), key, expect }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('list' as const), prefix, limit: fc.nat(3), after: key, age }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const), age }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('watch' as const), prefix, age }) },
);

/** Any sequence of operations answers as a list of snapshots does, and watches replay to the same events. */
export function itBehavesLikeTheModel(make: () => Promise<Store>, numRuns: number, catchesUpAtOnce: boolean): void {
  it('answers any sequence of operations as a naive model does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: STEPS_MAX }), async (steps) => {
        const store = await make();
        try {
          await replay(store, steps, catchesUpAtOnce);
        } finally {
          await store.close();
        }
      }),
      { numRuns },
    );
  });
}

/** The store as slowly and plainly as it can be written: every state that ever was, and every event. */
class Model {
  readonly states = new Map<Revision, ReadonlyMap<string, KeyValue>>();
  readonly events: { readonly revision: Revision; readonly key: string; readonly event: WatchEvent }[] = [];
  revision: Revision;
  oldest = 0;

  constructor(revision: Revision) {
    this.revision = revision;
    this.states.set(revision, new Map());
  }

  get now(): ReadonlyMap<string, KeyValue> {
    return this.states.get(this.revision)!;
  }

  write(key: string, event: WatchEvent): void {
    const { [key]: _, ...others } = Object.fromEntries(this.now);
    this.revision += 1;
    const state = event.type === 'put' ? { ...others, [key]: event.current } : others;
    this.states.set(this.revision, new Map(Object.entries(state)));
    this.events.push({ revision: this.revision, key, event });
  }

  list({ prefix, after = '', limit = 0, revision = this.revision }: ListOptions): unknown {
    if (revision > this.revision) return { ok: false, reason: 'future', oldest: this.oldest };
    if (revision < this.oldest) return { ok: false, reason: 'compacted', oldest: this.oldest };
    const matching = [...this.states.get(revision)!.values()]
      .filter((item) => item.key.startsWith(prefix) && item.key > after)
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const items = limit === 0 ? matching : matching.slice(0, limit);
    return { ok: true, items, revision, remaining: matching.length - items.length };
  }
}

async function replay(store: Store, steps: readonly Step[], catchesUpAtOnce: boolean): Promise<void> {
  const first = await store.revision();
  const model = new Model(first);
  const checks: (() => Promise<void>)[] = [];
  const past = (age: number): Revision => Math.max(first, model.revision - age);

  for (const step of steps) {
    switch (step.do) {
      case 'put':
      case 'delete':
        await writeBoth(store, model, step);
        break;
      case 'list': {
        const { prefix, limit, after } = step;
        const options: ListOptions = { prefix, limit, after, revision: past(step.age) };
        assert.deepEqual(await store.list(options), model.list(options));
        break;
      }
      case 'compact':
        if (!catchesUpAtOnce) for (const check of checks) await check();
        await store.compact(past(step.age));
        model.oldest = Math.max(model.oldest, past(step.age));
        break;
      case 'watch':
        checks.push(watchBoth(store, model, step.prefix, past(step.age)));
        await store.revision();
        break;
    }
    assert.equal(await store.revision(), model.revision);
    assert.equal(await store.count('/a'), [...model.now.keys()].filter((key) => key.startsWith('/a')).length);
  }
  for (const check of checks) await check();
}

async function writeBoth(store: Store, model: Model, step: Step & { do: 'put' | 'delete' }): Promise<void> {
  const { key } = step;
  const current = model.now.get(key);
  const expected = { anything: undefined, absent: 0, current: current?.revision ?? 0, stale: model.revision + 1 };
  const expect = expected[step.expect];
  const options = expect === undefined ? {} : { expect };
  const revision = model.revision + 1;
  const wins = (expect === undefined || expect === (current?.revision ?? 0)) && (step.do === 'put' || !!current);

  const value = Uint8Array.of(revision);
  const result = step.do === 'put' ? await store.put(key, value, options) : await store.delete(key, options);
  assert.deepEqual(
    result,
    wins ? { ok: true, revision, ...(current && { previous: current }) } : { ok: false, current },
  );
  if (!wins) return;
  if (step.do === 'put') model.write(key, { type: 'put', current: { key, value, revision }, previous: current });
  else model.write(key, { type: 'delete', key, revision, previous: current! });
}

/** Starts a watch; the returned check is for the end, when everything that it must deliver has happened. */
function watchBoth(store: Store, model: Model, prefix: string, after: Revision): () => Promise<void> {
  const watch = recordWatch(store, { prefix, after });
  if (after < model.oldest) return async () => assert.equal(await watch.ended, 'compacted');
  return async () => {
    const expected = model.events.filter((event) => event.revision > after && event.key.startsWith(prefix));
    await watch.delivered(expected.length);
    assert.deepEqual(
      watch.events,
      expected.map(({ event }) => event),
    );
  };
}
