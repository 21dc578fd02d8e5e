import { decodeProtobuf, unwrapUnknown, type KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import { decodeStoredJson, type EntryCodec } from '../cache/stored-entry.ts';
import { fromBetaDefinition, isBetaDefinition } from '../custom-resources/beta-definition.ts';

const BRACE_OPEN = 0x7b;
/** The one kind that upstream keeps in a version that is not served. */
const DEFINITIONS = 'apiextensions.k8s.io/customresourcedefinitions';

/** How what is stored of a resource becomes objects. */
export function entryCodec(definition: ResourceDefinition): EntryCodec {
  return {
    namespaced: definition.namespaced,
    decode: (bytes) => decodeStoredBytes(definition, bytes),
    ...(definition.schema.name === '' ? { itemsCarryKind: true } : {}),
    ...(definition.storagePrefix === DEFINITIONS ? { isOldForm: isBetaDefinition } : {}),
  };
}

/** Reads what is in the store: our own JSON, or protobuf that an upstream API server has left there. */
function decodeStoredBytes(definition: ResourceDefinition, bytes: Uint8Array): KubeObject {
  if (bytes[0] === BRACE_OPEN) {
    const object = decodeStoredJson(bytes);
    return definition.storagePrefix === DEFINITIONS && isBetaDefinition(bytes) ? fromBetaDefinition(object) : object;
  }
  const { apiVersion, kind, raw } = unwrapUnknown(bytes);
  return { ...(decodeProtobuf(definition.schema, raw) as unknown as KubeObject), kind, apiVersion };
}
