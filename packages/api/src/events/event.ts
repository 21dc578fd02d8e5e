import { type KubeObject } from '@kts/apimachinery';
import { EVENT_TTL_SECONDS, eventCells, eventFields } from '../core/event.ts';
import { validateEvent, validateStrictEvent, validateStrictEventUpdate } from '../core/event-validation.ts';
import { defineResource } from '../define-resource.ts';
import type { Event as CoreEvent } from '../gen/core-v1.gen.ts';
import type { Event } from '../gen/events-v1.gen.ts';

/**
 * Events by their newer names. Both APIs share the objects, which are stored by the older names.
 *
 * Mirrors: pkg/registry/core/event/strategy.go, pkg/apis/events/v1/conversion.go (v1.36)
 */
export const eventsV1 = defineResource<Event>(
  'events.k8s.io/v1',
  'events',
  {
    generation: 'none',
    allowCreateOnUpdate: true,
    ttlSeconds: () => EVENT_TTL_SECONDS,
    validate: (event) => {
      const core = coreEventOf(event);
      return [...validateEvent(core, 'events'), ...validateStrictEvent(core)];
    },
    validateUpdate: (event, old) => {
      const core = coreEventOf(event);
      return [...validateEvent(core, 'events'), ...validateStrictEventUpdate(core, coreEventOf(old))];
    },
    selectableFields: (event) => selectableByNewNames(eventFields(coreEventOf(event))),
    cells: (event, now) => eventCells(coreEventOf(event), now),
  },
  { toStorage: coreEventOf, fromStorage: (stored) => eventOf(stored as CoreEvent & KubeObject) },
);

/** The core/v1 form. */
export function coreEventOf(event: Event): CoreEvent {
  const {
    regarding,
    note,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    reportingController,
    reportingInstance,
    ...rest
  } = event;
  return {
    ...rest,
    apiVersion: 'v1',
    kind: 'Event',
    involvedObject: regarding ?? {},
    ...defined({
      message: note,
      source: deprecatedSource,
      firstTimestamp: deprecatedFirstTimestamp,
      lastTimestamp: deprecatedLastTimestamp,
      count: deprecatedCount,
      // Shown even if they are empty, which the other form does not.
      reportingComponent: reportingController ?? '',
      reportingInstance: reportingInstance ?? '',
    }),
  } as CoreEvent;
}

/** The events.k8s.io/v1 form. */
export function eventOf(event: CoreEvent): Event {
  const { involvedObject, message, source, firstTimestamp, lastTimestamp, count, ...others } = event;
  const { reportingComponent, reportingInstance, ...rest } = others;
  return {
    ...rest,
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    ...defined({
      regarding: involvedObject,
      note: message,
      deprecatedSource: source,
      deprecatedFirstTimestamp: firstTimestamp,
      deprecatedLastTimestamp: lastTimestamp,
      deprecatedCount: count,
      reportingController: reportingComponent || undefined,
      reportingInstance: reportingInstance || undefined,
    }),
  } as Event;
}

function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function selectableByNewNames(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => name !== 'source')
      .map(([name, value]) => [
        name.replace('involvedObject.', 'regarding.').replace('reportingComponent', 'reportingController'),
        value,
      ]),
  );
}
