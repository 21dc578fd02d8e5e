import { decodeProtobuf, unwrapUnknown, type KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import { decodeStoredJson } from '../cache/stored-entry.ts';

const BRACE_OPEN = 0x7b;

/** Reads what is in the store: our own JSON, or protobuf that an upstream API server has left there. */
export function decodeStoredBytes(definition: ResourceDefinition, bytes: Uint8Array): KubeObject {
  if (bytes[0] === BRACE_OPEN) return decodeStoredJson(bytes);
  const { apiVersion, kind, raw } = unwrapUnknown(bytes);
  return { ...(decodeProtobuf(definition.schema, raw) as unknown as KubeObject), kind, apiVersion };
}
