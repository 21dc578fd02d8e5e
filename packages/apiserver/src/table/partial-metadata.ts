import type { KubeObject, ObjectMeta } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

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
export function partialMetadata(definition: ResourceDefinition, object: KubeObject, version: string): PartialObject {
  const metadata = withoutFields(definition, object.metadata) ?? object.metadata;
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata };
}

/** The same as an item of a list, whose JSON is the entry's own. */
export function partialMetadataEntry(definition: ResourceDefinition, entry: CacheEntry, version: string): ListEntry {
  return {
    object: () => partialMetadata(definition, entry.object(), version),
    jsonItemPieces: () => [Buffer.from(partialMetadataHead(version)), ...metadataPieces(definition, entry), END],
  };
}

/** The JSON of an entry's metadata where it stands alone. */
export function metadataPieces(definition: ResourceDefinition, entry: CacheEntry): readonly Uint8Array[] {
  if (!definition.behaviour.fieldAnnotations) return entry.metadataPieces();
  const metadata = withoutFields(definition, entry.glance().metadata);
  return metadata ? [Buffer.from(JSON.stringify(metadata))] : entry.metadataPieces();
}

/** Its JSON up to where the metadata begins; a brace follows that. */
export function partialMetadataHead(version: string): string {
  return `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":`;
}

/** The metadata without annotations that are fields of the internal type; nothing: there are none. */
function withoutFields({ behaviour }: ResourceDefinition, metadata: ObjectMeta): ObjectMeta | undefined {
  const { annotations, ...rest } = metadata;
  const hidden = behaviour.fieldAnnotations?.filter((name) => annotations?.[name] !== undefined) ?? [];
  if (hidden.length === 0) return undefined;
  const shown = Object.entries(annotations!).filter(([name]) => !hidden.includes(name));
  return shown.length > 0 ? { ...rest, annotations: Object.fromEntries(shown) } : rest;
}
