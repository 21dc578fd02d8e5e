import type { AllocatedDeviceStatus, DeviceRequestAllocationResult, ResourceClaim } from '@kts/api/types/resource-v1';
import { parseTime } from '@kts/apimachinery';

/**
 * Devices that must be made ready, for instance attached, before their pod may be bound.
 *
 * Mirrors: isClaimReadyForBinding and isClaimTimeout in
 * pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go (v1.36)
 */
export type Readiness = 'ready' | 'waiting' | { readonly failure: string };

export function hasBindingConditions(claim: ResourceClaim): boolean {
  return resultsOf(claim).some(({ bindingConditions }) => bindingConditions?.length);
}

export function readinessOf(claim: ResourceClaim): Readiness {
  if (claim.status?.allocation === undefined) return 'waiting';
  for (const result of resultsOf(claim)) {
    if (!result.bindingConditions?.length) continue;
    const conditions = statusOf(claim, result)?.conditions;
    if (conditions === undefined) return 'waiting';
    const trueOnes = new Map(conditions.filter(({ status }) => status === 'True').map((one) => [one.type, one]));
    const failed = result.bindingFailureConditions?.find((type) => trueOnes.has(type));
    if (failed !== undefined) {
      const { reason, message } = trueOnes.get(failed)!;
      const details = `claim=${claim.metadata.name}, reason=${reason}, message=${JSON.stringify(message)}`;
      return { failure: `device binding failed: ${details}` };
    }
    if (!result.bindingConditions.every((type) => trueOnes.has(type))) return 'waiting';
  }
  return 'ready';
}

/** Whether the claim's devices should have been ready by now. */
export function hasTimedOut(claim: ResourceClaim, timeoutMs: number, now: number): boolean {
  const since = claim.status?.allocation?.allocationTimestamp;
  if (since === undefined || parseTime(since) + timeoutMs >= now) return false;
  return resultsOf(claim).some(({ bindingConditions }) => bindingConditions !== undefined);
}

function resultsOf({ status }: ResourceClaim): readonly DeviceRequestAllocationResult[] {
  return status?.allocation?.devices?.results ?? [];
}

function statusOf(
  { status }: ResourceClaim,
  { driver, pool, device }: DeviceRequestAllocationResult,
): AllocatedDeviceStatus | undefined {
  return status?.devices?.find((one) => one.driver === driver && one.pool === pool && one.device === device);
}
