/**
 * Options of lists and watches, from their query.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/apis/meta/internalversion/validation/validation.go (v1.36)
 */
import {
  badRequest,
  FieldPath,
  forbidden,
  invalidObject,
  notSupported,
  goQuote,
  type FieldError,
} from '@kts/apimachinery';

import { checkSelectors } from './selectors.ts';

export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** 0: no limit. */
  readonly limit: number;
  readonly continueToken: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly watch: boolean;
  readonly timeoutSeconds: number | undefined;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
}

/** Throws BadRequest for what cannot be read and Invalid for what makes no sense. */
export function parseListOptions(query: URLSearchParams, watch: boolean): ListOptions {
  const timeoutSeconds = integerOf(query, 'timeoutSeconds');
  const resourceVersion = query.get('resourceVersion') ?? '';
  const allowWatchBookmarks = booleanOf(query, 'allowWatchBookmarks') ?? false;
  let resourceVersionMatch = query.get('resourceVersionMatch') ?? '';
  let sendInitialEvents = booleanOf(query, 'sendInitialEvents');
  if (watch && sendInitialEvents === undefined && resourceVersionMatch === '' && wantsState(resourceVersion)) {
    // What a watch without a version always did: it begins with the present state.
    sendInitialEvents = true;
    resourceVersionMatch = 'NotOlderThan';
  }
  const options: ListOptions = {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    limit: integerOf(query, 'limit') ?? 0,
    continueToken: query.get('continue') ?? '',
    resourceVersion,
    resourceVersionMatch,
    watch,
    timeoutSeconds,
    allowWatchBookmarks,
    sendInitialEvents,
  };
  const errors = watch ? validateWatchOptions(options) : validateListOptions(options);
  if (errors.length === 0) return options;
  checkSelectors(options.labelSelector, options.fieldSelector);
  throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

const MATCH = FieldPath.of('resourceVersionMatch');

function validateListOptions(options: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const match = options.resourceVersionMatch;
  if (match !== '') {
    if (options.resourceVersion === '') {
      errors.push(forbidden(MATCH, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    }
    if (options.continueToken !== '') {
      errors.push(forbidden(MATCH, 'resourceVersionMatch is forbidden when continue is provided'));
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(notSupported(MATCH, match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && options.resourceVersion === '0') {
      errors.push(forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (options.sendInitialEvents !== undefined) {
    errors.push(forbidden(FieldPath.of('sendInitialEvents'), 'sendInitialEvents is forbidden for list'));
  }
  return errors;
}

function validateWatchOptions(options: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const match = options.resourceVersionMatch;
  if (options.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(forbidden(MATCH, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (match === '') return errors;
  if (options.sendInitialEvents === undefined) {
    errors.push(forbidden(MATCH, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
  }
  if (match !== 'NotOlderThan') errors.push(notSupported(MATCH, match, ['NotOlderThan']));
  if (options.continueToken !== '') {
    errors.push(forbidden(MATCH, 'resourceVersionMatch is forbidden when continue is provided'));
  }
  return errors;
}

function wantsState(resourceVersion: string): boolean {
  return resourceVersion === '' || resourceVersion === '0';
}

/** An integer of a query; undefined if it says nothing. Throws BadRequest. */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^[+-]?\d+$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
  }
  const value = BigInt(text);
  if (value !== BigInt.asIntN(64, value)) {
    throw badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: value out of range`);
  }
  return Number(value);
}

function booleanOf(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  return text.toLowerCase() !== 'false' && text !== '0';
}
