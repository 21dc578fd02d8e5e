/**
 * Events of both APIs: the older one is checked for what it always was, the newer one strictly.
 *
 * Mirrors: pkg/apis/core/validation/events.go (v1.36)
 */
import { deepEqual, FieldPath, invalid, isDNS1123Subdomain, required, type FieldError } from '@kts/apimachinery';
import { byteLength, IMMUTABLE, checkQualifiedName, invalidEach, sameValue } from '../field-checks.ts';
import type { Event } from '../gen/core-v1.gen.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../metadata-validation.ts';
import { internalForm } from '../internal-form.ts';

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
    ...FIXED.flatMap((fixed) => checkFixed(event, old, fixed)),
  ];
}

interface FixedField {
  readonly field: keyof Event;
  /** In errors. */
  readonly name?: string;
  /** Of structs. */
  readonly type?: string;
  /** What is shown of a field that is not set. */
  readonly zero?: unknown;
}

const FIXED: readonly FixedField[] = [
  { field: 'involvedObject', type: 'core.v1.ObjectReference', zero: {} },
  { field: 'reason' },
  { field: 'message' },
  { field: 'source', type: 'core.v1.EventSource', zero: {} },
  { field: 'firstTimestamp', zero: null },
  { field: 'lastTimestamp', zero: null },
  { field: 'count', zero: 0 },
  { field: 'reason' },
  { field: 'type' },
  { field: 'eventTime', zero: null },
  { field: 'action' },
  { field: 'related', type: 'core.v1.ObjectReference', zero: null },
  { field: 'reportingComponent', name: 'reportingController' },
  { field: 'reportingInstance' },
];

function checkFixed(event: Event, old: Event, { field, name = field, type, zero = '' }: FixedField): FieldError[] {
  const value = event[field] ?? zero;
  if (deepEqual(value, old[field] ?? zero)) return [];
  return [invalid(FieldPath.of(name), type && value !== null ? internalForm(type, value) : value, IMMUTABLE)];
}
