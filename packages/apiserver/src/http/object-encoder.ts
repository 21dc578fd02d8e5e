import { hasSchema, schemaOf } from '@kts/api';
import {
  encodeProtobuf,
  formatYaml,
  parseApiVersion,
  protobufWatchFrame,
  wrapUnknown,
  type ObjectSchema,
} from '@kts/apimachinery';

import type { ResourceCatalog } from '../discovery/catalog.ts';
import type { EntryList, WatchStreamEvent } from '../response.ts';
import { entriesField, listHead } from './list-head.ts';
import { JSON_TYPE, PROTOBUF_TYPE, YAML_TYPE, type MediaType } from './negotiation.ts';

/** Turns objects into bytes of any media type. */
export interface ObjectEncoder {
  /** What the object will really be written as: kinds without protobuf (custom resources, tables) are JSON. */
  mediaTypeFor(wanted: MediaType, object: object): MediaType;
  encode(mediaType: MediaType, object: object, pretty: boolean): Uint8Array;
  /** One event of a protobuf watch, with its length. */
  watchFrame(event: WatchStreamEvent): Uint8Array;
}

interface Kinded {
  readonly apiVersion?: string;
  readonly kind?: string;
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const encoder = new TextEncoder();

export function createObjectEncoder(catalog: ResourceCatalog): ObjectEncoder {
  const schemas = new Map<string, ObjectSchema | undefined>();
  const schemaFor = (object: object): ObjectSchema | undefined => {
    const { apiVersion = 'v1', kind = '' } = object as Kinded;
    return schemas.getOrInsertComputed(`${apiVersion}/${kind}`, () => findSchema(catalog, apiVersion, kind));
  };
  const protobuf = (object: object): Uint8Array => {
    const schema = schemaFor(object);
    if (!schema) throw new TypeError(`no schema of ${(object as Kinded).kind}`);
    const { apiVersion = 'v1', kind = '' } = object as Kinded;
    return wrapUnknown({ apiVersion, kind, raw: encodeProtobuf(schema, object) });
  };
  return {
    mediaTypeFor: (wanted, object) => (wanted === PROTOBUF_TYPE && !schemaFor(object) ? JSON_TYPE : wanted),
    encode(mediaType, object, pretty) {
      if (mediaType === PROTOBUF_TYPE) return protobuf(object);
      if (mediaType === YAML_TYPE) return encoder.encode(formatYaml(object));
      return encoder.encode(`${pretty ? JSON.stringify(object, undefined, 2) : JSON.stringify(object)}\n`);
    },
    watchFrame: (event) => protobufWatchFrame(event.type, protobuf(event.object())),
  };
}

/** The list as one object, as an in-process client gets it. */
export function listObject(list: EntryList): object {
  return { ...listHead(list), [entriesField(list)]: list.entries.map((entry) => entry.object()) };
}

/** The schema behind a kind: of a resource, its list, or one of the kinds that every group version has. */
function findSchema(catalog: ResourceCatalog, apiVersion: string, kind: string): ObjectSchema | undefined {
  const { group, version } = parseApiVersion(apiVersion);
  const own = catalog.findKind(group, version, kind)?.schema;
  if (own && own.name !== '') return own;
  const single = kind.endsWith('List') ? catalog.findKind(group, version, kind.slice(0, -'List'.length)) : undefined;
  const prefix = single?.schema.name.slice(0, single.schema.name.lastIndexOf('.') + 1);
  const names = [
    ...(prefix ? [prefix + kind] : []),
    `io.k8s.api.${group === '' ? 'core' : group.split('.')[0]}.${version}.${kind}`,
    ...(kind === 'Table' ? [] : [META + kind]),
  ];
  const found = names.find(hasSchema);
  return found === undefined ? undefined : schemaOf(found);
}
