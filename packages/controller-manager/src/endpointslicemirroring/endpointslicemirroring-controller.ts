/**
 * Mirrors Endpoints that somebody made for a Service without a selector, because proxies only read EndpointSlices.
 *
 * Mirrors: pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go (v1.36)
 */
import { endpoints, endpointSlices, services } from '@kts/api';
import type { Endpoints, Service } from '@kts/api/types/core-v1';
import type { EndpointSlice } from '@kts/api/types/discovery-v1';
import { isNotFound, keyText, type ObjectKey } from '@kts/apimachinery';
import { defineController, watching, type AnyControllerDefinition, type ControllerContext } from '@kts/controlkit';

import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from '../endpointslice/slice-parts.ts';
import { SliceTracker } from '../endpointslice/slice-tracker.ts';
import { isNamespaceTerminating } from '../pods/pod-control.ts';
import { MIRROR_MANAGER, planMirror, type MirrorObserved, type MirrorPlan } from './plan-mirror.ts';

const BY_SERVICE = 'mirroredService';
const RETRIES_MAX = 15;
const BEHIND_MS = 100;

type Seen = MirrorObserved | { readonly obsolete: readonly EndpointSlice[] };

export function endpointSliceMirroringController(addressesPerSubsetMax: number): AnyControllerDefinition {
  const tracker = new SliceTracker();
  return defineController<Endpoints, Seen, MirrorPlan>({
    name: 'endpointslice-mirroring-controller',
    for: endpoints,
    changed: (old, object) => isMirrored(old) || isMirrored(object),
    watches: [
      watching(services, {
        map: (service) => [service.metadata],
        changed: (old, service) => hasSelector(old) !== hasSelector(service),
      }),
    ],
    retriesMax: RETRIES_MAX,
    setup: (context) => watchSlices(context, tracker),
    observe: (key, context) => observe(key, context, tracker, addressesPerSubsetMax),
    plan: (seen) =>
      'obsolete' in seen ? { create: [], update: [], delete: seen.obsolete, skipped: 0 } : planMirror(seen),
    apply: (plan, seen, context) => applyMirror(plan, seen, context, tracker, addressesPerSubsetMax),
  });
}

function watchSlices({ informers, enqueue }: ControllerContext, tracker: SliceTracker): void {
  const informer = informers.get(endpointSlices);
  informer.addIndex(BY_SERVICE, (slice) => {
    const key = isOurs(slice) ? serviceKey(slice) : undefined;
    return key ? [keyText(key)] : [];
  });
  const bring = (slice: EndpointSlice): void => {
    const key = serviceKey(slice);
    if (key) enqueue(key);
  };
  informer.subscribe({
    onAdd: (slice) => {
      if (isOurs(slice) && !tracker.isOwnWrite(slice)) bring(slice);
    },
    onUpdate: (old, slice) => {
      if ((isOurs(old) || isOurs(slice)) && !tracker.isOwnWrite(slice)) {
        bring(old);
        bring(slice);
      }
    },
    onDelete: (slice) => {
      if (isOurs(slice) && !tracker.forget(slice)) bring(slice);
    },
  });
}

function isOurs({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[MANAGED_BY_LABEL] === MIRROR_MANAGER;
}

function serviceKey({ metadata }: EndpointSlice): ObjectKey | undefined {
  const name = metadata.labels?.[SERVICE_NAME_LABEL];
  return name ? { namespace: metadata.namespace, name } : undefined;
}

function hasSelector({ spec }: Service): boolean {
  return Object.keys(spec?.selector ?? {}).length > 0;
}

function isMirrored({ metadata }: Endpoints): boolean {
  return (
    metadata.labels?.['endpointslice.kubernetes.io/skip-mirror'] !== 'true' &&
    metadata.annotations?.['control-plane.alpha.kubernetes.io/leader'] === undefined
  );
}

function observe(
  key: ObjectKey,
  { informers, enqueue }: ControllerContext,
  tracker: SliceTracker,
  addressesPerSubsetMax: number,
): Seen | undefined {
  const slices = informers.get(endpointSlices).byIndex(BY_SERVICE, keyText(key));
  if (tracker.isBehind(key, slices)) {
    enqueue(key, BEHIND_MS);
    return undefined;
  }
  const object = informers.get(endpoints).get(key);
  const service = informers.get(services).get(key);
  if (!object || !isMirrored(object) || !service || hasSelector(service)) return { obsolete: slices };
  return { endpoints: object, slices, addressesPerSubsetMax };
}

async function applyMirror(
  plan: MirrorPlan,
  seen: Seen,
  { client, events, signal }: ControllerContext,
  tracker: SliceTracker,
  max: number,
): Promise<void> {
  if (!('obsolete' in seen)) {
    const { metadata } = seen.endpoints;
    if (plan.skipped > 0) {
      const message =
        `A max of ${max} addresses can be mirrored to EndpointSlices per Endpoints subset. ` +
        `${plan.skipped} addresses were skipped`;
      events.event(seen.endpoints, 'Warning', 'TooManyAddressesToMirror', message);
    }
    for (const slice of metadata.deletionTimestamp === undefined ? plan.create : []) {
      try {
        tracker.wrote(metadata, await client.create(endpointSlices, slice, { signal }));
      } catch (error) {
        if (isNamespaceTerminating(error)) return;
        throw error;
      }
    }
    for (const slice of plan.update) tracker.wrote(metadata, await client.update(endpointSlices, slice, { signal }));
  }
  for (const slice of plan.delete) {
    tracker.deleted(slice);
    await client.delete(endpointSlices, slice.metadata, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}
