import type { Pod } from '@kts/api/types/core-v1';
import type { CgroupResources, Cgroups } from '../host/node-host.ts';
import { podRequests } from '../pod/pod-resources.ts';
import { qosClass } from '../pod/qos-class.ts';
import { milliValue, wholeValue, type ResourceList } from '../pod/resource-list.ts';
import { cpuShares } from './linux-resources.ts';

export interface QosCgroupsInput {
  /** The cgroup of all pods, such as `/kubepods`. */
  readonly root: string;
  /** The pods that may run something. */
  readonly pods: readonly Pod[];
  readonly capacity: ResourceList;
  /** What is kept for the system, of each resource once or several times. */
  readonly reserved: readonly ResourceList[];
}

/** The kernel's least: what is left when nobody else wants it. */
const LEAST_SHARES = 2;

/**
 * The cgroups that pods are in by their quality of service. Burstable pods together weigh what they have asked for;
 * best-effort pods get what the others leave.
 *
 * Mirrors: pkg/kubelet/cm/qos_container_manager_linux.go, node_container_manager_linux.go (v1.36)
 * Differs: no memory is reserved for a class of pods (qosReserved).
 */
export function planQosCgroups({
  root,
  pods,
  capacity,
  reserved,
}: QosCgroupsInput): ReadonlyMap<string, CgroupResources> {
  const burstable = pods
    .filter((pod) => qosClass(pod) === 'Burstable')
    .reduce((sum, pod) => sum + milliValue(podRequests(pod), 'cpu'), 0);
  const left = (amount: typeof milliValue, name: string): number =>
    reserved.reduce((rest, list) => rest - amount(list, name), amount(capacity, name));
  const memory = left(wholeValue, 'memory');
  return new Map<string, CgroupResources>([
    [root, { cpuShares: cpuShares(left(milliValue, 'cpu')), ...(memory > 0 ? { memoryLimit: memory } : {}) }],
    [`${root}/burstable`, { cpuShares: cpuShares(burstable) }],
    [`${root}/besteffort`, { cpuShares: LEAST_SHARES }],
  ]);
}

/** Keeps the cgroups as they are planned; writes only what has changed. */
export class QosCgroups {
  readonly #cgroups: Cgroups;
  readonly #input: () => QosCgroupsInput;
  readonly #written = new Map<string, string>();

  constructor(cgroups: Cgroups, input: () => QosCgroupsInput) {
    this.#cgroups = cgroups;
    this.#input = input;
  }

  async update(): Promise<void> {
    for (const [name, resources] of planQosCgroups(this.#input())) {
      const text = JSON.stringify(resources);
      if (this.#written.get(name) === text) continue;
      await this.#cgroups.write(name, resources);
      this.#written.set(name, text);
    }
  }
}
