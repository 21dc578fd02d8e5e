import type { NodeSelector, NodeSelectorRequirement } from '@kts/api/types/core-v1';
import type {
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  ResourceClaim,
} from '@kts/api/types/resource-v1';
import type { PlannedNeed } from './allocation-plan.ts';
import type { Candidate } from './device-pools.ts';
import type { Capacities } from './device-capacity.ts';
import type { DeviceNeed } from './device-request.ts';

/**
 * The result of an allocation as it is written into the claim's status.
 *
 * Mirrors: the end of Allocate in structured/internal/incubating/allocator_incubating.go of
 * staging/src/k8s.io/dynamic-resource-allocation (v1.36)
 */
export interface ChosenDevice extends Candidate {
  readonly driver: string;
  readonly need: DeviceNeed;
  /** Whether it has taken counters of its pool. */
  readonly counts: boolean;
  /** Of a device that several claims can have: this claim's share. */
  readonly shareId?: string;
  readonly capacity?: Capacities;
}

/** @param needs for each request of the claim, the alternative that was chosen. */
export function allocationResult(
  claim: ResourceClaim,
  needs: readonly PlannedNeed[],
  devices: readonly ChosenDevice[],
  nodeName: string,
): AllocationResult {
  const config = [...classConfiguration(needs), ...claimConfiguration(claim, needs)];
  const selector = nodesWith(devices, nodeName);
  return {
    devices: { results: devices.map(deviceResult), ...(config.length > 0 && { config }) },
    ...(selector && { nodeSelector: selector }),
  };
}

function deviceResult({ need, driver, pool, device, shareId, capacity }: ChosenDevice): DeviceRequestAllocationResult {
  return {
    request: need.reference,
    driver,
    pool: pool.pool,
    device: device.name,
    ...(need.adminAccess && { adminAccess: true }),
    ...(need.tolerations.length > 0 && { tolerations: need.tolerations }),
    ...(device.bindingConditions && { bindingConditions: device.bindingConditions }),
    ...(device.bindingFailureConditions && { bindingFailureConditions: device.bindingFailureConditions }),
    ...(shareId !== undefined && { shareID: shareId }),
    ...(capacity && Object.keys(capacity).length > 0 && { consumedCapacity: capacity }),
  };
}

/** Those of each class once, for all requests that use it. */
function classConfiguration(needs: readonly PlannedNeed[]): readonly DeviceAllocationConfiguration[] {
  const byClass = Map.groupBy(needs, (chosen) => chosen.class);
  return [...byClass].flatMap(([{ spec }, users]) =>
    (spec.config ?? []).map((config) => ({
      source: 'FromClass' as const,
      requests: users.map(({ need }) => need.reference),
      ...config,
    })),
  );
}

/** Those for all requests, and those that name a request or the chosen alternative of one. */
function claimConfiguration(
  { spec }: ResourceClaim,
  needs: readonly PlannedNeed[],
): readonly DeviceAllocationConfiguration[] {
  const names = needs.map(({ need }) => need.names);
  return (spec.devices?.config ?? []).flatMap((config) => {
    const entry: DeviceAllocationConfiguration = { source: 'FromClaim', ...config };
    if (!config.requests?.length) return [entry];
    const users = names.filter((own) => own.some((name) => config.requests!.includes(name)));
    return users.map(() => entry);
  });
}

/** Where the devices can be used; `undefined` for everywhere. Throws for a slice that validation should have refused. */
function nodesWith(devices: readonly ChosenDevice[], nodeName: string): NodeSelector | undefined {
  const matchFields: NodeSelectorRequirement[] = [];
  const matchExpressions: NodeSelectorRequirement[] = [];
  for (const { device, slice } of devices) {
    const place = slice.spec.perDeviceNodeSelection ? device : slice.spec;
    if (place.nodeName !== undefined || device.bindsToNode) return onlyNode(nodeName);
    const terms = place.nodeSelector?.nodeSelectorTerms ?? [];
    if (terms.length > 1) throw new Error(`unsupported ResourceSlice.NodeSelector with ${terms.length} terms`);
    addMissing(matchFields, terms[0]?.matchFields);
    addMissing(matchExpressions, terms[0]?.matchExpressions);
  }
  if (matchFields.length === 0 && matchExpressions.length === 0) return undefined;
  const term = {
    ...(matchExpressions.length > 0 && { matchExpressions }),
    ...(matchFields.length > 0 && { matchFields }),
  };
  return { nodeSelectorTerms: [term] };
}

function onlyNode(name: string): NodeSelector {
  return { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }] };
}

function addMissing(all: NodeSelectorRequirement[], more: readonly NodeSelectorRequirement[] = []): void {
  for (const requirement of more) {
    const values = new Set(requirement.values);
    const isThere = all.some(
      ({ key, operator, values: others = [] }) =>
        key === requirement.key &&
        operator === requirement.operator &&
        new Set(others).symmetricDifference(values).size === 0,
    );
    if (!isThere) all.push(requirement);
  }
}
