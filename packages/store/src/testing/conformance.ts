import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FakeClock } from '@kts/base/testing';
import type { KeyValue, ListOptions, ListResult, PutOptions, Revision, Store, WriteResult } from '../store.ts';
import { itBehavesLikeTheModel } from './model.ts';
import { recordWatch } from './watch-record.ts';

export interface StoreConformanceOptions {
  /** Keys expire by the clock that `make` is given. Default true; a store over a network has its own. */
  readonly followsClock?: boolean;
  /** A watch from an old revision has seen everything before a later compaction. Default true; etcd takes its time. */
  readonly catchesUpAtOnce?: boolean;
  /** How many sequences of operations are compared with the model, each on a fresh store. Default 50. */
  readonly modelRuns?: number;
}

/** The promises of the `Store` contract, one test each. `make` returns an empty store; the suite closes it. */
export function storeConformance(
  name: string,
  make: (clock: FakeClock) => Promise<Store>,
  options: StoreConformanceOptions = {},
): void {
  describe(`store conformance: ${name}`, () => {
    let clock: FakeClock;
    let store: Store;
    beforeEach(async () => {
      clock = new FakeClock();
      store = await make(clock);
    });
    afterEach(() => store.close());

    describe('reads and writes', () => readsAndWrites(() => store));
    describe('lost races', () => lostRaces(() => store));
    describe('lists', () => lists(() => store));
    describe('history', () => history(() => store));
    describe('watches', () => watches(() => store));
    describe('own writes', () => ownWrites(() => store));
    if (options.followsClock ?? true) describe('time to live', () => timeToLive(() => ({ store, clock })));
    describe('close', () => closing(() => store));
    itBehavesLikeTheModel(() => make(new FakeClock()), options.modelRuns ?? 50, options.catchesUpAtOnce ?? true);
  });
}

function readsAndWrites(store: () => Store): void {
  it('has a positive revision when it is empty', async () => {
    const revision = await store().revision();
    assert.ok(Number.isSafeInteger(revision) && revision > 0, `revision ${revision}`);
    assert.deepEqual(await listed(store(), { prefix: '/' }), { items: [], revision, remaining: 0 });
  });

  it('gets what was put, with the revision of the put', async () => {
    const revision = await put(store(), '/a', 'one');
    assert.deepEqual(await store().get('/a'), item('/a', 'one', revision));
    assert.equal(await store().revision(), revision);
  });

  it('gets nothing for a key that was never put, even if it is the start of one that was', async () => {
    await put(store(), '/a/b');
    assert.equal(await store().get('/a'), undefined);
  });

  it('keeps any bytes as they are', async () => {
    for (const value of [new Uint8Array(), Uint8Array.of(0, 255, 128, 10), new Uint8Array(1 << 20).fill(7)]) {
      await store().put('/a', value);
      assert.deepEqual(Uint8Array.from((await store().get('/a'))!.value), value);
    }
  });

  it('keeps a value that is a view into a larger buffer', async () => {
    await store().put('/a', bytes('--value--').subarray(2, 7));
    assert.equal(text((await store().get('/a'))!.value), 'value');
  });

  it('gives every write a larger revision than the one before, whatever its key', async () => {
    const revisions = [await put(store(), '/a'), await put(store(), '/b'), await put(store(), '/a')];
    revisions.push(await won(store().delete('/b')), await put(store(), '/b'));
    assert.deepEqual(
      revisions.toSorted((a, b) => a - b),
      [...new Set(revisions)],
    );
  });

  it('hands back what a write replaced', async () => {
    const first = await store().put('/a', bytes('one'));
    assert.ok(first.ok && first.previous === undefined);
    const second = await store().put('/a', bytes('two'));
    assert.deepEqual(second.ok && second.previous, item('/a', 'one', first.revision));
    const third = await store().delete('/a');
    assert.deepEqual(third.ok && second.ok && third.previous, second.ok && item('/a', 'two', second.revision));
  });

  it('deletes', async () => {
    await put(store(), '/a');
    const revision = await won(store().delete('/a'));
    assert.equal(await store().get('/a'), undefined);
    assert.equal(await store().revision(), revision);
  });

  it('does not delete a key that does not exist, and stays at its revision', async () => {
    const revision = await put(store(), '/a');
    assert.deepEqual(await store().delete('/b'), { ok: false, current: undefined });
    assert.equal(await store().revision(), revision);
  });

  it('counts the keys with a prefix', async () => {
    for (const key of ['/a/1', '/a/2', '/ab', '/b/1']) await put(store(), key);
    await won(store().delete('/a/2'));
    const counts = await Promise.all(['/a/', '/a', '/', '/c', ''].map((prefix) => store().count(prefix)));
    assert.deepEqual(counts, [1, 2, 3, 0, 3]);
  });
}

