import type { ContainerExtendedResourceRequest, Pod } from '@kts/api/types/core-v1';
import type { AllocationResult, DeviceClass, ResourceClaim } from '@kts/api/types/resource-v1';
import { keyText } from '@kts/apimachinery';
import { allocateDevices } from '../devices/allocate-devices.ts';
import type { AllocationInput } from '../devices/allocation-plan.ts';
import { hasTimedOut, readinessOf } from '../devices/binding-conditions.ts';
import { ClaimTracker } from '../devices/claim-tracker.ts';
import { DeviceClasses } from '../devices/device-classes.ts';
import type { DeviceHost } from '../devices/device-host.ts';
import { sortSlices, type ResourceSlices } from '../devices/device-pools.ts';
import { deviceNeeds } from '../devices/device-request.ts';
import { DeviceSelectors } from '../devices/device-selectors.ts';
import {
  devicesForResources,
  extendedResourceClaim,
  isInMemory,
  resourcesFromDevices,
} from '../devices/extended-resources.ts';
import { findPodClaims, isReservedFor } from '../devices/pod-resource-claims.ts';
import { deallocate, deleteClaim } from '../devices/write-claims.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import { nodeSelector, type NodePredicate } from '../framework/node-selection.ts';
import {
  SKIP,
  unresolvable,
  type FailedCycle,
  type Plugin,
  type PostFilterResult,
  type PreFilterResult,
  type Rejection,
} from '../framework/plugin.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { bindClaims, releaseClaims, reserveClaims } from './dynamic-resources-binding.ts';
import { dynamicResourcesEvents } from './dynamic-resources-events.ts';
import { normalizeToHighest } from './normalize.ts';

/**
 * A pod with resource claims goes where the devices of its claims are, or where devices are that its claims can get.
 *
 * Mirrors: pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go (v1.36)
 * Differs: no claims of pod groups and no devices that stand for CPU or memory (alpha); a search for devices is given up
 * after a second at most, because nothing else runs meanwhile.
 */
export interface DynamicResourcesArgs {
  /** How long to look for devices on one node; 0: as long as it takes. Default 10 s. */
  readonly filterTimeoutMs?: number;
  /** How long to wait for devices to become ready. Default 10 min. */
  readonly bindingTimeoutMs?: number;
}

/** What one pod's claims would get on one node. */
export interface NodeDevices {
  /** By the uid of the claim. */
  readonly allocations: ReadonlyMap<string, AllocationResult>;
  /** The claim for extended resources, as this node needs it. */
  readonly extended?: ResourceClaim;
  readonly mappings: readonly ContainerExtendedResourceRequest[];
}

/** Belongs to one attempt to schedule one pod. */
export interface DeviceState {
  /** The pod's own; replaced as they are written. */
  readonly claims: ResourceClaim[];
  /** The claim for extended resources, if it needs one. */
  extended: ResourceClaim | undefined;
  /** Nodes from which an allocated claim can be used, by its uid. */
  readonly reach: ReadonlyMap<string, NodePredicate>;
  /** `undefined` if there is nothing to allocate. */
  readonly slices: ResourceSlices | undefined;
  readonly byNode: Map<string, NodeDevices>;
  /** Allocated claims that keep the pod off some node. */
  readonly unavailable: Set<ResourceClaim>;
  /** What was decided, once it was. */
  chosen?: NodeDevices;
}

const FILTER_TIMEOUT_MS = 10_000;
const SEARCH_MS_MAX = 1000;
const BINDING_TIMEOUT_MS = 600_000;
/** An alternative is worth this many points, less one for each that is preferred to it. */
const ALTERNATIVES_MAX = 8;

const NOT_ALLOCATED = unresolvable('cannot allocate all claims');
const ELSEWHERE = unresolvable('resourceclaim not available on the node');
const NO_RESOURCE = unresolvable('cannot fit resource');
const STALE_CLAIM = unresolvable('cannot schedule extended resource claim');

