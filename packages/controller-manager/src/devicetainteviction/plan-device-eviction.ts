/**
 * When a pod must stop because one of its devices is tainted. Pure.
 *
 * Mirrors: claimEvictionTime and podEvictionTime in pkg/controller/devicetainteviction (v1.36)
 * Differs: DeviceTaintRules are left out, because their API is off by default.
 */
import type { Pod } from '@kts/api/types/core-v1';
import type {
  DeviceRequestAllocationResult,
  DeviceTaint,
  DeviceToleration,
  ResourceClaim,
  ResourceSlice,
} from '@kts/api/types/resource-v1';
import { parseTime } from '@kts/apimachinery';

import { claimNameOf, isOwnedBy, isReservedFor } from '../resourceclaim/pod-claims.ts';

export interface DeviceView {
  readonly pod: Pod;
  /** Of the pod's namespace. */
  readonly claim: (name: string) => ResourceClaim | undefined;
  /** Of a pool of a driver. */
  readonly slices: (driver: string, pool: string) => readonly ResourceSlice[];
}

/** The earliest time, in milliseconds since the epoch; undefined if the pod may stay. */
export function deviceEvictionTime({ pod, claim: claimNamed, slices }: DeviceView): number | undefined {
  if (!pod.spec.nodeName) return undefined;
  const times = (pod.spec.resourceClaims ?? []).flatMap((podClaim) => {
    const known = claimNameOf(pod, podClaim);
    if (typeof known === 'string') return [];
    const claim = claimNamed(known.name);
    if (!claim?.status?.allocation || (known.isOwned && !isOwnedBy(claim, pod)) || !isReservedFor(claim, pod))
      return [];
    return (claim.status.allocation.devices?.results ?? []).flatMap((device) => deviceTimes(device, slices));
  });
  return times.length > 0 ? Math.min(...times) : undefined;
}

function deviceTimes(device: DeviceRequestAllocationResult, slices: DeviceView['slices']): readonly number[] {
  return taintsOf(device, slices(device.driver, device.pool))
    .filter(({ effect }) => effect === 'NoExecute')
    .flatMap((taint) => {
      const seconds = toleratedSeconds(taint, device.tolerations ?? []);
      if (seconds === Infinity) return [];
      return [(taint.timeAdded ? parseTime(taint.timeAdded) : 0) + seconds * 1000];
    });
}

/** Only the newest generation of a pool says what is. */
function taintsOf({ device }: DeviceRequestAllocationResult, slices: readonly ResourceSlice[]): readonly DeviceTaint[] {
  const newest = Math.max(...slices.map(({ spec }) => spec.pool.generation));
  const current = slices.filter(({ spec }) => spec.pool.generation === newest);
  return current.flatMap(({ spec }) => spec.devices ?? []).find(({ name }) => name === device)?.taints ?? [];
}

/** Not at all: 0. For ever: Infinity, which one toleration suffices for. Otherwise the shortest. */
function toleratedSeconds(taint: DeviceTaint, tolerations: readonly DeviceToleration[]): number {
  const matching = tolerations.filter(
    (toleration) => toleration.effect === 'NoExecute' && tolerates(toleration, taint),
  );
  if (matching.length === 0) return 0;
  if (matching.some(({ tolerationSeconds }) => tolerationSeconds === undefined)) return Infinity;
  return Math.max(0, Math.min(...matching.map(({ tolerationSeconds = 0 }) => tolerationSeconds)));
}

function tolerates({ key = '', operator, value = '' }: DeviceToleration, taint: DeviceTaint): boolean {
  if (key !== '' && key !== taint.key) return false;
  return operator === 'Exists' || value === (taint.value ?? '');
}
