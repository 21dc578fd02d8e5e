import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { KubeObject } from '@kts/apimachinery';
import { createLogger, seededRandom, silentLogger } from '@kts/base';
import { FakeClock, settle } from '@kts/base/testing';
import { Client } from '@kts/client';
import { answer, ScriptedTransport } from '@kts/client/testing';

import { createControllerRunner, type ControllerRunner } from './controller-runner.ts';
import {
  defineController,
  ExpectedError,
  ownedBy,
  TerminalError,
  watching,
  type AnyControllerDefinition,
} from './define-controller.ts';
import { createInformers } from './informers.ts';
import { controllerUidKeys } from './owner-reference.ts';
import { item, items, ITEMS_PATH, listOf, ownedBySet, set, sets, SETS_PATH, type TestSet } from './testing/objects.ts';

interface Running {
  readonly transport: ScriptedTransport;
  readonly clock: FakeClock;
  readonly runner: ControllerRunner;
  readonly stop: () => Promise<void>;
}

async function run(
  definition: AnyControllerDefinition,
  objects: { readonly sets?: readonly TestSet[]; readonly items?: readonly KubeObject[] },
  write?: (line: string) => void,
): Promise<Running> {
  const transport = new ScriptedTransport();
  transport.reply(`GET ${SETS_PATH}`, answer(listOf(10, objects.sets ?? [])));
  transport.reply(`GET ${ITEMS_PATH}`, answer(listOf(10, objects.items ?? [])));
  const clock = new FakeClock();
  const client = new Client(transport);
  const log = write ? createLogger({ clock, write }) : silentLogger;
  const deps = { client, clock, random: seededRandom(1), log };
  const informers = createInformers(deps);
  const runner = createControllerRunner(definition, { ...deps, informers, events: { event: () => {} } });
  const abort = new AbortController();
  const running = [runner.run(abort.signal), informers.run(abort.signal)];
  await settle();
  return {
    transport,
    clock,
    runner,
    stop: async () => {
      abort.abort();
      await Promise.all(running);
      assert.equal(clock.timers, 0);
    },
  };
}

/** Keeps as many items as the set says; the plan is the number to create. */
function scaler(created: string[]): AnyControllerDefinition {
  return defineController({
    name: 'scaler',
    for: sets,
    owns: [
      ownedBy(items, { adopt: (orphan) => [{ namespace: 'default', name: orphan.metadata.labels?.['set'] ?? '' }] }),
    ],
    setup: ({ informers }) => informers.get(items).addIndex('controller', controllerUidKeys),
    observe: (key, { informers, expectations }) => {
      const found = informers.get(sets).get(key);
      const { uid } = found?.metadata ?? {};
      return (
        found && {
          found,
          items: uid ? informers.get(items).byIndex('controller', uid) : [],
          caughtUp: expectations.satisfied(key),
        }
      );
    },
    plan: (observed) => ({ create: observed.caughtUp ? observed.found.spec.replicas - observed.items.length : 0 }),
    apply: async ({ create }, { found }, { expectations }) => {
      if (create <= 0) return;
      expectations.expectCreations(found.metadata, create);
      created.push(`${found.metadata.name}+${create}`);
    },
  });
}

/** A controller of sets whose apply is `work`. */
function worker(work: () => Promise<{ requeueAfterMs: number } | void>, retriesMax?: number): AnyControllerDefinition {
  return defineController({
    name: 'worker',
    for: sets,
    observe: (key) => key,
    plan: (key) => key,
    apply: work,
    ...(retriesMax === undefined ? {} : { retriesMax }),
  });
}