export function dynamicResources(
  host: DeviceHost = lonely(),
  args: DynamicResourcesArgs = {},
): Plugin<DeviceState, DeviceState> {
  const bindingTimeoutMs = args.bindingTimeoutMs ?? BINDING_TIMEOUT_MS;
  const searchMs = Math.min((args.filterTimeoutMs ?? FILTER_TIMEOUT_MS) || Infinity, SEARCH_MS_MAX);
  return {
    name: 'DynamicResources',
    requeueOn: dynamicResourcesEvents(host.claims),
    load: (pod) => (needsDevices(pod, host) ? host.load() : undefined),
    preEnqueue: (pod) => {
      const found = findPodClaims(pod, host.claims);
      return typeof found === 'string' ? unresolvable(found) : undefined;
    },
    preFilter: (pod) => prepare(pod, host),
    filter: (pod, node, state) => checkNode(pod, node, state, { host, bindingTimeoutMs, searchMs }),
    postFilter: makeAvailable,
    preScore: (_, __, ___, state) => (state && hasAlternatives(state) ? { state } : SKIP),
    score: (_, { name }, state) => preferenceOf(state, state.byNode.get(name)),
    normalizeScore: (scores) => normalizeToHighest(scores),
    reserve: (_, { name }, state) => reserveClaims(state, state.byNode.get(name), host.claims),
    unreserve: ({ pod }, _, state, binding) => releaseClaims(pod, state, host.claims, binding),
    needsPreBind: () => true,
    preBind: ({ pod }, { name }, state, binding) =>
      bindClaims(pod, name, state, { ...binding, claims: host.claims, onWaiting: host.onWaiting, bindingTimeoutMs }),
  };
}

/** A host without any devices. */
function lonely(): DeviceHost {
  const noLanguage = (): never => {
    throw new Error('no language for selectors');
  };
  return {
    claims: new ClaimTracker(),
    classes: new DeviceClasses(),
    slices: () => sortSlices([]),
    selectors: new DeviceSelectors(noLanguage),
    load: () => undefined,
    newUid: () => '',
    monotonic: () => 0,
    now: () => 0,
    onWaiting: () => {},
  };
}

function needsDevices({ pod, requests }: PodInfo, { classes }: DeviceHost): boolean {
  if (pod.spec.resourceClaims?.length) return true;
  for (const name of requests.scalar.keys()) if (classes.forResource(name) !== undefined) return true;
  return false;
}

function prepare(
  info: PodInfo,
  { claims: tracker, classes, slices, newUid }: DeviceHost,
): PreFilterResult<DeviceState> {
  const found = findPodClaims(info.pod, tracker);
  if (typeof found === 'string') return { reject: unresolvable(found) };
  const extended = extendedResourceClaim(info, tracker, classes, newUid);
  if (found.length === 0 && extended === undefined) return SKIP;
  const reach = new Map<string, NodePredicate>();
  for (const { metadata, status } of extended ? [...found, extended] : found) {
    if (status?.allocation?.nodeSelector) reach.set(metadata.uid, nodeSelector(status.allocation.nodeSelector));
  }
  const missing = [...found, ...(extended ? [extended] : [])].filter(({ status }) => status?.allocation === undefined);
  for (const claim of missing) {
    if (tracker.isPending(claim.metadata.uid)) {
      return { reject: unresolvable(`resource claim ${keyText(claim.metadata)} is in the process of being allocated`) };
    }
    const problem = claim === extended ? undefined : whyNeverAllocated(claim, (name) => classes.get(name));
    if (problem !== undefined) return { reject: problem };
  }
  return {
    state: {
      claims: [...found],
      extended,
      reach,
      slices: missing.length > 0 ? slices() : undefined,
      byNode: new Map(),
      unavailable: new Set(),
    },
  };
}

function whyNeverAllocated(
  claim: ResourceClaim,
  classOf: (name: string) => DeviceClass | undefined,
): Rejection | undefined {
  for (const request of claim.spec.devices?.requests ?? []) {
    const needs = deviceNeeds(request);
    if (needs.length === 0) {
      return unresolvable(`resource claim ${keyText(claim.metadata)}, request ${request.name}: unknown request type`);
    }
    for (const { reference, deviceClassName } of needs) {
      if (deviceClassName === '') throw new Error(`request ${reference}: unsupported request type`);
      if (classOf(deviceClassName) === undefined) {
        return unresolvable(`request ${reference}: device class ${deviceClassName} does not exist`);
      }
    }
  }
  return undefined;
}

interface CheckOptions {
  readonly host: DeviceHost;
  readonly bindingTimeoutMs: number;
  readonly searchMs: number;
}

function checkNode(info: PodInfo, node: NodeInfo, state: DeviceState, options: CheckOptions): Rejection | undefined {
  const { host } = options;
  const extended = extendedOnNode(info, node, state, host.classes);
  if ('code' in extended) return extended;
  if (state.claims.length === 0 && extended.claim === undefined && isUnallocated(state.extended)) return undefined;
  const unavailable = allocatedClaims(state).filter((claim) => !isAvailable(claim, node, state, options));
  if (state.slices !== undefined) {
    const missing = state.claims.filter(isUnallocated);
    const claims = extended.claim === undefined ? missing : [...missing, extended.claim];
    const results = allocateDevices(allocationInput(claims, node, state.slices, options));
    if (results === undefined) return NOT_ALLOCATED;
    if ('reason' in results) return unresolvable(results.reason);
    state.byNode.set(node.name, {
      allocations: new Map(claims.map(({ metadata }, index) => [metadata.uid, results[index]!])),
      mappings: extended.mappings,
      ...(extended.claim && { extended: extended.claim }),
    });
  }
  if (unavailable.length === 0) return undefined;
  for (const claim of unavailable) state.unavailable.add(claim);
  return ELSEWHERE;
}

