import { keyText, type KubeObject, type ObjectKey, type OwnerReference, type ResourceType } from '@kts/apimachinery';

import type { AnyControllerDefinition, ControllerContext, OwnedSource, WatchedSource } from './define-controller.ts';
import type { Informer, InformerHandlers } from './informer.ts';
import { controllerRefOf, refersToKind } from './owner-reference.ts';

/** An informer whose changes bring keys into a controller's queue. */
export interface ControllerSource {
  readonly informer: Informer<KubeObject>;
  readonly handlers: InformerHandlers<KubeObject>;
}

/** All that a controller listens to. The first is the informer of its own resource. */
export function controllerSources(
  definition: AnyControllerDefinition,
  context: ControllerContext,
): readonly ControllerSource[] {
  const own = context.informers.get(definition.for, definition.selection);
  const owned = (definition.owns ?? []).map((source) => ownedSource(asOwned(source), definition.for, own, context));
  const watched = (definition.watches ?? []).map((source) => watchedSource(source, context));
  return [{ informer: own, handlers: ownHandlers(definition, context) }, ...owned, ...watched];
}

function ownHandlers(definition: AnyControllerDefinition, context: ControllerContext): InformerHandlers<KubeObject> {
  const concerns = definition.concerns ?? (() => true);
  return {
    onAdd: (object) => {
      if (concerns(object)) context.enqueue(object.metadata);
    },
    onUpdate: (old, object) => {
      if (!concerns(object)) return;
      if (definition.changed && !definition.changed(old, object)) return;
      context.enqueue(object.metadata, definition.updateDelayMs?.(old, object, context));
    },
    onDelete: (object) => {
      context.expectations.delete(object.metadata);
      if (concerns(object)) context.enqueue(object.metadata);
    },
  };
}

/**
 * Mirrors: pkg/controller/replicaset/replica_set.go, addPod, updatePod, deletePod (v1.36), which the other controllers
 * of owned objects repeat.
 */
function ownedSource(
  source: OwnedSource,
  ownerType: ResourceType<KubeObject>,
  owners: Informer<KubeObject>,
  context: ControllerContext,
): ControllerSource {
  const { expectations } = context;
  const enqueue = (key: ObjectKey): void => context.enqueue(key, source.delayMs);
  const keyOf = (object: KubeObject): ObjectKey | undefined => ownerKey(object, ownerType, owners);
  const offer = (orphan: KubeObject): void => {
    for (const key of source.adopt?.(orphan, context) ?? []) enqueue(key);
  };
  const onDelete = (object: KubeObject): void => {
    const key = keyOf(object);
    if (!key) return;
    expectations.deletionObserved(key, object.metadata.uid);
    enqueue(key);
  };
  const onAdd = (object: KubeObject): void => {
    if (object.metadata.deletionTimestamp) return onDelete(object);
    const key = keyOf(object);
    if (key) {
      expectations.creationObserved(key);
      enqueue(key);
    } else if (!controllerRefOf(object)) offer(object);
  };
  const onUpdate = (old: KubeObject, object: KubeObject): void => {
    const before = keyOf(old);
    const after = keyOf(object);
    const ownerChanged = controllerRefOf(old)?.uid !== controllerRefOf(object)?.uid;
    if (before && ownerChanged) enqueue(before);
    if (after) {
      if (object.metadata.deletionTimestamp) expectations.deletionObserved(after, object.metadata.uid);
      enqueue(after);
    } else if (!controllerRefOf(object) && (ownerChanged || labelsDiffer(old, object))) offer(object);
  };
  return {
    informer: context.informers.get(source.type, source.selection),
    handlers: { onAdd, onUpdate, onDelete },
  };
}

function watchedSource(source: WatchedSource, context: ControllerContext): ControllerSource {
  /** Each key once: a worker may take it at once, and would have to come back for the second. */
  const enqueue = (...objects: readonly KubeObject[]): void => {
    const keys = objects.flatMap((object) => source.map(object, context));
    for (const key of new Map(keys.map((each) => [keyText(each), each])).values()) {
      context.enqueue(key, source.delayMs?.(key));
    }
  };
  return {
    informer: context.informers.get(source.type, source.selection),
    handlers: {
      onAdd: (object) => enqueue(object),
      onUpdate: (old, object) => {
        if (!source.changed || source.changed(old, object)) enqueue(old, object);
      },
      onDelete: (object) => enqueue(object),
    },
  };
}

/** The key of the object's controller, if that is one of `owners` and still the same object. */
function ownerKey(
  object: KubeObject,
  ownerType: ResourceType<KubeObject>,
  owners: Informer<KubeObject>,
): ObjectKey | undefined {
  const reference: OwnerReference | undefined = controllerRefOf(object);
  if (!reference || !refersToKind(reference, ownerType)) return undefined;
  const { namespace } = object.metadata;
  const key = ownerType.namespaced && namespace ? { namespace, name: reference.name } : { name: reference.name };
  return owners.get(keyText(key))?.metadata.uid === reference.uid ? key : undefined;
}

function asOwned(source: ResourceType<KubeObject> | OwnedSource): OwnedSource {
  if ('adopt' in source) return source;
  return { kind: 'owned', type: source, selection: undefined, adopt: undefined, delayMs: 0 };
}

function labelsDiffer(a: KubeObject, b: KubeObject): boolean {
  const before = Object.entries(a.metadata.labels ?? {});
  const after = b.metadata.labels ?? {};
  return before.length !== Object.keys(after).length || before.some(([name, value]) => after[name] !== value);
}
