import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { KubeObject } from '@kts/apimachinery';
import type { KeyValue, WatchEvent } from '@kts/store';
import fc from 'fast-check';

import type { WatchStreamEvent } from '../response.ts';
import type { CacheEntry } from './entry.ts';
import { SortedMap } from './sorted-map.ts';
import { decodeStoredJson } from './stored-entry.ts';
import { encodeStored } from './stored-json.ts';
import { WatchCache, type OpenWatch } from './watch-cache.ts';
import type { Watcher } from './watcher.ts';

const PREFIX = '/registry/configmaps/';
const decoder = new TextDecoder();

function item(name: string, revision: number, labels?: Record<string, string>): KeyValue {
  const metadata = { name, namespace: 'a', uid: `uid-${name}`, creationTimestamp: '2026-01-01T00:00:00Z' };
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { ...metadata, ...(labels ? { labels } : {}) } };
  return { key: `${PREFIX}a/${name}`, value: encodeStored(object as unknown as KubeObject), revision };
}

const put = (current: KeyValue, previous?: KeyValue): WatchEvent => ({ type: 'put', current, previous });
const remove = (previous: KeyValue, revision: number): WatchEvent => ({
  type: 'delete',
  key: previous.key,
  revision,
  previous,
});

function cacheOf(...items: KeyValue[]): WatchCache {
  const cache = new WatchCache({ prefix: PREFIX, codec: { namespaced: true, decode: decodeStoredJson } });
  cache.load(items, 10);
  return cache;
}

/** Opens a watch whose events come back as `TYPE name@revision`. */
function collect(cache: WatchCache, open: Partial<OpenWatch>): { seen: string[]; frames: WatchStreamEvent[] } {
  const seen: string[] = [];
  const frames: WatchStreamEvent[] = [];
  const watcher = cache.watch({ scope: PREFIX, bookmarks: false, from: 'now', ...open });
  assert.ok(watcher);
  watcher.start({
    send: (events) => {
      for (const event of events) {
        const { metadata } = event.object() as KubeObject;
        seen.push(`${event.type} ${metadata.name}@${metadata.resourceVersion}`);
        frames.push(event);
      }
      return true;
    },
    end: () => seen.push('END'),
  });
  return { seen, frames };
}

const isBlue = (entry: CacheEntry): boolean => entry.labels?.['color'] === 'blue';

describe('entries', () => {
  test('JSON comes from the stored bytes, with the revision spliced in', () => {
    const entry = cacheOf(item('web', 7, { x: 'y' })).get(`${PREFIX}a/web`)!;
    const whole = Buffer.concat(entry.jsonPieces()).toString();
    assert.equal(
      whole,
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"web","namespace":"a","uid":"uid-web","resourceVersion":"7","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"x":"y"}}}',
    );
    assert.equal(Buffer.concat(entry.jsonItemPieces()).toString(), `{${whole.slice(whole.indexOf('"metadata"'))}`);
    assert.deepEqual(JSON.parse(whole), entry.object());
  });

  test('labels and names are read without parsing the object', () => {
    const entry = cacheOf(item('web', 7, { 'a/b': '"{\\' })).get(`${PREFIX}a/web`)!;
    assert.deepEqual([entry.namespace, entry.name, entry.labels], ['a', 'web', { 'a/b': '"{\\' }]);
    assert.equal(entry.parsed, undefined);
  });

  test('a glance leaves out managedFields and is not kept; metadata alone has all of it', () => {
    const { kind, apiVersion, metadata } = decodeStoredJson(item('web', 7, { x: '"}' }).value);
    const managedFields = [{ manager: 'm', fieldsV1: { 'f:data': { 'f:}"': {} } } }];
    const object = { kind, apiVersion, metadata: { ...metadata, managedFields }, data: { a: 'b' } } as KubeObject;
    const stored = { key: `${PREFIX}a/web`, revision: 7, value: encodeStored(object) };
    const entry = cacheOf(stored).get(stored.key)!;
    const shown = { ...metadata, resourceVersion: '7' };
    assert.deepEqual(entry.glance(), { kind, apiVersion, metadata: shown, data: { a: 'b' } });
    assert.equal(entry.parsed, undefined);
    assert.deepEqual(JSON.parse(Buffer.concat(entry.metadataPieces()).toString()), { ...shown, managedFields });
    const bare = cacheOf(item('bare', 7)).get(`${PREFIX}a/bare`)!;
    assert.deepEqual(bare.glance(), bare.object());
    assert.deepEqual(JSON.parse(Buffer.concat(bare.metadataPieces()).toString()), bare.object().metadata);
  });

  test('an object of our own write is not parsed again', () => {
    const cache = cacheOf();
    const written = item('web', 11);
    const object = decodeStoredJson(written.value);
    cache.expectWrite(written.key, written.value, object);
    cache.apply([put(written)]);
    assert.equal(cache.get(written.key)?.parsed?.metadata.resourceVersion, '11');
  });
});

