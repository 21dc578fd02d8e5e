/**
 * Tells proxies where the pods of Services are.
 *
 * Mirrors: pkg/controller/endpointslice/endpointslice_controller.go (v1.36)
 */
import { endpointSlices, nodes, pods, services } from '@kts/api';
import type { Service } from '@kts/api/types/core-v1';
import type { EndpointSlice } from '@kts/api/types/discovery-v1';
import { keyText, type New, type ObjectKey } from '@kts/apimachinery';
import { defineController, watching, type AnyControllerDefinition, type ControllerContext } from '@kts/controlkit';

import { ChangeBatching } from '../endpoints/change-batching.ts';
import { TriggerTimes } from '../endpoints/trigger-times.ts';
import { endpointsOfPodChanged, podsOfService, selectsPods, servicesOfPod } from '../endpoints/pod-endpoints.ts';
import { isNamespaceTerminating } from '../pods/pod-control.ts';
import { planEndpointSlices, type Observed, type SlicePlan } from './plan-endpointslices.ts';
import { SliceTracker } from './slice-tracker.ts';
import { topologyOf, TopologyTracker } from './topology-tracker.ts';
import { hasTopologyMode } from './traffic-hints.ts';
import { addressTypesOf, MANAGED_BY_LABEL, MANAGER, SERVICE_NAME_LABEL } from './slice-parts.ts';

const BY_SERVICE = 'service';
const RETRIES_MAX = 15;
/** Changes of slices are mostly our own. */
const SLICE_CHANGE_DELAY_MS = 1000;

export function endpointSliceController(endpointsPerSliceMax: number, batchPeriodMs: number): AnyControllerDefinition {
  const tracker = new SliceTracker();
  const topology = new TopologyTracker();
  const triggers = new TriggerTimes();
  const batching = new ChangeBatching(batchPeriodMs);
  return defineController<Service, Observed, SlicePlan>({
    name: 'endpointslice-controller',
    for: services,
    watches: [
      watching(pods, {
        map: servicesOfPod,
        changed: endpointsOfPodChanged,
        delayMs: (key) => batching.delayMs(key),
      }),
    ],
    reads: [endpointSlices, nodes],
    retriesMax: RETRIES_MAX,
    setup: (context) => {
      watchSlices(context, tracker);
      watchZones(context, topology);
    },
    observe: (key, context) => {
      const observed = observe(key, context, { tracker, topology }, endpointsPerSliceMax);
      if (observed) batching.note(key, observed.pods.length);
      else if (!context.informers.get(services).get(key)) {
        batching.note(key, 0);
        triggers.forget(key);
        topology.remove(key);
      }
      return observed;
    },
    plan: planEndpointSlices,
    apply: async (plan, observed, context) => {
      await applySlices(plan, observed, context, tracker, triggers);
      noteTopology(plan, observed.service, context, topology);
    },
  });
}

function watchSlices({ informers, enqueue }: ControllerContext, tracker: SliceTracker): void {
  const informer = informers.get(endpointSlices);
  informer.addIndex(BY_SERVICE, (slice) => {
    const key = isManaged(slice) ? serviceKey(slice) : undefined;
    return key ? [keyText(key)] : [];
  });
  const bring = (slice: EndpointSlice): void => {
    const key = serviceKey(slice);
    if (key) enqueue(key, SLICE_CHANGE_DELAY_MS);
  };
  informer.subscribe({
    onAdd: (slice) => {
      if (isManaged(slice) && !tracker.isOwnWrite(slice)) bring(slice);
    },
    onUpdate: (old, slice) => {
      if (serviceKey(old)?.name !== serviceKey(slice)?.name) bring(old);
      if ((isManaged(old) || isManaged(slice)) && !tracker.isOwnWrite(slice)) bring(slice);
    },
    onDelete: (slice) => {
      if (isManaged(slice) && !tracker.forget(slice)) bring(slice);
    },
  });
}

/** Services are looked at again when their zones have got too few endpoints for what nodes there are now. */
function watchZones({ informers, enqueue }: ControllerContext, topology: TopologyTracker): void {
  const informer = informers.get(nodes);
  const changed = (): void => {
    for (const key of topology.nodesChanged(() => informer.list())) enqueue(key);
  };
  informer.subscribe({
    onAdd: changed,
    onUpdate: (before, after) => {
      if (topologyOf(before) !== topologyOf(after)) changed();
    },
    onDelete: changed,
  });
}

