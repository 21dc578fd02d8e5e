import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Event } from '@kts/api/types/core-v1';
import type { New } from '@kts/apimachinery';
import { FakeClock } from '@kts/base/testing';

import { EventCorrelator } from './event-correlator.ts';

function event(name: string, message: string, object = 'web'): New<Event> {
  return {
    metadata: { name, namespace: 'default' },
    involvedObject: { kind: 'Pod', namespace: 'default', name: object, uid: `uid-${object}` },
    reason: 'Failed',
    type: 'Warning',
    message,
    count: 1,
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:01Z',
  };
}

describe('EventCorrelator', () => {
  test('a repeated event counts on the first one', () => {
    const correlator = new EventCorrelator(new FakeClock());
    assert.equal(correlator.correlate(event('web.1', 'no image'))?.patch, undefined);
    const second = correlator.correlate(event('web.2', 'no image'));
    assert.equal(second?.event.metadata.name, 'web.1');
    assert.deepEqual(second?.patch, { count: 2, message: 'no image', lastTimestamp: '2026-01-01T00:00:01Z' });
    assert.equal(correlator.correlate(event('web.3', 'no network'))?.patch, undefined);
  });

  test('counts go on from what the server has', () => {
    const correlator = new EventCorrelator(new FakeClock());
    const stored = { ...event('web.server', 'no image'), count: 7 } as unknown as Event;
    correlator.written(stored);
    assert.deepEqual(correlator.correlate(event('web.2', 'no image'))?.patch?.count, 8);
  });

  test('the tenth similar message is combined, and further ones count on it', () => {
    const correlator = new EventCorrelator(new FakeClock());
    const results = Array.from({ length: 12 }, (_, i) => correlator.correlate(event(`web.${i}`, `try ${i}`)));
    assert.equal(results[8]?.event.message, 'try 8');
    assert.equal(results[9]?.event.message, '(combined from similar events): try 9');
    assert.equal(results[9]?.patch, undefined);
    assert.equal(results[10]?.event.metadata.name, 'web.9');
    assert.deepEqual([results[10]?.patch?.count, results[11]?.patch?.count], [2, 3]);
  });

  test('messages more than ten minutes apart are not similar', async () => {
    const clock = new FakeClock();
    const correlator = new EventCorrelator(clock);
    for (let i = 0; i < 9; i++) correlator.correlate(event(`web.${i}`, `try ${i}`));
    await clock.advance(600_001);
    assert.equal(correlator.correlate(event('web.9', 'try 9'))?.event.message, 'try 9');
  });

  test('an object has a budget of 25, then one per five minutes', async () => {
    const clock = new FakeClock();
    const correlator = new EventCorrelator(clock);
    const written = (object: string): boolean => correlator.correlate(event('x', 'again', object)) !== undefined;
    assert.deepEqual(Array.from({ length: 27 }, () => written('web')).filter(Boolean).length, 25);
    assert.equal(written('other'), true);
    await clock.advance(300_000);
    assert.deepEqual([written('web'), written('web')], [true, false]);
  });
});
