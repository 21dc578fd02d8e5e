import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { systemClock, type Clock } from '@kts/base';
import { FakeClock } from '@kts/base/testing';

import type { Store } from '../store.ts';
import { cannotRunEtcd, recordWatch, startEtcd, storeConformance, type EtcdServer } from '../testing/index.ts';
import { createEtcdStore } from './etcd-store.ts';

const MODEL_RUNS = 8;
const NOBODY = 'http://127.0.0.1:1';
/** Goes a hundred times as fast. */
const HASTY: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * 100,
  after: (ms, callback) => systemClock.after(ms / 100, callback),
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
};

type Open = (prefix?: string, clock?: Clock) => Promise<Store>;

describe('etcd store', { skip: cannotRunEtcd() ?? false }, () => {
  let etcd: EtcdServer;
  before(async () => (etcd = await startEtcd()));
  after(() => etcd.remove());
  let stores = 0;
  const open = (prefix = `/store-${stores++}/`, clock: Clock = new FakeClock()): Promise<Store> =>
    createEtcdStore({ endpoints: [etcd.endpoint], keys: { root: '/', prefix }, clock });

  storeConformance('etcd', (clock) => open(undefined, clock), {
    followsClock: false,
    catchesUpAtOnce: false,
    modelRuns: MODEL_RUNS,
  });
  describe('sharing etcd with others', () => sharing(open, () => etcd));
  describe('time to live in etcd', () => timeToLive(open));
  describe('losing etcd', () => losing(open, () => etcd));
});

function sharing(open: Open, etcd: () => EtcdServer): void {
  it('keeps its keys under its prefix', async () => {
    await using stores = new AsyncDisposableStack();
    const options = { endpoints: [etcd().endpoint], clock: new FakeClock() };
    const store = await createEtcdStore({ ...options, keys: { root: '/registry/', prefix: '/elsewhere/' } });
    stores.defer(() => store.close());
    const everything = await open('/');
    stores.defer(() => everything.close());
    await store.put('/registry/pods/d/a', bytes('one'));
    assert.deepEqual((await everything.get('/elsewhere/pods/d/a'))?.value, bytes('one'));
    assert.equal((await store.get('/registry/pods/d/a'))?.key, '/registry/pods/d/a');
  });

  it('does not see keys whose prefix begins like its own', async () => {
    await using stores = new AsyncDisposableStack();
    const [mine, other] = [await open('/like/'), await open('/like-it/')];
    for (const store of [mine, other]) stores.defer(() => store.close());
    const watch = recordWatch(mine, { prefix: '/', after: await mine.revision() });
    await other.put('/theirs', bytes('x'));
    await mine.put('/mine', bytes('x'));
    assert.deepEqual(
      watch.lines.map((line) => line.split(' ')[1]),
      ['/mine'],
    );
    assert.equal(await mine.count('/'), 1);
  });

  it('sees what other stores with its prefix write', async () => {
    await using stores = new AsyncDisposableStack();
    const [one, two] = [await open('/shared/'), await open('/shared/')];
    for (const store of [one, two]) stores.defer(() => store.close());
    const watch = recordWatch(one, { prefix: '/', after: await one.revision() });
    const put = await two.put('/a', bytes('x'), { expect: 0 });
    assert.ok(put.ok);
    await watch.delivered(1);
    assert.deepEqual(watch.lines, [`put /a ${put.revision}`]);
    assert.deepEqual(await one.put('/a', bytes('y'), { expect: 0 }), {
      ok: false,
      current: { key: '/a', value: bytes('x'), revision: put.revision },
    });
  });

  it('reaches a revision that somebody else has made', async () => {
    await using stores = new AsyncDisposableStack();
    const clock = new FakeClock();
    const [mine, other] = [await open(undefined, clock), await open()];
    for (const store of [mine, other]) stores.defer(() => store.close());
    const watch = recordWatch(mine, { prefix: '/', after: await mine.revision() });
    const foreign = await other.put('/theirs', bytes('x'));
    const revision = mine.revision();
    while (watch.revision === 0) {
      await clock.advance(1_000);
      await other.get('/theirs');
    }
    assert.ok(foreign.ok && (await revision) > foreign.revision);
    assert.deepEqual([watch.revision, watch.lines], [await revision, []]);
    assert.equal(await mine.count('/'), 0);
  });
}

function timeToLive(open: Open): void {
  it('deletes keys of which the time is over, and keeps those that were put again', async () => {
    const store = await open();
    const watch = recordWatch(store, { prefix: '/', after: await store.revision() });
    await store.put('/gone', bytes('x'), { ttlSeconds: 1 });
    await store.put('/kept', bytes('x'), { ttlSeconds: 1 });
    await store.put('/kept', bytes('x'));
    await watch.delivered(4);
    assert.match(watch.lines.at(-1)!, /^delete \/gone /);
    assert.ok(await store.get('/kept'));
    await store.close();
  });
}

function losing(open: Open, etcd: () => EtcdServer): void {
  it('goes on when etcd comes back, without having missed anything', async () => {
    await using stores = new AsyncDisposableStack();
    const [store, other] = [await open('/back/', systemClock), await open('/back/', systemClock)];
    for (const each of [store, other]) stores.defer(() => each.close());
    const watch = recordWatch(store, { prefix: '/', after: await store.revision() });
    await store.put('/before', bytes('x'));
    await etcd().kill();
    await etcd().start();
    await other.put('/meanwhile', bytes('x'));
    await store.put('/after', bytes('x'));
    await watch.delivered(3);
    assert.deepEqual(
      watch.lines.map((line) => line.split(' ')[1]),
      ['/before', '/meanwhile', '/after'],
    );
  });

  it('ends a watch that has missed what was compacted', async () => {
    await using stores = new AsyncDisposableStack();
    const store = await open('/missed/', systemClock);
    stores.defer(() => store.close());
    const { revision } = (await store.put('/a', bytes('x'))) as { readonly revision: number };
    await store.put('/a', bytes('y'));
    await store.compact(await store.revision());
    assert.equal(await recordWatch(store, { prefix: '/', after: revision - 1 }).ended, 'compacted');
  });

  it('uses another member when one is not there', async () => {
    const store = await createEtcdStore({ endpoints: [NOBODY, etcd().endpoint], clock: systemClock });
    assert.ok((await store.revision()) > 0);
    await store.close();
  });

  it('says which servers do not answer, and why', async () => {
    await assert.rejects(createEtcdStore({ endpoints: [NOBODY], clock: HASTY }), {
      name: 'StoreUnreachableError',
      message: /^the store at http:\/\/127\.0\.0\.1:1 cannot be reached: .*connection refused/,
    });
  });

  it('gives up on a server that keeps silent', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await assert.rejects(createEtcdStore({ endpoints: [endpoint], clock: HASTY }), {
      name: 'StoreUnreachableError',
      message: `the store at ${endpoint} cannot be reached: rpc error: code = DeadlineExceeded desc = context deadline exceeded`,
    });
    silent.close();
  });

  it('says what etcd refuses', async () => {
    const store = await open();
    await assert.rejects(store.put('/large', new Uint8Array(2_000_000)), {
      name: 'StoreRefusedError',
      message: 'the store refused: etcdserver: request is too large',
    });
    await store.close();
  });
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
