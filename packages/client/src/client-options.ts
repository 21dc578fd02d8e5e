import type { DeleteOptions, JsonValue, ListMeta, Preconditions } from '@kts/apimachinery';

export interface RequestOptions {
  readonly signal?: AbortSignal;
}

export interface GetOptions extends RequestOptions {
  readonly subresource?: string;
  readonly resourceVersion?: string;
}

/** Which objects of a resource. Absent namespace: all namespaces. */
export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends Selection, RequestOptions {
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'NotOlderThan' | 'Exact';
  readonly timeoutSeconds?: number;
}

export interface ListResult<T> {
  readonly items: readonly T[];
  readonly metadata: ListMeta;
}

export interface WatchOptions extends Selection, RequestOptions {
  /** The watch starts after it. Absent: with the present state, as ADDED events. */
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'NotOlderThan' | 'Exact';
  readonly allowWatchBookmarks?: boolean;
  /** Sends the state first and marks its end with an annotated bookmark; needs `resourceVersionMatch: 'NotOlderThan'`. */
  readonly sendInitialEvents?: boolean;
  /** The server ends the watch after that time. */
  readonly timeoutSeconds?: number;
}

/** The object of a BOOKMARK has only `metadata.resourceVersion` (and annotations). */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface WriteOptions extends RequestOptions {
  readonly subresource?: string;
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
}

export interface CreateOptions extends WriteOptions {
  /** Of the parent, when creating in a subresource. */
  readonly name?: string;
  /** Overrides the object's own namespace. */
  readonly namespace?: string;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface Patch {
  readonly type: PatchType;
  /** Operations (`json`), a partial object (`merge`, `strategic`) or the applied configuration (`apply`). */
  readonly body: unknown;
  /** `apply` needs one. */
  readonly fieldManager?: string;
  /** `apply` only: take fields over from other managers. */
  readonly force?: boolean;
}

export interface DeleteRequestOptions extends RequestOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly preconditions?: Preconditions;
  readonly dryRun?: boolean;
}

export const PATCH_CONTENT_TYPE = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const satisfies Record<PatchType, string>;

type Query = Record<string, string | undefined>;

export function listQuery(options: ListOptions): Query {
  return {
    ...selectionQuery(options),
    limit: options.limit ? String(options.limit) : undefined,
    continue: options.continue,
    resourceVersion: options.resourceVersion,
    resourceVersionMatch: options.resourceVersionMatch,
    timeoutSeconds: numberText(options.timeoutSeconds),
  };
}

export function watchQuery(options: WatchOptions): Query {
  return {
    watch: 'true',
    ...selectionQuery(options),
    resourceVersion: options.resourceVersion,
    resourceVersionMatch: options.resourceVersionMatch,
    allowWatchBookmarks: flagText(options.allowWatchBookmarks),
    sendInitialEvents: options.sendInitialEvents === undefined ? undefined : String(options.sendInitialEvents),
    timeoutSeconds: numberText(options.timeoutSeconds),
  };
}

export function writeQuery(options: Omit<WriteOptions, 'signal' | 'subresource'>): Query {
  return {
    dryRun: options.dryRun ? 'All' : undefined,
    fieldManager: options.fieldManager,
    fieldValidation: options.fieldValidation,
  };
}

export function selectionQuery(options: Selection): Query {
  return { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
}

/** The body of a DELETE; undefined if nothing was asked for beyond the defaults. */
export function deleteBody(options: DeleteRequestOptions): DeleteOptions | undefined {
  const body = {
    ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
    ...(options.preconditions ? { preconditions: options.preconditions } : {}),
    ...(options.propagationPolicy ? { propagationPolicy: options.propagationPolicy } : {}),
    ...(options.dryRun ? { dryRun: ['All'] } : {}),
  };
  return Object.keys(body).length > 0 ? { kind: 'DeleteOptions', apiVersion: 'v1', ...body } : undefined;
}

function flagText(flag: boolean | undefined): string | undefined {
  return flag ? 'true' : undefined;
}

function numberText(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

/** An operation of a JSON patch (RFC 6902). */
export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: JsonValue;
}
