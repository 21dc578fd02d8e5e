import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { createSqliteStore } from './sqlite-store.ts';
import type { Store } from './store.ts';
import { recordWatch, storeConformance } from './testing/index.ts';

describe('SQLite store', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kts-store-'));
  after(() => rmSync(directory, { recursive: true }));
  let files = 0;
  const freshPath = (): string => join(directory, `${files++}.db`);
  const open = (path: string, clock = new FakeClock()): Promise<Store> => createSqliteStore({ path, clock });

  storeConformance('SQLite', (clock) => open(freshPath(), clock));
  describe('reopened', () => reopening(freshPath, open));
  describe('opening', () => opening(directory, freshPath, open));
  describe('compaction', () => compaction(freshPath, open));
  describe('failure', () => failure(freshPath, open));
  describe('crash', () => crashes(freshPath, open));
});

type Open = (path: string, clock?: FakeClock) => Promise<Store>;

function reopening(freshPath: () => string, open: Open): void {
  it('has the same state, revision and history', async () => {
    const path = freshPath();
    const before = await open(path);
    await before.put('/a', bytes('one'));
    await before.put('/empty', new Uint8Array());
    await before.delete('/a');
    await before.put('/a', bytes('two'));
    const states = await everyState(before);
    await before.close();

    const store = await open(path);
    assert.deepEqual(await everyState(store), states);
    const watch = recordWatch(store, { prefix: '/', after: 1 });
    await watch.delivered(4);
    assert.deepEqual(watch.lines, ['put /a 2', 'put /empty 3', 'delete /a 4', 'put /a 5']);
    await store.close();
  });

  it('goes on from a compaction', async () => {
    const path = freshPath();
    const before = await open(path);
    for (const value of ['one', 'two', 'three']) await before.put('/a', bytes(value));
    await before.put('/b', bytes('gone'));
    await before.delete('/b');
    await before.compact(await before.revision());
    await before.put('/c', bytes('later'));
    const states = await everyState(before);
    await before.close();

    const store = await open(path);
    assert.deepEqual(await everyState(store), states);
    assert.deepEqual(await store.list({ prefix: '/', revision: 5 }), { ok: false, reason: 'compacted', oldest: 6 });
    await store.close();
  });

  it('keeps the revision when the newest write was compacted away', async () => {
    const path = freshPath();
    const before = await open(path);
    await before.put('/a', bytes('one'));
    await before.delete('/a');
    await before.compact(3);
    await before.close();
    const store = await open(path);
    assert.deepEqual(await store.put('/b', bytes('two')), { ok: true, revision: 4 });
    await store.close();
  });

  it('removes the garbage of a compaction that a crash interrupted', async () => {
    const path = freshPath();
    const before = await open(path);
    for (const value of ['one', 'two', 'three']) await before.put('/a', bytes(value));
    await before.put('/b', bytes('gone'));
    await before.delete('/b');
    await before.close();
    edit(path, 'UPDATE compaction SET revision = 6');
    const store = await open(path);
    assert.deepEqual(await store.list({ prefix: '/' }), {
      ok: true,
      items: [{ key: '/a', value: bytes('three'), revision: 4 }],
      revision: 6,
      remaining: 0,
    });
    await store.close();
    assert.deepEqual(revisionsIn(path), [4]);
  });

  it('lets keys expire by the wall clock', async () => {
    const path = freshPath();
    const before = await open(path, new FakeClock(1_000_000));
    await before.put('/replaced', bytes('x'), { ttlSeconds: 10 });
    await before.put('/replaced', bytes('x'));
    for (const [key, ttlSeconds] of [
      ['/past', 10],
      ['/soon', 20],
      ['/later', 90],
    ] as const) {
      await before.put(key, bytes('x'), { ttlSeconds });
    }
    await before.close();

    const clock = new FakeClock(1_000_000 + 15_000);
    const store = await open(path, clock);
    const watch = recordWatch(store, { prefix: '/', after: await store.revision() });
    await clock.advance(5_000);
    await watch.delivered(2);
    assert.deepEqual(watch.lines, ['delete /past 7', 'delete /soon 8']);
    assert.equal(await store.count('/'), 2);
    await store.close();
  });
}

