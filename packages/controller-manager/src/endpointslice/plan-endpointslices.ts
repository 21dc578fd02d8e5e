/**
 * The EndpointSlices of a Service. Pure. Slices that are there are filled and emptied with as few writes as possible;
 * pods that serve at different ports (by name) are in different slices.
 *
 * Mirrors: staging/src/k8s.io/endpointslice/reconciler.go (v1.36)
 */
import type { Node, Pod, Service } from '@kts/api/types/core-v1';
import type { Endpoint, EndpointPort, EndpointSlice } from '@kts/api/types/discovery-v1';
import { deepEqual, type New } from '@kts/apimachinery';

import { mayBeEndpoint } from '../endpoints/pod-endpoints.ts';
import {
  addressTypesOf,
  endpointKey,
  endpointOf,
  isSliceOf,
  newSlice,
  portsKey,
  portsOf,
  sameEndpoint,
  sliceLabels,
  type AddressType,
} from './slice-parts.ts';
import { planTopologyHints, type TopologyPlan, type ZoneShares } from './topology-hints.ts';
import { hasTopologyMode, hintingOf, withHints } from './traffic-hints.ts';

export interface Observed {
  readonly service: Service;
  /** Those that it selects. */
  readonly pods: readonly Pod[];
  readonly nodes: ReadonlyMap<string, Node>;
  /** Those of this Service that this controller manages. */
  readonly slices: readonly EndpointSlice[];
  readonly endpointsPerSliceMax: number;
  /** What each zone has of the processors; needed for Services that want hints by that. */
  readonly zoneShares?: ZoneShares;
}

export interface SlicePlan {
  readonly create: readonly New<EndpointSlice>[];
  readonly update: readonly EndpointSlice[];
  readonly delete: readonly EndpointSlice[];
  /** Pods that were left out, and why: to be tried again. */
  readonly errors: readonly string[];
  /** What came of hints by zones' shares, for each type of address; absent: the Service does not want them. */
  readonly topology?: readonly { readonly addressType: string; readonly outcome: TopologyPlan['outcome'] }[];
}

const NOTHING: SlicePlan = { create: [], update: [], delete: [], errors: [] };

export function planEndpointSlices(observed: Observed): SlicePlan {
  const { service, slices } = observed;
  const types = addressTypesOf(service);
  const obsolete = slices.filter(({ addressType }) => !types.some((type) => type === addressType));
  const plans = types.map((type) =>
    planAddressType(
      observed,
      type,
      slices.filter(({ addressType }) => addressType === type),
    ),
  );
  return join([...plans, { ...NOTHING, delete: obsolete }]);
}

function join(plans: readonly SlicePlan[]): SlicePlan {
  const topology = plans.flatMap((plan) => plan.topology ?? []);
  return {
    create: plans.flatMap((plan) => plan.create),
    update: plans.flatMap((plan) => plan.update),
    delete: plans.flatMap((plan) => plan.delete),
    errors: plans.flatMap((plan) => plan.errors),
    ...(topology.length > 0 ? { topology } : {}),
  };
}

interface PortGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: Map<string, Endpoint>;
}

function planAddressType(observed: Observed, type: AddressType, slices: readonly EndpointSlice[]): SlicePlan {
  const { service } = observed;
  const own = Map.groupBy(
    slices.filter((slice) => isSliceOf(slice, service)),
    // A list that is always written is null when it is empty.
    ({ ports }) => portsKey(ports ?? []),
  );
  const { groups, errors } = wantedEndpoints(observed, type);
  const plans = [...groups].map(([key, group]) => planPortGroup(observed, type, own.get(key) ?? [], group));
  const foreign = slices.filter((slice) => !isSliceOf(slice, service));
  const unserved = [...own].filter(([key]) => !groups.has(key)).flatMap(([, ofPorts]) => ofPorts);
  const plan = withPlaceholder(join([...plans, { ...NOTHING, delete: [...foreign, ...unserved], errors }]), {
    service,
    type,
    slices,
  });
  return reuse(hinted(plan, observed, type, slices), service);
}

function wantedEndpoints(
  { service, pods, nodes }: Observed,
  type: AddressType,
): { groups: Map<string, PortGroup>; errors: string[] } {
  const groups = new Map<string, PortGroup>();
  const errors: string[] = [];
  for (const pod of pods) {
    if (!mayBeEndpoint(pod, true)) continue;
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    const group = groups.getOrInsertComputed(key, () => ({ ports, endpoints: new Map() }));
    const nodeName = pod.spec.nodeName ?? '';
    const node = nodes.get(nodeName);
    if (!node && !service.spec?.publishNotReadyAddresses) {
      const { name, namespace } = service.metadata;
      errors.push(`skipping Pod ${pod.metadata.name} for Service ${namespace}/${name}: Node ${nodeName} Not Found`);
      continue;
    }
    const endpoint = endpointOf(pod, node, service, type);
    if (endpoint.addresses.length > 0) group.endpoints.set(endpointKey(endpoint), endpoint);
  }
  return { groups, errors };
}

/** One slice on its way from what it is to what it should be. */
interface Draft {
  readonly slice: EndpointSlice | undefined;
  endpoints: Endpoint[];
  changed: boolean;
}

