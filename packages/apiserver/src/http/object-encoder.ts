import { formatYaml } from '@kts/apimachinery';

import type { EntryList, WatchStreamEvent } from '../response.ts';
import { JSON_TYPE, YAML_TYPE, type MediaType } from './negotiation.ts';
import { listMetadata } from './write-list.ts';

/** Turns objects into bytes of any media type. */
export interface ObjectEncoder {
  encode(mediaType: MediaType, object: object, pretty: boolean): Uint8Array;
  /** The pieces of a list, in order. */
  encodeList(mediaType: MediaType, list: EntryList, pretty: boolean): Generator<Uint8Array, void>;
  /** One event of a protobuf watch, with its length. */
  watchFrame(event: WatchStreamEvent): Uint8Array;
}

const encoder = new TextEncoder();

export function createObjectEncoder(): ObjectEncoder {
  const encode = (mediaType: MediaType, object: object, pretty: boolean): Uint8Array => {
    if (mediaType === YAML_TYPE) return encoder.encode(formatYaml(object));
    if (mediaType !== JSON_TYPE) throw new TypeError(`no encoder for ${mediaType}`);
    return encoder.encode(`${pretty ? JSON.stringify(object, undefined, 2) : JSON.stringify(object)}\n`);
  };
  return {
    encode,
    *encodeList(mediaType, list, pretty) {
      yield encode(mediaType, listObject(list), pretty);
    },
    watchFrame: (event) => event.jsonFrame(),
  };
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
