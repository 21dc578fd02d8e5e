import type {
  CapacityRequirements,
  DeviceRequest,
  DeviceSelector,
  DeviceTaint,
  DeviceToleration,
  ExactDeviceRequest,
} from '@kts/api/types/resource-v1';

/** One way to satisfy a request for devices: the request itself, or one of its alternatives in order of preference. */
export interface DeviceNeed {
  /** `request`, or `request/alternative`: as allocations refer to it. */
  readonly reference: string;
  /** As constraints refer to it. */
  readonly names: readonly string[];
  readonly name: string;
  readonly deviceClassName: string;
  readonly all: boolean;
  /** Unless `all`. */
  readonly count: number;
  readonly adminAccess: boolean;
  readonly selectors: readonly DeviceSelector[];
  readonly tolerations: readonly DeviceToleration[];
  readonly capacity?: CapacityRequirements;
}

/** None for a request of an unknown type. */
export function deviceNeeds(request: DeviceRequest): readonly DeviceNeed[] {
  const { name, exactly, firstAvailable = [] } = request;
  if (exactly !== undefined) return [deviceNeed(exactly, name, name, [name])];
  return firstAvailable.map((alternative) => {
    const reference = `${name}/${alternative.name}`;
    return deviceNeed(alternative, alternative.name, reference, [name, reference]);
  });
}

/** Whether one of the taints keeps the device from being allocated. Unknown effects do not. */
export function isKeptOff(
  taints: readonly DeviceTaint[] | undefined,
  tolerations: readonly DeviceToleration[],
): boolean {
  return (taints ?? []).some(
    (taint) =>
      (taint.effect === 'NoExecute' || taint.effect === 'NoSchedule') &&
      !tolerations.some((toleration) => toleratesDeviceTaint(toleration, taint)),
  );
}

/** Mirrors: resourceclaim/devicetoleration.go of staging/src/k8s.io/dynamic-resource-allocation (v1.36) */
export function toleratesDeviceTaint(toleration: DeviceToleration, taint: DeviceTaint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator ?? 'Equal') {
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '');
    case 'Exists':
      return true;
  }
}

function deviceNeed(
  need: Partial<ExactDeviceRequest>,
  name: string,
  reference: string,
  names: readonly string[],
): DeviceNeed {
  const { deviceClassName = '', allocationMode, count = 1, adminAccess = false, selectors, tolerations } = need;
  return {
    reference,
    names,
    name,
    deviceClassName,
    all: allocationMode === 'All',
    count,
    adminAccess,
    selectors: selectors ?? [],
    tolerations: tolerations ?? [],
    ...(need.capacity && { capacity: need.capacity }),
  };
}
