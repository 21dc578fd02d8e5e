import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { expired, type KubeObject } from '@kts/apimachinery';
import { seededRandom, silentLogger } from '@kts/base';
import { FakeClock, settle } from '@kts/base/testing';
import { Client, TransportError } from '@kts/client';
import { answer, ScriptedTransport } from '@kts/client/testing';

import type { Informer } from './informer.ts';
import { createInformers, type Informers } from './informers.ts';
import { item, items, ITEMS_PATH, listOf } from './testing/objects.ts';

interface Setup {
  readonly transport: ScriptedTransport;
  readonly clock: FakeClock;
  readonly informers: Informers;
  readonly informer: Informer<KubeObject>;
  /** What the handlers were told, a line per change. */
  readonly seen: string[];
  readonly stop: AbortController;
  readonly running: Promise<void>;
}

async function start(listed: readonly KubeObject[]): Promise<Setup> {
  const transport = new ScriptedTransport();
  transport.reply(`GET ${ITEMS_PATH}`, answer(listOf(10, listed)));
  const clock = new FakeClock();
  const informers = createInformers({
    client: new Client(transport),
    clock,
    random: seededRandom(1),
    log: silentLogger,
  });
  const informer = informers.get(items);
  const seen = subscribe(informer);
  const stop = new AbortController();
  const running = informers.run(stop.signal);
  await settle();
  return { transport, clock, informers, informer, seen, stop, running };
}

function subscribe(informer: Informer<KubeObject>): string[] {
  const seen: string[] = [];
  const show = ({ metadata }: KubeObject): string => `${metadata.name}@${metadata.resourceVersion}`;
  informer.subscribe({
    onAdd: (object) => seen.push(`add ${show(object)}`),
    onUpdate: (old, object) => seen.push(`update ${show(old)} ${show(object)}`),
    onDelete: (object) => seen.push(`delete ${show(object)}`),
  });
  return seen;
}

const queries = (transport: ScriptedTransport): readonly string[] =>
  transport.requests.map(({ query }) => `${query?.['watch'] ? 'watch' : 'list'} ${query?.['resourceVersion']}`);

describe('Informer', () => {
  test('lists, watches from there, and tells every change', async () => {
    const { transport, informer, seen, stop, running } = await start([item('a', 1), item('b', 2)]);
    await informer.synced;
    const watch = transport.watchOf(ITEMS_PATH);
    watch.send('ADDED', item('c', 11));
    watch.send('MODIFIED', item('a', 12));
    watch.send('DELETED', item('b', 13));
    watch.send('BOOKMARK', { metadata: { resourceVersion: '20' } });
    await settle();
    assert.deepEqual(seen, ['add a@1', 'add b@2', 'add c@11', 'update a@1 a@12', 'delete b@13']);
    assert.equal(informer.resourceVersion, '20');
    assert.deepEqual(
      informer.list('default').map(({ metadata }) => metadata.name),
      ['a', 'c'],
    );
    stop.abort();
    await running;
    assert.equal(watch.open, false);
  });

  test('a later subscriber is told what is there; a later request starts at once', async () => {
    const { transport, informers, informer, stop } = await start([item('a', 1)]);
    assert.deepEqual(subscribe(informer), ['add a@1']);
    assert.equal(informers.get(items), informer);
    const part = informers.get(items, { fieldSelector: 'metadata.name=a' });
    await part.synced;
    assert.equal(transport.requests[2]?.query?.['fieldSelector'], 'metadata.name=a');
    stop.abort();
  });

  test('a version that expired leads to a new list, told as the differences', async () => {
    const { transport, clock, seen, stop } = await start([item('a', 1), item('b', 2), item('c', 3)]);
    const renewed = item('c', 22, { uid: 'another' });
    transport.reply(`GET ${ITEMS_PATH}`, answer(listOf(30, [item('a', 1), renewed, item('d', 23)])));
    seen.length = 0;
    transport.watchOf(ITEMS_PATH).send('ERROR', expired('too old').status);
    await clock.advance(1600);
    assert.deepEqual(seen, ['delete c@3', 'add c@22', 'add d@23', 'delete b@2']);
    assert.deepEqual(queries(transport), ['list 0', 'watch 10', 'list 10', 'watch 30']);
    stop.abort();
  });

  test('a broken connection goes on from the last version', async () => {
    const { transport, clock, stop, running } = await start([]);
    const watch = transport.watchOf(ITEMS_PATH);
    watch.send('ADDED', item('a', 15));
    watch.end(new TransportError('reset'));
    await clock.advance(1600);
    assert.deepEqual(queries(transport), ['list 0', 'watch 10', 'watch 15']);
    stop.abort();
    await running;
    assert.equal(clock.timers, 0);
  });

  test('indexes follow the objects', async () => {
    const { transport, informer, stop } = await start([item('a', 1, { labels: { app: 'x' } })]);
    informer.addIndex('app', ({ metadata }) => (metadata.labels?.['app'] ? [metadata.labels['app']] : []));
    const names = (value: string): readonly string[] =>
      informer.byIndex('app', value).map(({ metadata }) => metadata.name);
    assert.deepEqual(names('x'), ['a']);
    transport.watchOf(ITEMS_PATH).send('MODIFIED', item('a', 11, { labels: { app: 'y' } }));
    await settle();
    assert.deepEqual([names('x'), names('y')], [[], ['a']]);
    stop.abort();
  });
});
