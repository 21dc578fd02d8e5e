/** What a container has of one resource. */
export interface DeviceAllocation {
  readonly resource: string;
  readonly devices: readonly string[];
}

export interface AllocationInput {
  readonly resource: string;
  readonly needed: number;
  /** What the plugin has said that works; `undefined`: no plugin has registered. */
  readonly healthy: ReadonlySet<string> | undefined;
  /** Devices of other containers. */
  readonly inUse: ReadonlySet<string>;
  /** Devices of the pod's init containers, which have ended when others start. */
  readonly reusable: ReadonlySet<string>;
}

export type AllocationPlan =
  /** All that there is to choose, those that must be taken first. */
  | { readonly ok: true; readonly mustTake: readonly string[]; readonly available: readonly string[] }
  | { readonly ok: false; readonly message: string };

/**
 * Which devices a container may get; the plugin may prefer some of them.
 *
 * Mirrors: pkg/kubelet/cm/devicemanager/manager.go, devicesToAllocate (v1.36)
 * Differs: without topology.
 */
export function planAllocation({ resource, needed, healthy, inUse, reusable }: AllocationInput): AllocationPlan {
  if (!healthy) return { ok: false, message: `cannot allocate unregistered device ${resource}` };
  if (healthy.size === 0) {
    return { ok: false, message: `no healthy devices present; cannot allocate unhealthy devices ${resource}` };
  }
  const mustTake = [...reusable].toSorted().slice(0, needed);
  const missing = needed - mustTake.length;
  const available = [...healthy].filter((id) => !inUse.has(id) && !reusable.has(id)).toSorted();
  if (available.length < missing) {
    const amounts = `Requested: ${missing}, Available: ${available.length}`;
    return { ok: false, message: `requested number of devices unavailable for ${resource}. ${amounts}` };
  }
  return { ok: true, mustTake, available };
}

/** The devices that a container gets: what it must have, what its plugin prefers, and the first of the others. */
export function chooseDevices(
  plan: Extract<AllocationPlan, { ok: true }>,
  needed: number,
  preferred: readonly string[],
): readonly string[] {
  const available = new Set(plan.available);
  const order = [...plan.mustTake, ...preferred.filter((id) => available.has(id)), ...plan.available];
  return [...new Set(order)].slice(0, needed);
}

/**
 * A name with a domain that is not Kubernetes' own.
 *
 * Mirrors: pkg/apis/core/v1/helper/helpers.go, IsExtendedResourceName (v1.36)
 */
export function isExtendedResource(name: string): boolean {
  return (
    /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(name) &&
    !name.includes('kubernetes.io/') &&
    !name.startsWith('requests.')
  );
}
