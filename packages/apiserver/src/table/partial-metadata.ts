import type { KubeObject, ObjectMeta } from '@kts/apimachinery';

import type { CacheEntry } from '../cache/entry.ts';
import type { ListEntry } from '../response.ts';

/** An object's metadata on its own: what garbage collectors and generic controllers ask for. */
export interface PartialObject {
  readonly kind: 'PartialObjectMetadata';
  readonly apiVersion: string;
  readonly metadata: ObjectMeta;
}

const END = Buffer.from('}');

/** `version` is of `meta.k8s.io`. */
export function partialMetadata(object: KubeObject, version: string): PartialObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

/** The same as an item of a list, whose JSON is the entry's own. */
export function partialMetadataEntry(entry: CacheEntry, version: string): ListEntry {
  return {
    object: () => partialMetadata(entry.object(), version),
    jsonItemPieces: () => [Buffer.from(partialMetadataHead(version)), ...entry.metadataPieces(), END],
  };
}

/** Its JSON up to where the metadata begins; a brace follows that. */
export function partialMetadataHead(version: string): string {
  return `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":`;
}
