/**
 * Events of both APIs: the older one is checked for what it always was, the newer one strictly.
 *
 * Mirrors: pkg/apis/core/validation/events.go (v1.36)
 */
import { FieldPath, invalid, isDNS1123Subdomain, required, type FieldError } from '@kts/apimachinery';
import { byteLength, checkImmutable, checkQualifiedName, invalidEach, sameValue } from '../field-checks.ts';
import type { Event } from '../gen/core-v1.gen.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../metadata-validation.ts';

const SHORT_TEXT_MAX = 128;
const NOTE_MAX = 1024;

export function validateEvent(event: Event, api: 'core' | 'events'): FieldError[] {
  const { metadata, involvedObject } = event;
  const errors: FieldError[] = [];
  const namespace = metadata.namespace ?? '';
  const mismatch = invalid(
    FieldPath.of('involvedObject', 'namespace'),
    involvedObject.namespace ?? '',
    'does not match event.namespace',
  );
  if (event.eventTime) {
    if (!involvedObject.namespace && namespace !== 'default' && namespace !== 'kube-system') errors.push(mismatch);
    errors.push(...validateReport(event, api));
  } else if (involvedObject.namespace ? namespace !== involvedObject.namespace : !['', 'default'].includes(namespace)) {
    errors.push(mismatch);
  }
  errors.push(...invalidEach(FieldPath.of('namespace'), namespace, isDNS1123Subdomain(namespace)));
  return errors;
}

function validateReport(event: Event, api: 'core' | 'events'): FieldError[] {
  const controller = FieldPath.of(api === 'core' ? 'reportingComponent' : 'reportingController');
  const { reportingComponent = '' } = event;
  const errors = reportingComponent ? [] : [required(controller)];
  errors.push(...checkQualifiedName(reportingComponent, controller));
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    const path = FieldPath.of(field);
    if (!event[field]) errors.push(required(path));
    if (byteLength(event[field] ?? '') > SHORT_TEXT_MAX) errors.push(tooManyCharacters(path, SHORT_TEXT_MAX));
  }
  if (byteLength(event.message ?? '') > NOTE_MAX) errors.push(tooManyCharacters(FieldPath.of('message'), NOTE_MAX));
  return errors;
}

const tooManyCharacters = (path: FieldPath, max: number): FieldError =>
  invalid(path, '', `can have at most ${max} characters`);

/** What only the newer API asks for on top. */
export function validateStrictEvent(event: Event): FieldError[] {
  const unset = (field: string, isSet: boolean): FieldError[] =>
    isSet ? [invalid(FieldPath.of(field), '', 'needs to be unset')] : [];
  return [
    ...validateObjectMeta(event.metadata, { namespaced: true }),
    ...validateSeries(event),
    ...(event.eventTime ? [] : [required(FieldPath.of('eventTime'))]),
    ...(event.type === 'Normal' || event.type === 'Warning'
      ? []
      : [invalid(FieldPath.of('type'), '', `has invalid value: ${event.type ?? ''}`)]),
    ...unset('firstTimestamp', Boolean(event.firstTimestamp)),
    ...unset('lastTimestamp', Boolean(event.lastTimestamp)),
    ...unset('count', Boolean(event.count)),
    ...unset('source', Boolean(event.source?.component || event.source?.host)),
  ];
}

function validateSeries({ series }: Event): FieldError[] {
  if (!series) return [];
  return [
    ...((series.count ?? 0) < 2 ? [invalid(FieldPath.of('series.count'), '', 'should be at least 2')] : []),
    ...(series.lastObservedTime ? [] : [required(FieldPath.of('series.lastObservedTime'))]),
  ];
}

/** Only the series of a new event may change. */
export function validateStrictEventUpdate(event: Event, old: Event): FieldError[] {
  return [
    ...validateObjectMetaUpdate(event.metadata, old.metadata),
    ...(sameValue(event.series, old.series) ? [] : validateSeries(event)),
    ...FIXED.flatMap(([field, name, type]) => checkImmutable(event[field], old[field], FieldPath.of(name), type)),
  ];
}

/** Field, its name in errors, and the type of structs. */
const FIXED: readonly (readonly [keyof Event, string, string?])[] = [
  ['involvedObject', 'involvedObject', 'core.v1.ObjectReference'],
  ['reason', 'reason'],
  ['message', 'message'],
  ['source', 'source', 'core.v1.EventSource'],
  ['firstTimestamp', 'firstTimestamp'],
  ['lastTimestamp', 'lastTimestamp'],
  ['count', 'count'],
  ['reason', 'reason'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related', 'core.v1.ObjectReference'],
  ['reportingComponent', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
];