function isManaged({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[MANAGED_BY_LABEL] === MANAGER;
}

function serviceKey({ metadata }: EndpointSlice): ObjectKey | undefined {
  const name = metadata.labels?.[SERVICE_NAME_LABEL];
  return name ? { namespace: metadata.namespace, name } : undefined;
}

function observe(
  key: ObjectKey,
  { informers, enqueue }: ControllerContext,
  { tracker, topology }: { readonly tracker: SliceTracker; readonly topology: TopologyTracker },
  endpointsPerSliceMax: number,
): Observed | undefined {
  const service = informers.get(services).get(key);
  if (!service || !selectsPods(service)) return undefined;
  const slices = informers
    .get(endpointSlices)
    .byIndex(BY_SERVICE, keyText(key))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (tracker.isBehind(key, slices)) {
    enqueue(key, SLICE_CHANGE_DELAY_MS);
    return undefined;
  }
  const selected = podsOfService(service, informers);
  const nodeInformer = informers.get(nodes);
  const nodesOf = new Map(
    selected.flatMap(({ spec }) => {
      const node = spec.nodeName ? nodeInformer.get({ name: spec.nodeName }) : undefined;
      return node ? [[node.metadata.name, node] as const] : [];
    }),
  );
  const zoneShares = hasTopologyMode(service) ? topology.shares(() => nodeInformer.list()) : undefined;
  return { service, pods: selected, nodes: nodesOf, slices, endpointsPerSliceMax, zoneShares };
}

async function applySlices(
  plan: SlicePlan,
  { service, pods: selected }: Observed,
  context: ControllerContext,
  tracker: SliceTracker,
  triggers: TriggerTimes,
): Promise<void> {
  const { client, events, signal } = context;
  const { name, namespace, deletionTimestamp } = service.metadata;
  const stamp = triggers.annotate(service, selected);
  try {
    for (const slice of deletionTimestamp === undefined ? plan.create : []) {
      tracker.wrote(service.metadata, await create(slice, stamp, context));
    }
    for (const slice of plan.update) {
      const metadata = stamp(slice.metadata);
      tracker.wrote(service.metadata, await client.update(endpointSlices, { ...slice, metadata }, { signal }));
    }
    for (const slice of plan.delete) {
      tracker.deleted(slice);
      await client.delete(endpointSlices, slice.metadata, { signal });
    }
    if (plan.errors.length > 0) throw new Error(plan.errors.join(', '));
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    const text = error instanceof Error ? error.message : String(error);
    const message = `Error updating Endpoint Slices for Service ${namespace}/${name}: ${text}`;
    events.event(service, 'Warning', 'FailedToUpdateEndpointSlices', message);
    throw error;
  }
}

/** Tells of hints by zones' shares that there are, or are no more. */
function noteTopology(
  { topology = [] }: SlicePlan,
  service: Service,
  { events }: ControllerContext,
  tracker: TopologyTracker,
): void {
  const key = service.metadata;
  const disabled = (text: string, addressType: string): void => {
    events.event(service, 'Warning', 'TopologyAwareHintsDisabled', `${text}, addressType: ${addressType}`);
    tracker.remove(key);
  };
  if (topology.length === 0 && tracker.isHinted(key)) {
    disabled('Topology Aware Hints has been disabled', addressTypesOf(service)[0] ?? '');
  }
  for (const { addressType, outcome } of topology) {
    if (typeof outcome === 'string') disabled(outcome, addressType);
    else {
      const message = `Topology Aware Hints has been enabled, addressType: ${addressType}`;
      if (!tracker.isHinted(key)) events.event(service, 'Normal', 'TopologyAwareHintsEnabled', message);
      tracker.set(key, addressType, outcome);
    }
  }
}

async function create(
  slice: New<EndpointSlice>,
  stamp: ReturnType<TriggerTimes['annotate']>,
  { client, signal }: ControllerContext,
): Promise<EndpointSlice> {
  return client.create(endpointSlices, { ...slice, metadata: stamp(slice.metadata) }, { signal });
}