function lostRaces(store: () => Store): void {
  it('creates only what does not exist (expect 0)', async () => {
    const revision = await put(store(), '/a', 'one', { expect: 0 });
    const lost = await store().put('/a', bytes('two'), { expect: 0 });
    assert.deepEqual(lost, { ok: false, current: item('/a', 'one', revision) });
  });

  it('creates again what was deleted (expect 0)', async () => {
    await put(store(), '/a');
    await won(store().delete('/a'));
    const revision = await put(store(), '/a', 'again', { expect: 0 });
    assert.deepEqual(await store().get('/a'), item('/a', 'again', revision));
  });

  it('updates only the expected revision', async () => {
    const first = await put(store(), '/a', 'one');
    const second = await put(store(), '/a', 'two', { expect: first });
    const lost = await store().put('/a', bytes('three'), { expect: first });
    assert.deepEqual(lost, { ok: false, current: item('/a', 'two', second) });
    assert.equal(text((await store().get('/a'))!.value), 'two');
  });

  it('does not update what does not exist', async () => {
    assert.deepEqual(await store().put('/a', bytes('x'), { expect: 1 }), { ok: false, current: undefined });
  });

  it('deletes only the expected revision', async () => {
    const first = await put(store(), '/a', 'one');
    const second = await put(store(), '/a', 'two');
    assert.deepEqual(await store().delete('/a', { expect: first }), { ok: false, current: item('/a', 'two', second) });
    await won(store().delete('/a', { expect: second }));
  });

  it('lets exactly one of many concurrent creations win, and shows the others the winner', async () => {
    const writers = Array.from({ length: 20 }, (_, i) => store().put('/a', bytes(`${i}`), { expect: 0 }));
    const results = await Promise.all(writers);
    const winner = await store().get('/a');
    assert.equal(results.filter(({ ok }) => ok).length, 1);
    for (const result of results) if (!result.ok) assert.deepEqual(result.current, winner);
  });

  it('loses no increment of concurrent read-modify-write loops', async () => {
    const increment = async (): Promise<void> => {
      for (;;) {
        const current = await store().get('/n');
        const next = bytes(`${Number(current ? text(current.value) : 0) + 1}`);
        if ((await store().put('/n', next, { expect: current?.revision ?? 0 })).ok) return;
      }
    };
    await Promise.all(Array.from({ length: 10 }, increment));
    assert.equal(text((await store().get('/n'))!.value), '10');
  });

  it('takes no revision for a write that lost', async () => {
    const revision = await put(store(), '/a');
    await store().put('/a', bytes('x'), { expect: 0 });
    await store().delete('/a', { expect: revision + 7 });
    assert.equal(await store().revision(), revision);
  });
}