describe('watches', () => {
  test('an object that enters or leaves a selector is added or deleted', () => {
    const [plain, blue, red] = [item('web', 11), item('web', 12, { color: 'blue' }), item('web', 13, { color: 'red' })];
    const cache = cacheOf();
    const { seen } = collect(cache, { matches: isBlue });
    cache.apply([put(plain), put(blue, plain), put(red, blue), remove(red, 14)]);
    assert.deepEqual(seen, ['ADDED web@12', 'DELETED web@13']);
  });

  test('a deletion shows the object as it was, at the revision of the deletion', () => {
    const web = item('web', 5);
    const cache = cacheOf(web);
    const { seen } = collect(cache, {});
    cache.apply([remove(web, 11)]);
    assert.deepEqual(seen, ['DELETED web@11']);
  });

  test('a watch from a revision replays what came after it, once', () => {
    const cache = cacheOf();
    const [one, two] = [item('one', 11), item('two', 12)];
    cache.apply([put(one), put(two)]);
    const { seen } = collect(cache, { from: 11 });
    cache.apply([put(item('three', 13))]);
    assert.deepEqual(seen, ['ADDED two@12', 'ADDED three@13']);
  });

  test('history from before the cache is not known', () => {
    assert.equal(cacheOf().watch({ scope: PREFIX, bookmarks: false, from: 9 }), undefined);
  });

  test('a watch of a namespace or of one key sees only what is in it', () => {
    const cache = cacheOf();
    const elsewhere = { ...item('web', 12), key: `${PREFIX}ab/web` };
    const one = collect(cache, { scope: `${PREFIX}a/web` });
    const namespace = collect(cache, { scope: `${PREFIX}a/` });
    cache.apply([put(item('web', 11)), put(elsewhere), put(item('web2', 13))]);
    assert.deepEqual(one.seen, ['ADDED web@11']);
    assert.deepEqual(namespace.seen, ['ADDED web@11', 'ADDED web2@13']);
  });

  test('events that come together are sent together', () => {
    const cache = cacheOf();
    const sent: number[] = [];
    const watcher = cache.watch({ scope: PREFIX, bookmarks: false, from: 'now' })!;
    watcher.start({ send: (events) => sent.push(events.length) > 0, end: () => {} });
    cache.apply([put(item('one', 11)), put(item('two', 12)), put(item('three', 13))]);
    cache.apply([put(item('four', 14))]);
    assert.deepEqual(sent, [3, 1]);
  });

  for (const [name, end] of [
    ['the client', (watcher: Watcher) => watcher.close()],
    ['the server', (watcher: Watcher) => watcher.end()],
  ] as const) {
    test(`whoever listens learns once that ${name} has ended the watch`, () => {
      const cache = cacheOf();
      const watcher = cache.watch({ scope: PREFIX, bookmarks: false, from: 'now' })!;
      let ended = 0;
      watcher.onEnd(() => ended++);
      watcher.start({ send: () => true, end: () => {} });
      end(watcher);
      watcher.close();
      assert.deepEqual([ended, cache.watches], [1, 0]);
    });
  }

  test('all watches get the same bytes', () => {
    const cache = cacheOf();
    const [a, b] = [collect(cache, {}), collect(cache, { matches: isBlue })];
    cache.apply([put(item('web', 11, { color: 'blue' }))]);
    const bytes = a.frames[0]!.jsonFrame();
    assert.equal(b.frames[0]!.jsonFrame(), bytes);
    assert.match(decoder.decode(bytes), /^\{"type":"ADDED","object":\{.*"resourceVersion":"11".*\}\}\n$/);
  });

  test('a slow client gets nothing until it has drained, and then everything in order', () => {
    const cache = cacheOf();
    const seen: string[] = [];
    let ready = false;
    const watcher = cache.watch({ scope: PREFIX, bookmarks: false, from: 'now' })!;
    watcher.start({
      send: (events) => {
        seen.push(...events.map((event) => (event.object() as KubeObject).metadata.name));
        return ready;
      },
      end: () => {},
    });
    cache.apply([put(item('a', 11))]);
    cache.apply([put(item('b', 12)), put(item('c', 13))]);
    assert.deepEqual(seen, ['a']);
    ready = true;
    watcher.drained();
    assert.deepEqual(seen, ['a', 'b', 'c']);
  });

  test('loading anew ends the watches', () => {
    const cache = cacheOf();
    const { seen } = collect(cache, {});
    cache.load([], 20);
    assert.deepEqual([seen, cache.watches], [['END'], 0]);
  });
});

describe('SortedMap', () => {
  test('behaves like a sorted object, and snapshots do not change', () => {
    const step = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 600 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 800 }), (steps) => {
        const map = new SortedMap<number>();
        const model = new Map<string, number>();
        let snapshot = map.snapshot();
        let kept: number[] = [];
        for (const [index, [add, number]] of steps.entries()) {
          const key = `k${String(number).padStart(4, '0')}`;
          if (add) assert.equal(map.set(key, index), model.get(key));
          else assert.equal(map.delete(key), model.get(key));
          if (add) model.set(key, index);
          else model.delete(key);
          if (index === steps.length >> 1) {
            snapshot = map.snapshot();
            kept = map.range('', '\uffff');
          }
        }
        const sorted = [...model.keys()].sort().map((key) => model.get(key)!);
        assert.deepEqual(map.range('', '\uffff'), sorted);
        assert.equal(map.size, model.size);
        assert.deepEqual(snapshot.range('', '\uffff'), kept);
      }),
      { numRuns: 40 },
    );
  });
});