function isUnallocated(claim: ResourceClaim | undefined): boolean {
  return claim?.status?.allocation === undefined;
}

function allocatedClaims({ claims, extended }: DeviceState): readonly ResourceClaim[] {
  const all = extended === undefined ? claims : [...claims, extended];
  return all.filter((claim) => !isUnallocated(claim));
}

/** The claim for extended resources as the node needs it, if it does. */
function extendedOnNode(
  info: PodInfo,
  node: NodeInfo,
  { extended }: DeviceState,
  classes: DeviceClasses,
): Rejection | { readonly claim?: ResourceClaim; readonly mappings: NodeDevices['mappings'] } {
  if (extended === undefined) return { mappings: [] };
  if (extended.spec.devices?.requests !== undefined) return STALE_CLAIM;
  const resources = resourcesFromDevices(info, node, classes);
  if (resources === undefined) return NO_RESOURCE;
  if (resources.length === 0) return { mappings: [] };
  const { requests, mappings } = devicesForResources(info.pod, resources, classes);
  return { claim: { ...extended, spec: { devices: { requests } } }, mappings };
}

function isAvailable(
  claim: ResourceClaim,
  { node }: NodeInfo,
  { reach }: DeviceState,
  { host, bindingTimeoutMs }: CheckOptions,
): boolean {
  if (!(reach.get(claim.metadata.uid)?.(node) ?? true)) return false;
  const readiness = readinessOf(claim);
  if (readiness === 'waiting') return !hasTimedOut(claim, bindingTimeoutMs, host.now());
  return readiness === 'ready';
}

function allocationInput(
  claims: readonly ResourceClaim[],
  { node, name }: NodeInfo,
  slices: ResourceSlices,
  { host, searchMs }: CheckOptions,
): AllocationInput {
  const { claims: used, classes, selectors, newUid, monotonic } = host;
  const deadline = monotonic() + searchMs;
  return {
    claims,
    node,
    slices,
    used,
    deviceClass: (className) => classes.get(className),
    selectors,
    newShareId: newUid,
    checkTime: () => {
      if (monotonic() > deadline) throw new Error(`node ${name}: timed out trying to allocate devices`);
    },
  };
}

/** A claim that nobody else uses, and that keeps the pod off a node, gives its devices back. */
function makeAvailable({ pod: { pod }, asked, stateOf }: FailedCycle): PostFilterResult {
  // Without a state of its own the plugin fails, which ends the search for a way out.
  if (!asked.has('DynamicResources')) throw new Error('not found');
  const state = stateOf('DynamicResources') as DeviceState | undefined;
  // None, or none that could be looked at.
  if (state === undefined) return { reasons: ['no new claims to deallocate'] };
  const { extended, unavailable } = state;
  const idle = [...unavailable].find((claim) => claim !== extended && isUsedOnlyBy(pod, claim));
  if (idle !== undefined) {
    const effect: PostFilterResult['effect'] = (binding) => deallocate(idle, binding);
    return { reasons: ['deallocation of ResourceClaim completed'], effect };
  }
  if (extended !== undefined && !isInMemory(extended)) {
    const effect: PostFilterResult['effect'] = (binding) => deleteClaim(extended, binding);
    return { reasons: ['deletion of ResourceClaim completed'], effect };
  }
  return { reasons: ['still not schedulable'] };
}

function isUsedOnlyBy(pod: Pod, claim: ResourceClaim): boolean {
  const users = claim.status?.reservedFor?.length ?? 0;
  return users === 0 || (users === 1 && isReservedFor(claim, pod));
}

function hasAlternatives({ claims }: DeviceState): boolean {
  return claims.some(({ spec }) => spec.devices?.requests?.some(({ firstAvailable }) => firstAvailable?.length));
}

/** More for alternatives that come first. */
function preferenceOf({ claims }: DeviceState, devices: NodeDevices | undefined): number {
  if (devices === undefined) return 0;
  let sum = 0;
  for (const { metadata, spec, status } of claims) {
    const allocation = status?.allocation ?? devices.allocations.get(metadata.uid);
    const chosen = new Set(allocation?.devices?.results?.map(({ request }) => request));
    for (const { name, firstAvailable = [] } of spec.devices?.requests ?? []) {
      for (const [index, alternative] of firstAvailable.entries()) {
        if (chosen.has(`${name}/${alternative.name}`)) sum += ALTERNATIVES_MAX - index;
      }
    }
  }
  return sum;
}
