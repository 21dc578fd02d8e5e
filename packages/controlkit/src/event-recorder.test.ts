import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { failure, notFound } from '@kts/apimachinery';
import { silentLogger } from '@kts/base';
import { FakeClock, settle } from '@kts/base/testing';
import { Client, TransportError } from '@kts/client';
import { answer, ScriptedTransport, statusAnswer } from '@kts/client/testing';

import { createEventRecorder, type EventWriter } from './event-recorder.ts';
import { item } from './testing/objects.ts';

const PATH = '/api/v1/namespaces/default/events';

function start(): { transport: ScriptedTransport; clock: FakeClock; recorder: EventWriter; stop: () => Promise<void> } {
  const transport = new ScriptedTransport();
  transport.reply(`POST ${PATH}`, ({ body }) => answer(body, 201));
  const clock = new FakeClock();
  const recorder = createEventRecorder(
    { component: 'test' },
    { client: new Client(transport), clock, log: silentLogger },
  );
  const abort = new AbortController();
  const running = recorder.run(abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort();
    await running;
    assert.equal(clock.timers, 0);
  };
  return { transport, clock, recorder, stop };
}

describe('event recorder', () => {
  test('creates an event that refers to its object, then counts on it', async () => {
    const { transport, recorder, stop } = start();
    recorder.event(item('a', 7), 'Warning', 'Failed', 'no');
    await settle();
    const time = '2026-01-01T00:00:00Z';
    const name = 'a.18867251edfa0000';
    assert.deepEqual(transport.sent('POST'), [
      [
        PATH,
        {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name, namespace: 'default' },
          involvedObject: {
            kind: 'TestItem',
            namespace: 'default',
            name: 'a',
            uid: 'uid-a',
            apiVersion: 'test.kts.io/v1',
            resourceVersion: '7',
          },
          reason: 'Failed',
          message: 'no',
          source: { component: 'test' },
          firstTimestamp: time,
          lastTimestamp: time,
          count: 1,
          type: 'Warning',
          reportingComponent: 'test',
        },
      ],
    ]);
    recorder.event(item('a', 8), 'Warning', 'Failed', 'no');
    await settle();
    const patch = { count: 2, lastTimestamp: time, message: 'no' };
    assert.deepEqual(transport.sent('PATCH').slice(0, 1), [[`${PATH}/${name}`, patch]]);
    await stop();
  });

  test('an event that is gone is created again, with its count', async () => {
    const { transport, recorder, stop } = start();
    recorder.event(item('a', 7), 'Normal', 'Done', 'yes');
    await settle();
    transport.reply(`PATCH ${PATH}/a.18867251edfa0000`, statusAnswer(notFound({ group: '', plural: 'events' }, 'a')));
    recorder.event(item('a', 7), 'Normal', 'Done', 'yes');
    await settle();
    const [, second] = transport.sent('POST') as readonly (readonly [string, { count: number }])[];
    assert.equal(second?.[1].count, 2);
    await stop();
  });

  test('waits for a server that is away, and drops what the server refuses', async () => {
    const { transport, clock, recorder, stop } = start();
    let tries = 0;
    transport.reply(`POST ${PATH}`, ({ body }) => {
      if (++tries === 1) throw new TransportError('refused');
      return tries === 2 ? answer(body, 201) : statusAnswer(failure('Forbidden', 'no'));
    });
    recorder.event(item('a', 7), 'Normal', 'Done', 'yes');
    recorder.event(item('b', 7), 'Normal', 'Done', 'yes');
    await clock.advance(9_999);
    assert.equal(tries, 1);
    await clock.advance(20_000);
    assert.equal(tries, 3);
    await stop();
  });
});
