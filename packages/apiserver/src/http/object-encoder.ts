import {
  encodeProtobuf,
  formatYaml,
  parseApiVersion,
  protobufWatchFrame,
  ProtoWriter,
  WIRE_BYTES,
  wrapUnknown,
} from '@kts/apimachinery';
import { schemaOfKind } from '@kts/api';

import type { EntryList, WatchStreamEvent } from '../response.ts';
import { JSON_TYPE, PROTOBUF_TYPE, YAML_TYPE, type MediaType } from './negotiation.ts';
import { listMetadata } from './write-list.ts';

/** Turns objects into bytes of any media type. */
export interface ObjectEncoder {
  encode(mediaType: MediaType, object: object, pretty: boolean): Uint8Array;
  /** The pieces of a list, in order. */
  encodeList(mediaType: MediaType, list: EntryList, pretty: boolean): Generator<Uint8Array, void>;
  /** One event of a protobuf watch, with its length; made once, however many watches it goes to. */
  watchFrame(event: WatchStreamEvent): Uint8Array;
}

interface Typed {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: object;
}

const encoder = new TextEncoder();

export function createObjectEncoder(): ObjectEncoder {
  const frames = new WeakMap<WatchStreamEvent, Uint8Array>();
  return {
    encode,
    *encodeList(mediaType, list, pretty) {
      if (mediaType === PROTOBUF_TYPE && hasProtobuf(list.apiVersion, list.listKind)) yield* protobufList(list);
      else yield encode(mediaType, listObject(list), pretty);
    },
    watchFrame(event) {
      const known = frames.get(event);
      if (known) return known;
      const frame = protobufWatchFrame(event.type, encode(PROTOBUF_TYPE, event.object(), false));
      frames.set(event, frame);
      return frame;
    },
  };
}

/** Whether a kind has a protobuf form; custom resources have none. */
export function hasProtobuf(apiVersion: string, kind: string): boolean {
  return schemaOfKind({ ...parseApiVersion(apiVersion), kind }) !== undefined;
}

function encode(mediaType: MediaType, object: object, pretty: boolean): Uint8Array {
  switch (mediaType) {
    case JSON_TYPE:
      return encoder.encode(`${pretty ? JSON.stringify(object, undefined, 2) : JSON.stringify(object)}\n`);
    case YAML_TYPE:
      return encoder.encode(formatYaml(object as never));
    case PROTOBUF_TYPE:
      return encodeAsProtobuf(object);
  }
}

function encodeAsProtobuf(object: Typed): Uint8Array {
  const { apiVersion = '', kind = '' } = object;
  const schema = schemaOfKind({ ...parseApiVersion(apiVersion), kind });
  if (!schema) throw new TypeError(`${kind} in ${apiVersion} has no protobuf form`);
  return wrapUnknown({ apiVersion, kind, raw: encodeProtobuf(schema, object) });
}

/** A list's message: metadata is field 1, each item field 2. Its length comes first, so all items are encoded before. */
function* protobufList(list: EntryList): Generator<Uint8Array, void> {
  const listSchema = schemaOfKind({ ...parseApiVersion(list.apiVersion), kind: list.listKind })!;
  const items = listSchema.fields.get('items')!.schema;
  if (items.type !== 'list' || items.items.type !== 'object') throw new TypeError(`${list.listKind} is not a list`);
  const itemSchema = items.items;
  const head = encodeProtobuf(listSchema, { metadata: listMetadata(list) });
  const parts = list.entries.map((entry) => {
    const writer = new ProtoWriter().tag(2, WIRE_BYTES).bytes(encodeProtobuf(itemSchema, entry.object()));
    return writer.finish();
  });
  const raw = Buffer.concat([head, ...parts]);
  yield wrapUnknown({ apiVersion: list.apiVersion, kind: list.listKind, raw });
}

/** The list as one object, as an in-process client gets it. */
export function listObject(list: EntryList): object {
  return {
    kind: list.listKind,
    apiVersion: list.apiVersion,
    metadata: listMetadata(list),
    items: list.entries.map((entry) => entry.object()),
  };
}