function lists(store: () => Store): void {
  it('lists the keys with the prefix, and only those, in order', async () => {
    for (const key of ['/b/2', '/a/1', '/b/10', '/b', '/c', '/b/1', '/bb']) await put(store(), key);
    assert.deepEqual(await keys(store(), { prefix: '/b/' }), ['/b/1', '/b/10', '/b/2']);
  });

  it('lists everything for an empty prefix', async () => {
    for (const key of ['/b', '/a']) await put(store(), key);
    assert.deepEqual(await keys(store(), { prefix: '' }), ['/a', '/b']);
  });

  it('gives each item its own revision and the list the revision of the store', async () => {
    const one = await put(store(), '/a/1', 'one');
    const two = await put(store(), '/a/2', 'two');
    const other = await put(store(), '/b');
    const items = [item('/a/1', 'one', one), item('/a/2', 'two', two)];
    assert.deepEqual(await listed(store(), { prefix: '/a/' }), { items, revision: other, remaining: 0 });
  });

  const pages: readonly (readonly [title: string, options: Omit<ListOptions, 'prefix'>, keys: string, rest: number])[] =
    [
      ['no limit', {}, '/a/1 /a/2 /a/3 /a/4', 0],
      ['limit 0', { limit: 0 }, '/a/1 /a/2 /a/3 /a/4', 0],
      ['a first page', { limit: 3 }, '/a/1 /a/2 /a/3', 1],
      ['a next page', { limit: 2, after: '/a/1' }, '/a/2 /a/3', 1],
      ['a last page', { limit: 2, after: '/a/2' }, '/a/3 /a/4', 0],
      ['a limit beyond the end', { limit: 100, after: '/a/3' }, '/a/4', 0],
      ['after the last key', { limit: 2, after: '/a/4' }, '', 0],
      ['after a key that does not exist', { limit: 1, after: '/a/22' }, '/a/3', 1],
      ['after a key before the prefix', { limit: 1, after: '/' }, '/a/1', 3],
      ['after a key beyond the prefix', { limit: 1, after: '/b/1' }, '', 0],
    ];
  for (const [title, options, expected, remaining] of pages) {
    it(`pages: ${title}`, async () => {
      for (const key of ['/a/4', '/a/3', '/b/1', '/a/2', '/a/1', '/0']) await put(store(), key);
      const list = await listed(store(), { prefix: '/a/', ...options });
      assert.deepEqual([keysOf(list), list.remaining], [expected.split(' ').filter(Boolean), remaining]);
    });
  }

  it('goes on with a paged list at its revision, whatever is written meanwhile', async () => {
    for (let i = 10; i < 20; i++) await put(store(), `/a/${i}`, 'old');
    const whole = await listed(store(), { prefix: '/a/' });
    const paged: KeyValue[] = [];
    for (let page = await listed(store(), { prefix: '/a/', limit: 3 }); ;) {
      paged.push(...page.items);
      assert.equal(page.remaining, whole.items.length - paged.length);
      if (page.remaining === 0) break;
      await put(store(), `/a/${20 - paged.length}`, 'new');
      await put(store(), `/a/1${paged.length}-new`);
      await store().delete(`/a/${10 + paged.length}`);
      page = await listed(store(), { prefix: '/a/', limit: 3, after: paged.at(-1)!.key, revision: whole.revision });
    }
    assert.deepEqual(paged, whole.items);
  });
}

function history(store: () => Store): void {
  it('lists the state at every revision of the past', async () => {
    const one = await put(store(), '/a', 'one');
    const two = await put(store(), '/b', 'two');
    const three = await put(store(), '/a', 'three');
    const four = await won(store().delete('/b'));
    const five = await put(store(), '/b', 'five');
    const states: readonly (readonly [Revision, readonly KeyValue[]])[] = [
      [one, [item('/a', 'one', one)]],
      [two, [item('/a', 'one', one), item('/b', 'two', two)]],
      [three, [item('/a', 'three', three), item('/b', 'two', two)]],
      [four, [item('/a', 'three', three)]],
      [five, [item('/a', 'three', three), item('/b', 'five', five)]],
    ];
    for (const [revision, items] of states) {
      assert.deepEqual(await listed(store(), { prefix: '/', revision }), { items, revision, remaining: 0 });
    }
  });

  it('refuses a revision that has not happened', async () => {
    const revision = await put(store(), '/a');
    const list = await store().list({ prefix: '/', revision: revision + 1 });
    assert.equal(!list.ok && list.reason, 'future');
  });

  it('keeps the state at the compacted revision and after it, and refuses older ones', async () => {
    const one = await put(store(), '/a', 'one');
    const two = await put(store(), '/a', 'two');
    const three = await put(store(), '/a', 'three');
    await store().compact(two);
    assert.deepEqual(await store().list({ prefix: '/', revision: one }), {
      ok: false,
      reason: 'compacted',
      oldest: two,
    });
    assert.deepEqual((await listed(store(), { prefix: '/', revision: two })).items, [item('/a', 'two', two)]);
    assert.deepEqual((await listed(store(), { prefix: '/', revision: three })).items, [item('/a', 'three', three)]);
  });

  it('keeps the present when everything is compacted', async () => {
    const kept = await put(store(), '/a', 'kept');
    await put(store(), '/b');
    const revision = await won(store().delete('/b'));
    await store().compact(revision);
    assert.deepEqual(await listed(store(), { prefix: '/' }), {
      items: [item('/a', 'kept', kept)],
      revision,
      remaining: 0,
    });
    assert.equal(await put(store(), '/c'), await store().revision());
  });

  it('compacts an older revision than before without effect', async () => {
    const one = await put(store(), '/a');
    const two = await put(store(), '/a');
    await store().compact(two);
    await store().compact(one);
    const list = await store().list({ prefix: '/', revision: one });
    assert.equal(!list.ok && list.oldest, two);
  });
}

