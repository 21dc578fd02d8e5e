import type { KubeObject, ObjectMeta } from '@kts/apimachinery';

import type { CacheEntry } from '../cache/entry.ts';
import type { ListEntry } from '../response.ts';

/** An object's metadata on its own: what garbage collectors and generic controllers ask for. */
export interface PartialObject {
  readonly kind: 'PartialObjectMetadata';
  readonly apiVersion: string;
  readonly metadata: ObjectMeta;
}

const encoder = new TextEncoder();
const CLOSE = encoder.encode('}');

/** `version` is of `meta.k8s.io`. */
export function partialMetadata(object: KubeObject, version: string): PartialObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

/** The same as an item of a list, whose JSON is the entry's own. */
export function partialMetadataEntry(entry: CacheEntry, version: string): ListEntry {
  return {
    object: () => partialMetadata(entry.object(), version),
    jsonItemPieces: () => partialMetadataPieces(entry, version),
  };
}

export function partialMetadataPieces(entry: CacheEntry, version: string): readonly Uint8Array[] {
  const head = `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":`;
  return [encoder.encode(head), ...entry.metadataPieces(), CLOSE];
}
