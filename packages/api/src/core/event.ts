import { isPathSegmentName } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import type { Event } from '../gen/core-v1.gen.ts';
import { age } from '../human-duration.ts';
import type { Cell } from '../resource-definition.ts';
import { validateEvent } from './event-validation.ts';

/** How long events are kept. */
export const EVENT_TTL_SECONDS = 3600;

/**
 * Something that happened to an object.
 *
 * Mirrors: pkg/registry/core/event/strategy.go (v1.36)
 */
export const events = defineResource<Event>('v1', 'events', {
  generation: 'none',
  allowCreateOnUpdate: true,
  ttlSeconds: () => EVENT_TTL_SECONDS,
  validateName: isPathSegmentName,
  validate: (event) => validateEvent(event, 'core'),
  validateUpdate: (event) => validateEvent(event, 'core'),
  selectableFields: eventFields,
  cells: eventCells,
});

export function eventFields(event: Event): Readonly<Record<string, string>> {
  const object = event.involvedObject ?? {};
  const source = event.source?.component || event.reportingComponent || '';
  return {
    'involvedObject.kind': object.kind ?? '',
    'involvedObject.namespace': object.namespace ?? '',
    'involvedObject.name': object.name ?? '',
    'involvedObject.uid': object.uid ?? '',
    'involvedObject.apiVersion': object.apiVersion ?? '',
    'involvedObject.resourceVersion': object.resourceVersion ?? '',
    'involvedObject.fieldPath': object.fieldPath ?? '',
    reason: event.reason ?? '',
    reportingComponent: event.reportingComponent ?? '',
    source,
    type: event.type ?? '',
  };
}

export function eventCells(event: Event, now: number): Cell[] {
  const { involvedObject: object, series, source = {} } = event;
  const first = age(event.firstTimestamp ?? event.eventTime, now);
  const last = series ? age(series.lastObservedTime, now) : event.lastTimestamp ? age(event.lastTimestamp, now) : first;
  const kind = (object.kind ?? '').toLowerCase();
  const component = source.component || event.reportingComponent || '';
  const instance = source.host || event.reportingInstance || '';
  return [
    last,
    event.type ?? '',
    event.reason ?? '',
    object.name ? `${kind}/${object.name}` : kind,
    object.fieldPath ?? '',
    instance ? `${component}, ${instance}` : component,
    (event.message ?? '').trim(),
    first,
    series ? (series.count ?? 0) : event.count || 1,
    event.metadata.name,
  ];
}
