/**
 * The messages of etcd's v3 API, as much of them as a store needs, to and from bytes. Pure.
 *
 * Source: go.etcd.io/etcd/api/v3, etcdserverpb/rpc.proto and mvccpb/kv.proto (3.4 and later)
 */
import { ProtoReader, ProtoWriter, WIRE_BYTES, WIRE_VARINT } from '@kts/apimachinery';

import type { Revision } from '../store.ts';

/** Keys from `key` on and before `end`; without an end, that key alone. */
export interface KeyRange {
  readonly key: string;
  readonly end?: string;
}

const NO_BYTES = new Uint8Array();
/** Stands for "the first key" and "no end". */
export const EVERYTHING = '\0';

export interface EtcdKeyValue {
  readonly key: string;
  readonly value: Uint8Array;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
}

export interface RangeRequest extends KeyRange {
  readonly limit?: number;
  readonly revision?: Revision;
  readonly countOnly?: boolean;
}

export interface RangeResponse {
  readonly revision: Revision;
  readonly items: readonly EtcdKeyValue[];
  /** All keys of the range, whatever the limit. */
  readonly count: number;
}

export type WriteOperation =
  | { readonly put: { readonly key: string; readonly value: Uint8Array; readonly lease: bigint } }
  | { readonly delete: string };

export interface WriteRequest {
  readonly operation: WriteOperation;
  /** The write happens only at this revision of its key; 0: only if there is no such key. */
  readonly expect?: Revision;
}

export interface WriteResponse {
  readonly revision: Revision;
  readonly succeeded: boolean;
  /** Before the write, or, if that did not happen, now. */
  readonly item: EtcdKeyValue | undefined;
  /** False if there was nothing to delete. */
  readonly changed: boolean;
}

export interface WatchCreateRequest extends KeyRange {
  readonly id: number;
  readonly start: Revision;
}

export interface EtcdEvent {
  readonly isDelete: boolean;
  readonly item: EtcdKeyValue;
  readonly previous: EtcdKeyValue | undefined;
}

export interface WatchResponse {
  readonly revision: Revision;
  readonly id: number;
  readonly created: boolean;
  readonly canceled: boolean;
  /** Of a watch that was canceled because it began before this revision. */
  readonly compactRevision: Revision;
  readonly cancelReason: string;
  readonly events: readonly EtcdEvent[];
}

export function encodeRange(request: RangeRequest): Uint8Array {
  const writer = new ProtoWriter();
  writeRange(writer, request);
  return writer.finish();
}

/** One write as a transaction: compared, done, and, if the comparison fails, the key as it is. */
export function encodeWrite({ operation, expect }: WriteRequest): Uint8Array {
  const key = 'put' in operation ? operation.put.key : operation.delete;
  const writer = new ProtoWriter();
  if (expect !== undefined) {
    // Zero values (EQUAL, revision 0) are left out; the target is MOD.
    writer.tag(1, WIRE_BYTES).delimited(() => {
      writer.tag(2, WIRE_VARINT).uint32(2).tag(3, WIRE_BYTES).string(key);
      writer.tag(6, WIRE_VARINT).varint(expect);
    });
  }
  writer.tag(2, WIRE_BYTES).delimited(() => {
    if ('put' in operation) writer.tag(2, WIRE_BYTES).delimited(() => writePut(writer, operation.put));
    else {
      writer.tag(3, WIRE_BYTES).delimited(() => writer.tag(1, WIRE_BYTES).string(key).tag(3, WIRE_VARINT).uint32(1));
    }
  });
  if (expect !== undefined) {
    writer.tag(3, WIRE_BYTES).delimited(() => writer.tag(1, WIRE_BYTES).delimited(() => writeRange(writer, { key })));
  }
  return writer.finish();
}

export function encodeCompaction(revision: Revision): Uint8Array {
  return new ProtoWriter().tag(1, WIRE_VARINT).varint(revision).finish();
}

export function encodeLeaseGrant(ttlSeconds: number): Uint8Array {
  return new ProtoWriter().tag(1, WIRE_VARINT).varint(ttlSeconds).finish();
}

export function encodeWatchCreate({ key, end, start, id }: WatchCreateRequest): Uint8Array {
  const writer = new ProtoWriter();
  writer.tag(1, WIRE_BYTES).delimited(() => {
    writer.tag(1, WIRE_BYTES).string(key);
    if (end !== undefined) writer.tag(2, WIRE_BYTES).string(end);
    // Progress notifications, and previous values.
    writer.tag(3, WIRE_VARINT).varint(start).tag(4, WIRE_VARINT).uint32(1);
    writer.tag(6, WIRE_VARINT).uint32(1).tag(7, WIRE_VARINT).uint32(id);
  });
  return writer.finish();
}

export function encodeWatchCancel(id: number): Uint8Array {
  const writer = new ProtoWriter();
  return writer
    .tag(2, WIRE_BYTES)
    .delimited(() => writer.tag(1, WIRE_VARINT).uint32(id))
    .finish();
}

export function decodeRange(bytes: Uint8Array): RangeResponse {
  return readRange(new ProtoReader(bytes));
}

