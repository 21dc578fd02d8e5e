import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { testCreation, testUpdate } from '../testing/rule-table.ts';
import { coreEventOf, eventOf, eventsV1 } from './event.ts';

const event = {
  definition: eventsV1,
  base: {
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'a.b/c',
    reportingInstance: 'i',
    action: 'A',
    reason: 'R',
    type: 'Normal',
    regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
  },
};

describe('events', () => {
  testCreation(event, [
    ['the least', {}],
    ['no time', { eventTime: null }, 'eventTime: Required value'],
    [
      'no controller',
      { reportingController: null },
      'reportingController: Required value',
      'reportingController: Invalid value: "": name part must be non-empty',
      `reportingController: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a bad controller',
      { reportingController: 'a b' },
      `reportingController: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    ['no instance', { reportingInstance: null }, 'reportingInstance: Required value'],
    [
      'a long instance',
      { reportingInstance: 'i'.repeat(129) },
      'reportingInstance: Invalid value: "": can have at most 128 characters',
    ],
    ['no action', { action: null }, 'action: Required value'],
    ['a long action', { action: 'A'.repeat(129) }, 'action: Invalid value: "": can have at most 128 characters'],
    ['no reason', { reason: null }, 'reason: Required value'],
    ['an unknown type', { type: 'x' }, 'type: Invalid value: "": has invalid value: x'],
    ['a long note', { note: 'n'.repeat(1025) }, 'message: Invalid value: "": can have at most 1024 characters'],
    [
      'times of older events',
      {
        deprecatedFirstTimestamp: '2026-01-01T00:00:00Z',
        deprecatedLastTimestamp: '2026-01-01T00:00:00Z',
        deprecatedCount: 1,
        deprecatedSource: { component: 'c' },
      },
      'firstTimestamp: Invalid value: "": needs to be unset',
      'lastTimestamp: Invalid value: "": needs to be unset',
      'count: Invalid value: "": needs to be unset',
      'source: Invalid value: "": needs to be unset',
    ],
    ['a series', { series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' } }],
    [
      'a series of one',
      { series: { count: 1, lastObservedTime: '2026-01-01T00:00:00.000000Z' } },
      'series.count: Invalid value: "": should be at least 2',
    ],
    ['about nothing of a namespace', { regarding: { namespace: null } }],
  ]);
});

describe('changes of events', () => {
  testUpdate(event, [
    ['a series', { series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' } }],
    [
      'another reason',
      { reason: 'S' },
      'reason: Invalid value: "S": field is immutable',
      'reason: Invalid value: "S": field is immutable',
    ],
    [
      'something else',
      { regarding: { name: 'q' } },
      'involvedObject: Invalid value: {"Kind":"Pod","Namespace":"default","Name":"q","UID":"","APIVersion":"","ResourceVersion":"","FieldPath":""}: field is immutable',
    ],
    ['another type', { type: 'Warning' }, 'type: Invalid value: "Warning": field is immutable'],
    [
      'something related',
      { related: {} },
      'related: Invalid value: {"Kind":"","Namespace":"","Name":"","UID":"","APIVersion":"","ResourceVersion":"","FieldPath":""}: field is immutable',
    ],
    [
      'another time',
      { eventTime: '2026-01-01T00:00:01.000000Z' },
      'eventTime: Invalid value: "2026-01-01T00:00:01.000000Z": field is immutable',
    ],
  ]);
});

describe('the two forms of an event', () => {
  it('show who reported it in the older one only if it is known', () => {
    const metadata = { name: 'e', namespace: 'default' };
    const core = coreEventOf({ metadata, eventTime: null, regarding: { kind: 'Pod' } } as never);
    assert.deepEqual([core.reportingComponent, core.reportingInstance], ['', '']);
    assert.deepEqual(Object.keys(eventOf(core)).sort(), ['apiVersion', 'eventTime', 'kind', 'metadata', 'regarding']);
  });
});