function watches(store: () => Store): void {
  it('delivers every write under its prefix, in order, and nothing else', async () => {
    const watch = recordWatch(store(), { prefix: '/a/', after: await store().revision() });
    const one = await put(store(), '/a/1');
    await put(store(), '/b/1');
    await put(store(), '/a');
    const two = await put(store(), '/a/1');
    const three = await won(store().delete('/a/1'));
    await watch.delivered(3);
    assert.deepEqual(watch.lines, [`put /a/1 ${one}`, `put /a/1 ${two}`, `delete /a/1 ${three}`]);
    assert.equal(watch.revision, three);
  });

  it('carries the current and the previous state of the key', async () => {
    const watch = recordWatch(store(), { prefix: '/', after: await store().revision() });
    const one = await put(store(), '/a', 'one');
    const two = await put(store(), '/a', 'two');
    const three = await won(store().delete('/a'));
    await watch.delivered(3);
    assert.deepEqual(watch.events, [
      { type: 'put', current: item('/a', 'one', one), previous: undefined },
      { type: 'put', current: item('/a', 'two', two), previous: item('/a', 'one', one) },
      { type: 'delete', key: '/a', revision: three, previous: item('/a', 'two', two) },
    ]);
  });

  it('delivers nothing for a write that lost', async () => {
    const watch = recordWatch(store(), { prefix: '/', after: await store().revision() });
    const one = await put(store(), '/a');
    await store().put('/a', bytes('x'), { expect: 0 });
    await store().delete('/b');
    const two = await put(store(), '/c');
    await watch.delivered(2);
    assert.deepEqual(watch.lines, [`put /a ${one}`, `put /c ${two}`]);
  });

  it('starts with the first event after an old revision and goes on with new ones', async () => {
    await put(store(), '/a');
    const after = await put(store(), '/b');
    const one = await won(store().delete('/a'));
    const two = await put(store(), '/b');
    const watch = recordWatch(store(), { prefix: '/', after });
    const three = await put(store(), '/c');
    await watch.delivered(3);
    assert.deepEqual(watch.lines, [`delete /a ${one}`, `put /b ${two}`, `put /c ${three}`]);
  });

  it('waits for a revision that has not happened', async () => {
    const revision = await store().revision();
    const watch = recordWatch(store(), { prefix: '/', after: revision + 1 });
    const one = await put(store(), '/a');
    const two = await put(store(), '/b');
    await watch.delivered(1);
    assert.deepEqual([one, watch.lines], [revision + 1, [`put /b ${two}`]]);
  });

  it('never calls the handler during the call that starts the watch', async () => {
    const after = await store().revision();
    await put(store(), '/a');
    let started = false;
    const first = Promise.withResolvers<boolean>();
    store().watch({ prefix: '/', after }, { onEvents: () => first.resolve(started), onEnd: () => {} });
    started = true;
    assert.equal(await first.promise, true);
  });

  it('shows all watchers the same events, wherever they started', async () => {
    const after = await store().revision();
    const early = recordWatch(store(), { prefix: '/', after });
    await Promise.all(Array.from({ length: 50 }, (_, i) => put(store(), `/${i % 7}`)));
    const late = recordWatch(store(), { prefix: '/', after });
    await Promise.all(Array.from({ length: 50 }, (_, i) => put(store(), `/${i % 5}`)));
    await Promise.all([early.delivered(100), late.delivered(100)]);
    assert.deepEqual(early.events, late.events);
    const revisions = early.events.map((event) => (event.type === 'put' ? event.current.revision : event.revision));
    assert.deepEqual(
      revisions,
      Array.from({ length: 100 }, (_, i) => after + 1 + i),
    );
  });

  it('joins a list without a gap', async () => {
    await put(store(), '/a', 'listed');
    const writes = Array.from({ length: 20 }, (_, i) => put(store(), `/${i}`));
    const list = await listed(store(), { prefix: '/' });
    const watch = recordWatch(store(), { prefix: '/', after: list.revision });
    await Promise.all(writes);
    const known = list.items.length;
    await watch.delivered(21 - known);
    const seen = [...keysOf(list), ...watch.lines.map((line) => line.split(' ')[1]!)];
    assert.deepEqual(seen.toSorted(), await keys(store(), { prefix: '/' }));
  });

  it('ends a watch after a compacted revision', async () => {
    const one = await put(store(), '/a');
    const two = await put(store(), '/a');
    await store().compact(two);
    const watch = recordWatch(store(), { prefix: '/', after: one });
    assert.equal(await watch.ended, 'compacted');
    assert.deepEqual(watch.lines, []);
  });

  it('goes on with watches that have seen what is compacted', async () => {
    const watch = recordWatch(store(), { prefix: '/', after: await store().revision() });
    const one = await put(store(), '/a');
    await watch.delivered(1);
    await store().compact(one);
    const fresh = recordWatch(store(), { prefix: '/', after: one });
    const two = await put(store(), '/b');
    await Promise.all([watch.delivered(2), fresh.delivered(1)]);
    assert.deepEqual([watch.lines.at(-1), fresh.lines], [`put /b ${two}`, [`put /b ${two}`]]);
  });

  it('calls a closed watch no more, not even with its end', async () => {
    const closed = recordWatch(store(), { prefix: '/', after: await store().revision() });
    const open = recordWatch(store(), { prefix: '/', after: await store().revision() });
    closed.close();
    let told = false;
    void closed.ended.then(() => (told = true));
    await put(store(), '/a');
    await open.delivered(1);
    await store().close();
    assert.equal(await open.ended, 'closed');
    assert.deepEqual([closed.lines, told], [[], false]);
  });
}

