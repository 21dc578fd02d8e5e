/** What the stores cost. `node --expose-gc bench/store.ts`: writes per second, CPU per write, opening, memory per key. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@kts/base';
import { createMemoryStore, createSqliteStore, type Store } from '@kts/store';

const VALUE_BYTES = 4_096;
const CONCURRENCIES = [1, 32, 256] as const;
const MEASURE_MS = 2_000;
const OPENED_KEYS = 10_000;
const RESIDENT_KEYS = 150_000;

const directory = mkdtempSync(join(tmpdir(), 'kts-bench-'));
let files = 0;

/** Durable stores are measured with the same values; `fresh` gives an empty one. */
const stores: readonly (readonly [name: string, fresh: () => Promise<Store>])[] = [
  ['memory', async () => createMemoryStore({ clock: systemClock })],
  ['SQLite', () => openFile(`${files++}.db`)],
];

try {
  for (const [name, fresh] of stores) {
    for (const writers of CONCURRENCIES) await measureWrites(name, fresh, writers);
  }
  await measureOpening();
  await measureResident();
} finally {
  rmSync(directory, { recursive: true });
}

function openFile(name: string): Promise<Store> {
  return createSqliteStore({ path: join(directory, name), clock: systemClock });
}

/** Each writer waits for its write before the next; a watch of the whole store listens. Keys repeat after 10,000. */
async function measureWrites(name: string, fresh: () => Promise<Store>, writers: number): Promise<void> {
  const store = await fresh();
  await store.put('/warm-up', new Uint8Array());
  let events = 0;
  store.watch(
    { prefix: '/registry/', after: await store.revision() },
    { onEvents: (batch) => void (events += batch.length), onEnd: () => {} },
  );
  let writes = 0;
  const started = performance.now();
  const cpu = process.cpuUsage();
  const loop = process.threadCpuUsage();
  const write = async (): Promise<void> => {
    while (performance.now() - started < MEASURE_MS) {
      await store.put(podKey(writes++ % 10_000), new Uint8Array(VALUE_BYTES));
      // History is what a periodic compaction bounds; here it would only measure the garbage collector.
      if (writes % 20_000 === 0) await store.compact(await store.revision());
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  const seconds = (performance.now() - started) / 1_000;
  const all = process.cpuUsage(cpu);
  const main = process.threadCpuUsage(loop);
  if (events !== writes) throw new Error(`${events} events for ${writes} writes`);
  await store.close();
  print(`${name}, ${writers} writers`, {
    'writes/s': Math.round(writes / seconds),
    'CPU us/write': perWrite(all, writes),
    'of it main thread': perWrite(main, writes),
  });
}

async function measureOpening(): Promise<void> {
  const timed = async (name: string): Promise<readonly [Store, number]> => {
    const started = performance.now();
    const store = await openFile(name);
    return [store, performance.now() - started];
  };
  const [empty, createdMs] = await timed('opened.db');
  const started = performance.now();
  await empty.put('/first', new Uint8Array());
  const firstWriteMs = performance.now() - started;
  await Promise.all(Array.from({ length: OPENED_KEYS }, (_, i) => empty.put(podKey(i), new Uint8Array(VALUE_BYTES))));
  await empty.close();
  const [full, loadedMs] = await timed('opened.db');
  await full.close();
  print('opening', {
    'new file ms': round(createdMs),
    'first write after ms': round(firstWriteMs),
    '10,000 x 4 KB ms': round(loadedMs),
  });
}

/** What the store itself keeps for a key, the bytes of the value apart. */
async function measureResident(): Promise<void> {
  const used = (): number => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const value = new Uint8Array(VALUE_BYTES);
  const store = createMemoryStore({ clock: systemClock });
  const before = used();
  for (let i = 0; i < RESIDENT_KEYS; i++) await store.put(podKey(i), value);
  const withHistory = used();
  await store.compact(await store.revision());
  const compacted = used();
  print('resident bytes per key', {
    'with history': Math.round((withHistory - before) / RESIDENT_KEYS),
    compacted: Math.round((compacted - before) / RESIDENT_KEYS),
    'of it the key': podKey(0).length,
  });
  await store.close();
}

function podKey(i: number): string {
  return `/registry/pods/namespace-${i % 100}/deployment-7d9c5b8f6-${i.toString(36).padStart(5, '0')}`;
}

function perWrite({ user, system }: NodeJS.CpuUsage, writes: number): number {
  return round((user + system) / writes);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function print(name: string, figures: Readonly<Record<string, number>>): void {
  const text = Object.entries(figures).map(([label, figure]) => `${label} ${figure.toLocaleString('en-US')}`);
  process.stdout.write(`${name.padEnd(24)} ${text.join('   ')}\n`);
}
