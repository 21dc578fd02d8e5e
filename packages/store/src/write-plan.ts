import type { KeyValue, PutOptions, Revision, WatchEvent, WriteResult } from './store.ts';

/** What a write does to the newest state of its key: an event with the next revision, or nothing. */
export interface WritePlan {
  readonly event?: WatchEvent;
  readonly result: WriteResult;
}

/** @param revision the revision that the write gets if it happens. */
export function planPut(
  current: KeyValue | undefined,
  key: string,
  value: Uint8Array,
  options: PutOptions | undefined,
  revision: Revision,
): WritePlan {
  if (!isExpected(current, options?.expect)) return { result: { ok: false, current } };
  const event: WatchEvent = { type: 'put', current: { key, value, revision }, previous: current };
  return { event, result: won(revision, current) };
}

/** @param revision the revision that the deletion gets if it happens. */
export function planDelete(
  current: KeyValue | undefined,
  options: { readonly expect?: Revision } | undefined,
  revision: Revision,
): WritePlan {
  if (!current || !isExpected(current, options?.expect)) return { result: { ok: false, current } };
  const event: WatchEvent = { type: 'delete', key: current.key, revision, previous: current };
  return { event, result: won(revision, current) };
}

function isExpected(current: KeyValue | undefined, expect: Revision | undefined): boolean {
  return expect === undefined || expect === (current?.revision ?? 0);
}

function won(revision: Revision, previous: KeyValue | undefined): WriteResult {
  return previous ? { ok: true, revision, previous } : { ok: true, revision };
}