function opening(directory: string, freshPath: () => string, open: Open): void {
  it('refuses a file that is open already, until it is closed', async () => {
    const path = freshPath();
    const first = await open(path);
    await assert.rejects(open(path), { name: 'StoreLockedError', message: new RegExp(RegExp.escape(path)) });
    await first.close();
    await (await open(path)).close();
  });

  it('refuses a newer format and leaves it as it is', async () => {
    const path = freshPath();
    await (await open(path)).close();
    edit(path, 'PRAGMA user_version = 2');
    const before = readFileSync(path);
    await assert.rejects(open(path), { name: 'StoreVersionError', message: /has format 2.* up to 1;/ });
    assert.deepEqual(readFileSync(path), before);
  });

  it('creates files that only their owner can read', async () => {
    const path = freshPath();
    const store = await open(path);
    await store.put('/a', bytes('secret'));
    for (const file of [path, `${path}-wal`]) assert.equal(statSync(file).mode & 0o777, 0o600, file);
    await store.close();
  });

  it('creates a file whose creation a crash interrupted', async () => {
    const path = freshPath();
    edit(path, 'PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL');
    await (await open(path)).close();
  });

  it('says what is wrong with a directory that does not exist', async () => {
    const path = join(directory, 'missing', 'store.db');
    await assert.rejects(open(path), { name: 'StoreOpenError', message: new RegExp(RegExp.escape(path)) });
  });

  const damages: readonly (readonly [title: string, damage: (path: string) => void, message: RegExp])[] = [
    ['that is no database', (path) => writeFileSync(path, 'kind: ConfigMap\n'.repeat(100)), /file is not a database/],
    ['of another program', (path) => edit(path, 'PRAGMA application_id = 7'), /database of another program/],
    ['that lacks a write', (path) => edit(path, 'DELETE FROM writes WHERE revision = 3'), /write 3 is missing/],
    ['with a wrong deletion', (path) => edit(path, "UPDATE writes SET key = '/x' WHERE deleted"), /deletes a key/],
    ['that is cut off', (path) => writeFileSync(path, readFileSync(path).subarray(0, -20_000)), /malformed/],
    ['with a page of zeros', (path) => writeFileSync(path, readFileSync(path).fill(0, 8192, 20_480)), /malformed/],
  ];
  for (const [title, damage, message] of damages) {
    it(`refuses a file ${title}, names it and leaves it as it is`, async () => {
      const path = freshPath();
      const store = await open(path);
      for (let i = 0; i < 20; i++) await store.put(`/${i}`, new Uint8Array(4_000).fill(i));
      await store.delete('/7');
      await store.close();
      damage(path);
      const before = readFileSync(path);
      await assert.rejects(open(path), { name: 'StoreCorruptError', message });
      await assert.rejects(open(path), { message: new RegExp(RegExp.escape(path)) });
      assert.deepEqual(readFileSync(path), before);
    });
  }
}

function compaction(freshPath: () => string, open: Open): void {
  it('deletes what nobody can see any more, and gives the space back', async () => {
    const path = freshPath();
    const store = await open(path);
    const value = new Uint8Array(8_000);
    for (let round = 0; round < 4; round++) {
      await Promise.all(Array.from({ length: 500 }, (_, i) => store.put(`/${i % 250}`, value)));
    }
    await store.compact(await store.revision());
    await store.close();
    assert.equal(revisionsIn(path).length, 250);
    const size = statSync(path).size;
    assert.ok(size < 6_000_000, `${size} bytes for 2,000,000 bytes of values`);
  });

  it('lets writes through meanwhile', async () => {
    const store = await open(freshPath());
    await Promise.all(Array.from({ length: 4_000 }, (_, i) => store.put(`/${i % 10}`, bytes('x'))));
    const order: string[] = [];
    const compacted = store.compact(await store.revision()).then(() => order.push('compacted'));
    await store.put('/a', bytes('x')).then(() => order.push('put'));
    await compacted;
    assert.deepEqual(order, ['put', 'compacted']);
    await store.close();
  });
}

function failure(freshPath: () => string, open: Open): void {
  it('stops when a write cannot be made durable, and shows nothing of it', async () => {
    const path = freshPath();
    const store = await open(path);
    await store.put('/a', bytes('durable'));
    const watch = recordWatch(store, { prefix: '/', after: await store.revision() });
    edit(path, 'ALTER TABLE writes RENAME TO stolen');

    const writes = [store.put('/a', bytes('lost')), store.put('/b', bytes('lost')), store.compact(2)];
    for (const write of writes) await assert.rejects(write, { name: 'StoreFailedError', message: /no such table/ });
    assert.equal(await watch.ended, 'closed');
    assert.deepEqual(watch.lines, []);
    await assert.rejects(store.get('/a'), { name: 'StoreFailedError' });
    await store.close();

    edit(path, 'ALTER TABLE stolen RENAME TO writes');
    const reopened = await open(path);
    assert.deepEqual(await reopened.get('/a'), { key: '/a', value: bytes('durable'), revision: 2 });
    await reopened.close();
  });
}

function crashes(freshPath: () => string, open: Open): void {
  const ROUNDS = 4;

  it('has everything that was acknowledged, however often it is killed', { timeout: 60_000 }, async () => {
    const path = freshPath();
    const random = seededRandom(7);
    const acknowledged = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const key of await writeUntilKilled(path, 1 + random.integer(400))) acknowledged.add(key);
      const store = await open(path);
      const list = await store.list({ prefix: '/crash/' });
      assert.ok(list.ok);
      const found = new Map(list.items.map(({ key, value }) => [key, value]));
      for (const key of acknowledged) assert.deepEqual(found.get(key), bytes(key.repeat(20)), `${key} is lost`);
      await store.close();
    }
    assert.ok(acknowledged.size >= ROUNDS);
  });
}

/** Runs the crash writer and kills it as soon as it has acknowledged `count` keys. Returns all it acknowledged. */
async function writeUntilKilled(path: string, count: number): Promise<readonly string[]> {
  const script = fileURLToPath(new URL('./testing/crash-writer.ts', import.meta.url));
  const child = spawn(execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const keys: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    keys.push(line);
    if (keys.length === count) child.kill('SIGKILL');
  }
  assert.ok(keys.length >= count, 'the crash writer ended by itself');
  return keys;
}

/** The list at every revision from 1 on. */
async function everyState(store: Store): Promise<readonly unknown[]> {
  const states = Array.from({ length: await store.revision() }, (_, i) => store.list({ prefix: '/', revision: i + 1 }));
  return Promise.all(states);
}

/** Changes a store's file behind its back. */
function edit(path: string, statements: string): void {
  const database = new DatabaseSync(path);
  database.exec(statements);
  database.close();
}

function revisionsIn(path: string): readonly unknown[] {
  const database = new DatabaseSync(path);
  const rows = database.prepare('SELECT revision FROM writes ORDER BY revision').all();
  database.close();
  return rows.map(({ revision }) => revision);
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