function planPortGroup(
  { service, endpointsPerSliceMax: max }: Observed,
  type: AddressType,
  slices: readonly EndpointSlice[],
  { ports, endpoints }: PortGroup,
): SlicePlan {
  const missing = new Map(endpoints);
  const drafts = slices.map((slice) => retain(slice, service, missing));
  const emptied = drafts.filter(({ changed, endpoints: left }) => changed && left.length === 0);
  const kept = drafts.filter((draft) => !emptied.includes(draft));
  // Slices that are written anyway are filled first, the fullest before the others.
  const open = kept.filter(({ changed }) => changed).toSorted((a, b) => b.endpoints.length - a.endpoints.length);
  for (const draft of open) fill(draft, missing, max);
  const created: Draft[] = [];
  while (missing.size > 0) {
    const room = missing.size < max ? roomiest(kept, missing.size, max) : undefined;
    const draft = room ?? { slice: undefined, endpoints: [], changed: true };
    if (!room) created.push(draft);
    fill(draft, missing, max);
    draft.changed = true;
  }
  return {
    create: created.map((draft) => ({ ...newSlice(service, ports, type), endpoints: draft.endpoints })),
    update: kept.flatMap(({ slice, endpoints: filled, changed }) =>
      slice && changed ? [rewritten(slice, service, filled)] : [],
    ),
    delete: emptied.flatMap(({ slice }) => slice ?? []),
    errors: [],
  };
}

/** Keeps of a slice what is still wanted, and takes that out of `missing`. */
function retain(slice: EndpointSlice, service: Service, missing: Map<string, Endpoint>): Draft {
  const before = slice.endpoints ?? [];
  const kept: Endpoint[] = [];
  let changed = false;
  for (const endpoint of before) {
    const key = endpointKey(endpoint);
    const wanted = missing.get(key);
    if (!wanted) continue;
    missing.delete(key);
    // Hints are decided on later; those of an endpoint that stays are kept until then.
    kept.push(endpoint.hints ? { ...wanted, hints: endpoint.hints } : wanted);
    changed ||= !sameEndpoint(endpoint, wanted);
  }
  changed ||= kept.length !== before.length;
  const relabelled = !(changed && kept.length === 0) && sliceLabels(service, slice.metadata.labels).changed;
  return { slice, endpoints: kept, changed: changed || relabelled };
}

function fill(draft: Draft, missing: Map<string, Endpoint>, max: number): void {
  for (const [key, endpoint] of missing) {
    if (draft.endpoints.length >= max) return;
    draft.endpoints.push(endpoint);
    missing.delete(key);
  }
}

/** The untouched slice that has just enough room. */
function roomiest(drafts: readonly Draft[], count: number, max: number): Draft | undefined {
  return drafts
    .filter(({ changed, endpoints }) => !changed && endpoints.length > 0 && endpoints.length + count <= max)
    .toSorted((a, b) => b.endpoints.length - a.endpoints.length)[0];
}

function rewritten(slice: EndpointSlice, service: Service, endpoints: readonly Endpoint[]): EndpointSlice {
  const { labels } = sliceLabels(service, slice.metadata.labels);
  return { ...slice, metadata: { ...slice.metadata, labels }, endpoints };
}

/** A Service always has a slice of every address type, be it an empty one. */
function withPlaceholder(
  plan: SlicePlan,
  { service, type, slices }: { service: Service; type: AddressType; slices: readonly EndpointSlice[] },
): SlicePlan {
  if (plan.create.length > 0 || plan.delete.length !== slices.length) return plan;
  const placeholder = newSlice(service, [], type);
  const [only, ...others] = plan.delete;
  if (only && others.length === 0 && isPlaceholder(only, placeholder)) return { ...plan, delete: [] };
  return { ...plan, create: [placeholder] };
}

function isPlaceholder(slice: EndpointSlice, placeholder: New<EndpointSlice>): boolean {
  return (
    (slice.endpoints ?? []).length === 0 &&
    (slice.ports ?? []).length === 0 &&
    deepEqual(slice.metadata.labels, placeholder.metadata.labels)
  );
}

function hinted(
  plan: SlicePlan,
  { service, zoneShares }: Observed,
  addressType: AddressType,
  slices: readonly EndpointSlice[],
): SlicePlan {
  const touched = new Set([...plan.update, ...plan.delete].map(({ metadata }) => metadata.name));
  const unchanged = slices.filter(({ metadata }) => !touched.has(metadata.name));
  if (hasTopologyMode(service)) {
    const { create, update, outcome } = planTopologyHints({ ...plan, unchanged }, zoneShares);
    return { ...plan, create, update, topology: [{ addressType, outcome }] };
  }
  const hinting = hintingOf(service);
  const hint = <T extends New<EndpointSlice>>(slice: T): T => ({
    ...slice,
    endpoints: (slice.endpoints ?? []).map((endpoint) => withHints(endpoint, hinting)),
  });
  return {
    ...plan,
    create: plan.create.map(hint),
    update: [
      ...plan.update.map(hint),
      ...unchanged.filter((slice) => !deepEqual(hint(slice).endpoints, slice.endpoints ?? [])).map(hint),
    ],
  };
}

/** A slice to delete takes the content of one to create: one write instead of two. */
function reuse(plan: SlicePlan, service: Service): SlicePlan {
  const create = [...plan.create];
  const update = [...plan.update];
  const left = plan.delete.filter((slice) => {
    const content = isSliceOf(slice, service) ? create.pop() : undefined;
    if (!content) return true;
    const { labels } = content.metadata;
    update.push({
      ...slice,
      metadata: { ...slice.metadata, ...(labels ? { labels } : {}) },
      endpoints: content.endpoints ?? [],
      ports: content.ports ?? [],
    });
    return false;
  });
  return { ...plan, create, update, delete: left };
}