export function decodeWrite(bytes: Uint8Array): WriteResponse {
  let response: WriteResponse = { revision: 0, succeeded: false, item: undefined, changed: true };
  readFields(new ProtoReader(bytes), (field, reader) => {
    if (field === 1) response = { ...response, revision: readHeader(reader.message()) };
    else if (field === 2) response = { ...response, succeeded: reader.uint32() !== 0 };
    else if (field === 3) response = { ...response, ...readResponseOperation(reader.message()) };
    else return false;
    return true;
  });
  return response;
}

export function decodeLeaseGrant(bytes: Uint8Array): bigint {
  let id = 0n;
  readFields(new ProtoReader(bytes), (field, reader) => {
    if (field !== 2) return false;
    id = reader.varint64();
    return true;
  });
  return id;
}

export function decodeWatch(bytes: Uint8Array): WatchResponse {
  const events: EtcdEvent[] = [];
  let response: WatchResponse = {
    revision: 0,
    id: 0,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: '',
    events,
  };
  readFields(new ProtoReader(bytes), (field, reader) => {
    if (field === 1) response = { ...response, revision: readHeader(reader.message()) };
    else if (field === 2) response = { ...response, id: reader.int64() };
    else if (field === 3) response = { ...response, created: reader.uint32() !== 0 };
    else if (field === 4) response = { ...response, canceled: reader.uint32() !== 0 };
    else if (field === 5) response = { ...response, compactRevision: reader.int64() };
    else if (field === 6) response = { ...response, cancelReason: reader.string() };
    else if (field === 11) events.push(readEvent(reader.message()));
    else return false;
    return true;
  });
  return response;
}

function writeRange(writer: ProtoWriter, { key, end, limit, revision, countOnly }: RangeRequest): void {
  writer.tag(1, WIRE_BYTES).string(key);
  if (end !== undefined) writer.tag(2, WIRE_BYTES).string(end);
  if (limit) writer.tag(3, WIRE_VARINT).varint(limit);
  if (revision) writer.tag(4, WIRE_VARINT).varint(revision);
  if (countOnly) writer.tag(9, WIRE_VARINT).uint32(1);
}

function writePut(
  writer: ProtoWriter,
  { key, value, lease }: { readonly key: string; readonly value: Uint8Array; readonly lease: bigint },
): void {
  writer.tag(1, WIRE_BYTES).string(key).tag(2, WIRE_BYTES).bytes(value);
  if (lease !== 0n) writer.tag(3, WIRE_VARINT).varint64(lease);
  writer.tag(4, WIRE_VARINT).uint32(1);
}

/** @param read reads the value of a field it knows, and says whether it did */
function readFields(reader: ProtoReader, read: (field: number, reader: ProtoReader) => boolean): void {
  while (!reader.isAtEnd) {
    const { field, wire } = reader.tag();
    if (!read(field, reader)) reader.skip(wire);
  }
}

function readHeader(reader: ProtoReader): Revision {
  let revision = 0;
  readFields(reader, (field) => {
    if (field !== 3) return false;
    revision = reader.int64();
    return true;
  });
  return revision;
}

function readRange(reader: ProtoReader): RangeResponse {
  const items: EtcdKeyValue[] = [];
  let revision = 0;
  let count = 0;
  readFields(reader, (field) => {
    if (field === 1) revision = readHeader(reader.message());
    else if (field === 2) items.push(readKeyValue(reader.message()));
    else if (field === 4) count = reader.int64();
    else return false;
    return true;
  });
  return { revision, items, count };
}

function readResponseOperation(reader: ProtoReader): Pick<WriteResponse, 'item' | 'changed'> {
  let result: Pick<WriteResponse, 'item' | 'changed'> = { item: undefined, changed: true };
  readFields(reader, (field) => {
    if (field === 1) result = { item: readRange(reader.message()).items[0], changed: false };
    else if (field === 2) result = { item: readPrevious(reader.message(), 2), changed: true };
    else if (field === 3) {
      const item = readPrevious(reader.message(), 3);
      result = { item, changed: item !== undefined };
    } else return false;
    return true;
  });
  return result;
}

function readPrevious(reader: ProtoReader, previousField: number): EtcdKeyValue | undefined {
  let previous: EtcdKeyValue | undefined;
  readFields(reader, (field) => {
    if (field !== previousField) return false;
    previous = readKeyValue(reader.message());
    return true;
  });
  return previous;
}

function readEvent(reader: ProtoReader): EtcdEvent {
  let isDelete = false;
  let item: EtcdKeyValue | undefined;
  let previous: EtcdKeyValue | undefined;
  readFields(reader, (field) => {
    if (field === 1) isDelete = reader.uint32() === 1;
    else if (field === 2) item = readKeyValue(reader.message());
    else if (field === 3) previous = readKeyValue(reader.message());
    else return false;
    return true;
  });
  return { isDelete, item: item ?? { key: '', value: NO_BYTES, createRevision: 0, modRevision: 0 }, previous };
}

/** Values are copied, because they are kept for long and would keep the whole response; small ones share their memory. */
function copyOf(value: Uint8Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(value);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function readKeyValue(reader: ProtoReader): EtcdKeyValue {
  let key = '';
  let value: Uint8Array = NO_BYTES;
  let createRevision = 0;
  let modRevision = 0;
  readFields(reader, (field) => {
    if (field === 1) key = reader.string();
    else if (field === 2) createRevision = reader.int64();
    else if (field === 3) modRevision = reader.int64();
    else if (field === 5) value = copyOf(reader.bytes());
    else return false;
    return true;
  });
  return { key, value, createRevision, modRevision };
}
