import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventsV1 } from '@kts/api';
import { startTestApiServer } from '@kts/apiserver/testing';
import { silentLogger } from '@kts/base';
import { failedScheduling, PodEventRecorder } from './event-recorder.ts';
import { pod } from './testing/index.ts';

const MINUTE = 60_000;

describe('PodEventRecorder', () => {
  async function start() {
    const server = await startTestApiServer();
    const { client, clock } = server;
    const recorder = new PodEventRecorder('default-scheduler', 'default-scheduler-host', {
      client,
      clock,
      log: silentLogger,
    });
    const stop = new AbortController();
    const running = recorder.run(stop.signal);
    return {
      server,
      recorder,
      events: async () => {
        await clock.advance(1);
        return (await client.list(eventsV1, { namespace: 'default' })).items;
      },
      [Symbol.asyncDispose]: async () => {
        stop.abort();
        await running;
        await server.close();
      },
    };
  }

  it('tells who did what to which pod', async () => {
    await using test = await start();
    const related = pod('other');
    test.recorder.event(
      { ...pod('p'), apiVersion: 'v1', kind: 'Pod' },
      { type: 'Normal', reason: 'Preempted', action: 'Preempting', note: 'gone', related },
    );
    const [event] = await test.events();
    const { type, reason, action, note, reportingController, reportingInstance, regarding, related: about } = event!;
    assert.deepEqual(
      { type, reason, action, note, reportingController, reportingInstance },
      {
        type: 'Normal',
        reason: 'Preempted',
        action: 'Preempting',
        note: 'gone',
        reportingController: 'default-scheduler',
        reportingInstance: 'default-scheduler-host',
      },
    );
    assert.deepEqual([regarding!.name, regarding!.kind, about!.name], ['p', 'Pod', 'other']);
    assert.match(event!.metadata.name, /^p\.[0-9a-f]{16}$/);
  });

  it('makes a series of what is told again, and counts it when it ends', async () => {
    await using test = await start();
    for (let times = 0; times < 3; times++) {
      test.recorder.event(pod('p'), failedScheduling(`try ${times}`));
      await test.server.clock.advance(MINUTE);
    }
    const [event, ...others] = await test.events();
    assert.deepEqual([others.length, event!.note, event!.series!.count], [0, 'try 0', 2]);
    await test.server.clock.advance(7 * MINUTE);
    test.recorder.event(pod('q'), failedScheduling('no'));
    const series = (await test.events()).find(({ regarding }) => regarding!.name === 'p')!.series!;
    assert.equal(series.count, 3);
  });

  it('begins anew for another version of the pod, and after a while', async () => {
    await using test = await start();
    const before = pod('p');
    test.recorder.event(before, failedScheduling('no'));
    test.recorder.event({ ...before, metadata: { ...before.metadata, resourceVersion: '2' } }, failedScheduling('no'));
    await test.server.clock.advance(7 * MINUTE);
    test.recorder.event(before, failedScheduling('no'));
    assert.equal((await test.events()).length, 3);
  });

  it('cuts what is too long', async () => {
    await using test = await start();
    test.recorder.event(pod('p'), failedScheduling('x'.repeat(2000)));
    const [event] = await test.events();
    assert.equal(event!.note!.length, 1024);
    assert.ok(event!.note!.endsWith('x ...'));
  });
});