describe('controller runner', () => {
  test('does not act again before the cache shows what it did', async () => {
    const created: string[] = [];
    const web = set('web', 5, 2);
    const { transport, runner, stop } = await run(scaler(created), { sets: [web] });
    assert.deepEqual(created, ['web+2']);
    transport.watchOf(SETS_PATH).send('MODIFIED', set('web', 11, 3));
    transport.watchOf(ITEMS_PATH).send('ADDED', item('a', 12, ownedBySet(web)));
    await settle();
    assert.deepEqual(created, ['web+2']);
    transport.watchOf(ITEMS_PATH).send('ADDED', item('b', 13, ownedBySet(web)));
    await settle();
    assert.deepEqual(created, ['web+2', 'web+1']);
    assert.equal(runner.idle, true);
    await stop();
  });

  test('counts an owner only if it is the same object, and offers orphans', async () => {
    const created: string[] = [];
    const other = ownedBySet(set('web', 5, 1, { uid: 'older' }));
    const { transport, runner, stop } = await run(scaler(created), {
      sets: [set('web', 5, 1)],
      items: [item('x', 1, other)],
    });
    assert.deepEqual(created, ['web+1']);
    const before = runner.metrics.reconciles;
    transport.watchOf(ITEMS_PATH).send('ADDED', item('o', 12, { labels: { set: 'web' } }));
    await settle();
    assert.equal(runner.metrics.reconciles, before + 1);
    await stop();
  });

  test('a failure is tried again after the back-off', async () => {
    let calls = 0;
    const failing = worker(async () => {
      if (++calls < 3) throw new Error('no');
    });
    const { clock, runner, stop } = await run(failing, { sets: [set('web', 5, 1)] });
    assert.equal(calls, 1);
    await clock.advance(5);
    assert.equal(calls, 2);
    await clock.advance(10);
    assert.equal(calls, 3);
    assert.deepEqual(runner.metrics, { queueLength: 0, reconciles: 3, errors: 2, dropped: 0, requeues: 0 });
    await stop();
  });

  test('an expected error is tried again without complaint', async () => {
    const lines: string[] = [];
    const failing = (error: Error) =>
      run(
        worker(() => Promise.reject(error)),
        { sets: [set('web', 5, 1)] },
        (line) => lines.push(line),
      );
    const expected = await failing(new ExpectedError('not yet'));
    await expected.clock.advance(5);
    assert.equal(expected.runner.metrics.errors, 2);
    assert.deepEqual(lines, []);
    await expected.stop();
    const other = await failing(new Error('no'));
    assert.equal(lines.length, 1);
    await other.stop();
  });

  test('a terminal error, or one too many, is dropped', async () => {
    const terminal = await run(
      worker(() => Promise.reject(new TerminalError('bad spec'))),
      { sets: [set('web', 5, 1)] },
    );
    await terminal.clock.advance(60_000);
    assert.deepEqual([terminal.runner.metrics.reconciles, terminal.runner.metrics.dropped], [1, 1]);
    await terminal.stop();
    const tired = await run(
      worker(() => Promise.reject(new Error('no')), 2),
      { sets: [set('web', 5, 1)] },
    );
    await tired.clock.advance(60_000);
    assert.deepEqual([tired.runner.metrics.reconciles, tired.runner.metrics.dropped], [3, 1]);
    await tired.stop();
  });

  test('a requeue brings the key back after its time', async () => {
    let calls = 0;
    const periodic = worker(async () => {
      calls++;
      return { requeueAfterMs: 1000 };
    });
    const { clock, stop } = await run(periodic, { sets: [set('web', 5, 1)] });
    await clock.advance(2500);
    assert.equal(calls, 3);
    await stop();
  });

  test('failures back off as the definition says', async () => {
    let calls = 0;
    const impatient = { ...worker(() => (calls++, Promise.reject(new Error('no')))) };
    const backoff = { initialMs: 500, factor: 2, maxMs: 1000 };
    const { clock, stop } = await run({ ...impatient, backoff }, { sets: [set('web', 5, 1)] });
    await clock.advance(499);
    assert.equal(calls, 1);
    await clock.advance(1);
    assert.equal(calls, 2);
    await stop();
  });

  test('changes of owned objects are gathered for as long as the definition says', async () => {
    let calls = 0;
    const owner = set('web', 5, 1);
    const definition = { ...worker(async () => void calls++), owns: [ownedBy(items, { delayMs: 1000 })] };
    const { clock, stop } = await run(definition, { sets: [owner], items: [item('a', 6, ownedBySet(owner))] });
    await clock.advance(999);
    assert.equal(calls, 1);
    await clock.advance(1);
    assert.equal(calls, 2);
    await stop();
  });

  test('a change that concerns a key before and after brings it in once', async () => {
    let calls = 0;
    const key = { namespace: 'default', name: 'web' };
    const definition = { ...worker(async () => void calls++), watches: [watching(items, { map: () => [key] })] };
    const { transport, stop } = await run(definition, { items: [item('a', 6)] });
    assert.equal(calls, 1);
    transport.watchOf(ITEMS_PATH).send('MODIFIED', item('a', 11));
    await settle();
    assert.equal(calls, 2);
    await stop();
  });
});