function ownWrites(store: () => Store): void {
  it('feeds a watch before the write resolves', async () => {
    const watch = recordWatch(store(), { prefix: '/', after: await store().revision() });
    const one = await put(store(), '/a');
    assert.deepEqual(watch.lines, [`put /a ${one}`]);
    const two = await won(store().delete('/a'));
    assert.deepEqual(watch.lines, [`put /a ${one}`, `delete /a ${two}`]);
  });

  it('shows the new state to whoever reads in a handler', async () => {
    const read = Promise.withResolvers<KeyValue | undefined>();
    const after = await store().revision();
    store().watch({ prefix: '/', after }, { onEvents: () => read.resolve(store().get('/a')), onEnd: () => {} });
    const revision = await put(store(), '/a', 'one');
    assert.deepEqual(await read.promise, item('/a', 'one', revision));
  });

  it('keeps the order for every watcher when a handler writes', async () => {
    const after = await store().revision();
    const writes: Promise<Revision>[] = [];
    const onEvents = (): void => {
      if (writes.length < 3) writes.push(put(store(), `/${writes.length}`));
    };
    store().watch({ prefix: '/', after }, { onEvents, onEnd: () => {} });
    const watch = recordWatch(store(), { prefix: '/', after });
    await put(store(), '/first');
    await watch.delivered(4);
    await Promise.all(writes);
    assert.deepEqual(
      watch.lines.map((line) => line.split(' ')[1]),
      ['/first', '/0', '/1', '/2'],
    );
  });
}

