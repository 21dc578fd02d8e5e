/**
 * Each endpoint writes its own part of an object; the rest stays as it was. Pure.
 *
 * Mirrors: PrepareForUpdate of the strategies of subresources in pkg/registry (v1.36)
 */
import type { KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import { objectField, setOrDelete, type MetadataDraft, type ObjectDraft } from './object-draft.ts';
import { statusMetadata } from './reset-fields.ts';

const TYPE_AND_METADATA: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);
type JsonObject = Readonly<Record<string, unknown>>;

export function keepUnwritable(
  definition: ResourceDefinition,
  draft: ObjectDraft,
  old: KubeObject,
  subresource: string,
): void {
  const before = old as unknown as JsonObject;
  switch (subresource) {
    case '':
    case 'scale':
      if (definition.subresources.some(({ name }) => name === 'status')) setOrDelete(draft, 'status', before['status']);
      return;
    case 'status':
      keepAllBut(draft, before, 'status');
      keepMetadataOfStatus(definition, draft, old);
      return;
    case 'ephemeralcontainers':
      keepSpecBut(draft, before, { ephemeralContainers: objectField(draft, 'spec')?.['ephemeralContainers'] });
      keepMetadata(draft, old);
      return;
    case 'resize':
      keepAllButResources(draft, before, old);
      return;
    case 'finalize': {
      const finalizers = objectField(draft, 'spec')?.['finalizers'];
      keepAllBut(draft, before, 'spec');
      keepSpecBut(draft, before, { finalizers });
      return;
    }
    default:
      return;
  }
}

/** Everything outside metadata is the old object's, except one field. */
function keepAllBut(draft: ObjectDraft, before: JsonObject, own: string): void {
  for (const field of Object.keys(draft)) {
    if (field !== own && !TYPE_AND_METADATA.has(field) && !(field in before)) delete draft[field];
  }
  for (const field of Object.keys(before)) {
    if (field !== own && !TYPE_AND_METADATA.has(field)) draft[field] = before[field];
  }
}

function keepSpecBut(draft: ObjectDraft, before: JsonObject, own: JsonObject): void {
  keepAllBut(draft, before, 'spec');
  const spec: Record<string, unknown> = { ...objectField(before, 'spec') };
  for (const field of Object.keys(own)) setOrDelete(spec, field, own[field]);
  draft['spec'] = spec;
}

/** What the status endpoint leaves of the metadata that was sent. */
function keepMetadataOfStatus(definition: ResourceDefinition, draft: ObjectDraft, old: KubeObject): void {
  const kept = statusMetadata(definition);
  if (kept === 'all') keepAllMetadata(draft, old);
  else if (kept === 'identity') keepMetadata(draft, old);
  else for (const field of kept) setOrDelete(draft.metadata, field, old.metadata[field]);
}

/** What says who an object is and belongs to. */
function keepMetadata({ metadata }: ObjectDraft, old: KubeObject): void {
  for (const field of KEPT_METADATA) setOrDelete(metadata, field, old.metadata[field]);
}

/** All metadata but the record of who wrote which field. */
function keepAllMetadata(draft: ObjectDraft, old: KubeObject): void {
  const { managedFields, resourceVersion } = draft.metadata;
  draft.metadata = { ...(old.metadata as MetadataDraft), resourceVersion };
  setOrDelete(draft.metadata, 'managedFields', managedFields);
}

const KEPT_METADATA = [
  'deletionTimestamp',
  'generation',
  'selfLink',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
] as const;

interface Resizable {
  readonly name: string;
  readonly resources?: unknown;
  readonly resizePolicy?: unknown;
}

/** An object with other containers than before is left as it was sent, for validation to refuse. */
function keepAllButResources(draft: ObjectDraft, before: JsonObject, old: KubeObject): void {
  const [spec, kept] = [objectField(draft, 'spec') ?? {}, objectField(before, 'spec') ?? {}];
  const countIn = (one: object, field: string): number =>
    ((one as JsonObject)[field] as readonly unknown[] | null)?.length ?? 0;
  if (['containers', 'initContainers'].some((field) => countIn(spec, field) !== countIn(kept, field))) return;
  keepSpecBut(draft, before, resized(spec as JsonObject, kept as JsonObject));
  keepMetadata(draft, old);
}

/** The resources of containers; renamed containers are left for validation to refuse. */
function resized(spec: JsonObject, before: JsonObject): JsonObject {
  return {
    resources: spec['resources'],
    containers: resizedContainers(spec['containers'], before['containers']),
    initContainers: resizedContainers(spec['initContainers'], before['initContainers']),
  };
}

function resizedContainers(sent: unknown, kept: unknown): unknown {
  const containers = (sent ?? []) as readonly Resizable[];
  const before = (kept ?? []) as readonly Resizable[];
  if (containers.length === 0) return kept;
  if (containers.some(({ name }, index) => name !== before[index]!.name)) return sent;
  return before.map((container, index) => {
    const merged = { ...container };
    setOrDelete(merged, 'resources', containers[index]!.resources);
    setOrDelete(merged, 'resizePolicy', containers[index]!.resizePolicy);
    return merged;
  });
}
