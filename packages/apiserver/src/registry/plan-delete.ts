/**
 * What a deletion does to an object: away with it, or a mark and finalizers that others work off. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go and the finalizer part of
 * staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go (v1.36)
 */
import { formatTime } from '@kts/base';
import { conflict, parseTime, type DeleteOptions, type KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import { internalKind } from './before-create.ts';
import { draftOf, type ObjectDraft } from './object-draft.ts';
import { FINALIZER_FOREGROUND, FINALIZER_ORPHAN } from './validate-metadata.ts';

export type DeletePlan =
  /** Nothing to write: it is being deleted, and this request does not hurry it. */
  | { readonly do: 'nothing' }
  | { readonly do: 'remove' }
  /** Write the marked object; `thenRemove`: and take it away at once, nobody has to be waited for. */
  | { readonly do: 'mark'; readonly object: ObjectDraft; readonly thenRemove: boolean };

/** Throws Conflict where a precondition does not hold. */
export function planDelete(
  definition: ResourceDefinition,
  object: KubeObject,
  options: DeleteOptions,
  now: number,
): DeletePlan {
  checkPreconditions(definition, object, options);
  const draft = draftOf(object);
  const grace = planGrace(definition, object, draft, options, now);
  if (grace === 'pending') return { do: 'nothing' };
  const finalizers = deletionFinalizers(definition, object, options);
  if (finalizers.length > 0) draft.metadata.finalizers = finalizers;
  else delete draft.metadata.finalizers;
  const finalizersPending = finalizers.length > 0;
  if (grace !== 'none') {
    return { do: 'mark', object: draft, thenRemove: grace.seconds === 0 && !finalizersPending };
  }
  if (!finalizersPending) return { do: 'remove' };
  markAsDeleting(draft, now);
  return { do: 'mark', object: draft, thenRemove: false };
}

/** Upstream names the kind where other conflicts name the resource. */
export function checkPreconditions(definition: ResourceDefinition, object: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { metadata } = object;
  const { group, kind } = internalKind(definition);
  const named = { group, plural: kind };
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      named,
      metadata.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      named,
      metadata.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

/** Changes `draft` for a graceful deletion; `pending`: one is under way that is at least as fast. */
function planGrace(
  definition: ResourceDefinition,
  object: KubeObject,
  draft: ObjectDraft,
  options: DeleteOptions,
  now: number,
): 'none' | 'pending' | { readonly seconds: number } {
  const { behaviour } = definition;
  if (!behaviour.deletionGracePeriodSeconds) return 'none';
  const requested = options.gracePeriodSeconds === undefined ? undefined : atLeastOne(options.gracePeriodSeconds);
  const { metadata } = object;
  if (metadata.deletionTimestamp) {
    const current = atLeastOne(metadata.deletionGracePeriodSeconds ?? 0);
    if (current === 0) return 'none';
    if (requested === undefined || requested >= current) return 'pending';
    return shortenGrace(draft, parseTime(metadata.deletionTimestamp), current, requested, now);
  }
  const seconds = behaviour.deletionGracePeriodSeconds(object, requested);
  if (seconds < 0) return 'none';
  draft.metadata.deletionTimestamp = formatTime(now + seconds * 1000);
  draft.metadata.deletionGracePeriodSeconds = seconds;
  if ((draft.metadata.generation ?? 0) > 0) draft.metadata.generation = draft.metadata.generation! + 1;
  return { seconds };
}

function shortenGrace(
  draft: ObjectDraft,
  deletionAt: number,
  current: number,
  requested: number,
  now: number,
): { readonly seconds: number } {
  let at = deletionAt - current * 1000 + requested * 1000;
  let seconds = requested;
  if (at < now) {
    at = now;
    if (seconds !== 0) seconds = 1;
  }
  draft.metadata.deletionTimestamp = formatTime(at);
  draft.metadata.deletionGracePeriodSeconds = seconds;
  return { seconds };
}

/** A negative period counts as one second. */
function atLeastOne(seconds: number): number {
  return seconds < 0 ? 1 : seconds;
}

/** For kinds without grace that finalizers hold back. */
function markAsDeleting(draft: ObjectDraft, now: number): void {
  const { metadata } = draft;
  if (!metadata.deletionTimestamp && (metadata.generation ?? 0) > 0) metadata.generation = metadata.generation! + 1;
  if (!metadata.deletionTimestamp || parseTime(metadata.deletionTimestamp) > now) {
    metadata.deletionTimestamp = formatTime(now);
  }
  metadata.deletionGracePeriodSeconds = 0;
}

/** The object's finalizers with those of the garbage collector as the options want them. */
export function deletionFinalizers(
  definition: ResourceDefinition,
  object: KubeObject,
  options: DeleteOptions,
): string[] {
  const current = object.metadata.finalizers ?? [];
  if (!garbageCollected(definition)) return [...current];
  const others = current.filter((name) => name !== FINALIZER_ORPHAN && name !== FINALIZER_FOREGROUND);
  const wanted = [...others];
  if (orphans(definition, current, options)) wanted.push(FINALIZER_ORPHAN);
  if (deletesInForeground(current, options)) wanted.push(FINALIZER_FOREGROUND);
  const same = wanted.length === current.length && wanted.every((name) => current.includes(name));
  return same ? [...current] : wanted;
}

/** Nothing depends on events. */
function garbageCollected(definition: ResourceDefinition): boolean {
  return definition.storagePrefix !== 'events';
}

/** Kinds whose dependents stay unless somebody says otherwise, as they did before there was a garbage collector. */
export function orphansByDefault({ storagePrefix }: ResourceDefinition): boolean {
  return storagePrefix === 'jobs' || storagePrefix === 'controllers';
}

function orphans(definition: ResourceDefinition, finalizers: readonly string[], options: DeleteOptions): boolean {
  if (options.orphanDependents !== undefined) return options.orphanDependents;
  if (options.propagationPolicy !== undefined) return options.propagationPolicy === 'Orphan';
  const set = finalizers.find((name) => name === FINALIZER_ORPHAN || name === FINALIZER_FOREGROUND);
  return set === undefined ? orphansByDefault(definition) : set === FINALIZER_ORPHAN;
}

function deletesInForeground(finalizers: readonly string[], options: DeleteOptions): boolean {
  if (options.orphanDependents !== undefined) return false;
  if (options.propagationPolicy !== undefined) return options.propagationPolicy === 'Foreground';
  return finalizers.find((name) => name === FINALIZER_ORPHAN || name === FINALIZER_FOREGROUND) === FINALIZER_FOREGROUND;
}