function timeToLive(fixture: () => { readonly store: Store; readonly clock: FakeClock }): void {
  it('deletes a key when its time is over, and not before', async () => {
    const { store, clock } = fixture();
    const watch = recordWatch(store, { prefix: '/', after: await store.revision() });
    const one = await put(store, '/a', 'one', { ttlSeconds: 10 });
    await clock.advance(9_999);
    assert.deepEqual(await store.get('/a'), item('/a', 'one', one));
    await clock.advance(1);
    await watch.delivered(2);
    assert.equal(await store.get('/a'), undefined);
    assert.deepEqual(watch.events[1], {
      type: 'delete',
      key: '/a',
      revision: await store.revision(),
      previous: item('/a', 'one', one),
    });
  });

  it('deletes in the order in which the keys expire', async () => {
    const { store, clock } = fixture();
    const watch = recordWatch(store, { prefix: '/', after: await store.revision() });
    for (const [key, ttlSeconds] of [
      ['/c', 3],
      ['/a', 1],
      ['/d', 4],
      ['/b', 2],
    ] as const) {
      await put(store, key, '', { ttlSeconds });
    }
    await clock.advance(3_000);
    await watch.delivered(7);
    assert.deepEqual(
      watch.lines.slice(4).map((line) => line.split(' ')[1]),
      ['/a', '/b', '/c'],
    );
    assert.deepEqual(await keys(store, { prefix: '/' }), ['/d']);
  });

  it('counts from the last put, and forgets the time when that has none', async () => {
    const { store, clock } = fixture();
    const watch = recordWatch(store, { prefix: '/', after: await store.revision() });
    await put(store, '/renewed', '', { ttlSeconds: 10 });
    await put(store, '/kept', '', { ttlSeconds: 10 });
    await clock.advance(6_000);
    await put(store, '/renewed', '', { ttlSeconds: 10 });
    await put(store, '/kept');
    await clock.advance(6_000);
    assert.deepEqual(await keys(store, { prefix: '/' }), ['/kept', '/renewed']);
    await clock.advance(4_000);
    await watch.delivered(5);
    assert.deepEqual(await keys(store, { prefix: '/' }), ['/kept']);
  });

  it('does not expire a key that was deleted and created again', async () => {
    const { store, clock } = fixture();
    await put(store, '/a', '', { ttlSeconds: 10 });
    await won(store.delete('/a'));
    const revision = await put(store, '/a', 'new');
    await clock.advance(60_000);
    assert.deepEqual(await store.get('/a'), item('/a', 'new', revision));
  });

  it('leaves no timer behind when it is closed', async () => {
    const { store, clock } = fixture();
    await put(store, '/a', '', { ttlSeconds: 10 });
    await store.close();
    assert.equal(clock.timers, 0);
  });
}

function closing(store: () => Store): void {
  it('ends watches after what they have to see', async () => {
    const watch = recordWatch(store(), { prefix: '/', after: await store().revision() });
    const one = await put(store(), '/a');
    await store().close();
    assert.equal(await watch.ended, 'closed');
    assert.deepEqual(watch.lines, [`put /a ${one}`]);
  });

  it('ends a watch that is started afterwards', async () => {
    await store().close();
    assert.equal(await recordWatch(store(), { prefix: '/', after: 1 }).ended, 'closed');
  });

  it('completes the writes that were started before', async () => {
    const writes = Array.from({ length: 5 }, (_, i) => store().put(`/${i}`, bytes('x')));
    await store().close();
    for (const result of await Promise.all(writes)) assert.equal(result.ok, true);
  });

  it('rejects everything afterwards', async () => {
    await store().close();
    const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['get', () => store().get('/a')],
      ['list', () => store().list({ prefix: '/' })],
      ['count', () => store().count('/')],
      ['put', () => store().put('/a', bytes('x'))],
      ['delete', () => store().delete('/a')],
      ['revision', () => store().revision()],
      ['compact', () => store().compact(1)],
    ];
    for (const [name, call] of calls) await assert.rejects(call, { name: 'StoreClosedError' }, name);
  });

  it('can be closed twice', async () => {
    await store().close();
    await store().close();
  });
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}

function item(key: string, value: string, revision: Revision): KeyValue {
  return { key, value: bytes(value), revision };
}

/** The revision of a write that must not lose. */
async function won(write: Promise<WriteResult>): Promise<Revision> {
  const result = await write;
  assert.ok(result.ok, 'the write lost');
  return result.revision;
}

function put(store: Store, key: string, value = '', options?: PutOptions): Promise<Revision> {
  return won(store.put(key, bytes(value), options));
}

/** A list that must succeed, without its `ok`. */
async function listed(store: Store, options: ListOptions): Promise<Omit<ListResult & { ok: true }, 'ok'>> {
  const { ok, ...list } = await store.list(options);
  assert.ok(ok && 'items' in list, 'the list was refused');
  return list;
}

async function keys(store: Store, options: ListOptions): Promise<readonly string[]> {
  return keysOf(await listed(store, options));
}

function keysOf(list: { readonly items: readonly KeyValue[] }): readonly string[] {
  return list.items.map(({ key }) => key);
}
