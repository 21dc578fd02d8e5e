import type { ContainerImage, Node, NodeCondition, NodeStatus } from '@kts/api/types/core-v1';
import { formatTime } from '@kts/base';
import type { Image } from '@kts/host-cri';
import type { KubeletConfig } from '../config.ts';
import type { RuntimeInfo } from '../core/runtime-info.ts';
import type { PressureCondition } from '../eviction/thresholds.ts';
import type { DiskUsage, MachineInfo } from '../host/node-host.ts';
import { formatBytes, formatMilli, wholeValue, milliValue, type ResourceList } from '../pod/resource-list.ts';

export const KUBELET_VERSION = 'v1.36.2';

/** What the kubelet observes of its machine. */
export interface NodeObservation {
  readonly config: KubeletConfig;
  readonly machine: MachineInfo;
  readonly addresses: readonly string[];
  readonly disk: DiskUsage;
  /** What the node has too little of. */
  readonly pressures: readonly PressureCondition[];
  readonly volumesInUse: readonly string[];
  /** What plugins offer. */
  readonly devices: { readonly capacity: ResourceList; readonly allocatable: ResourceList };
  readonly runtime: RuntimeInfo;
  readonly images: readonly Image[];
  readonly now: number;
}

const IMAGE_NAMES_MAX = 5;

/**
 * The node as the kubelet sees it now.
 *
 * Mirrors: pkg/kubelet/nodestatus/setters.go, kubelet_node_status.go (v1.36)
 */
export function nodeStatus(observed: NodeObservation, old: NodeStatus | undefined): NodeStatus {
  const { config, machine, runtime } = observed;
  const capacity = nodeCapacity(observed, old?.capacity);
  return {
    capacity,
    allocatable: { ...nodeAllocatable(config, capacity), ...observed.devices.allocatable },
    conditions: nodeConditions(observed, old?.conditions ?? []),
    addresses: [
      ...observed.addresses.map((address) => ({ type: 'InternalIP' as const, address })),
      { type: 'Hostname', address: config.nodeName },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: config.port } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
      kubeletVersion: KUBELET_VERSION,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
      ...(machine.swapBytes > 0 ? { swap: { capacity: machine.swapBytes } } : {}),
    },
    images: nodeImages(observed.images, config.nodeStatusMaxImages),
    ...(observed.volumesInUse.length > 0 || old?.volumesInUse ? { volumesInUse: observed.volumesInUse } : {}),
    ...(old?.volumesAttached ? { volumesAttached: old.volumesAttached } : {}),
    runtimeHandlers: [...runtime.handlers].map(([name, features]) => ({
      name,
      features: {
        recursiveReadOnlyMounts: features.recursiveReadOnlyMounts ?? false,
        userNamespaces: features.userNamespaces ?? false,
      },
    })),
    features: { supplementalGroupsPolicy: runtime.supplementalGroupsPolicy },
    declaredFeatures: DECLARED_FEATURES,
  };
}

/** What kubelets of some supported version lack, by name: the scheduler sends pods that need it only where it is declared. */
const DECLARED_FEATURES = ['RestartAllContainersOnContainerExits'];

/** Resources that others announce (extended ones) stay as they are. */
function nodeCapacity(
  { machine, disk, config, devices }: NodeObservation,
  old: ResourceList | undefined,
): ResourceList {
  const hugePages = Object.entries(machine.hugePages).map(
    ([size, bytes]) => [`hugepages-${formatBytes(Number(size))}`, formatBytes(bytes)] as const,
  );
  const extended = Object.entries(old ?? {}).filter(([name]) => name.includes('/'));
  return {
    cpu: formatMilli(machine.cpus * 1000),
    'ephemeral-storage': formatBytes(disk.capacityBytes),
    ...Object.fromEntries(hugePages),
    memory: formatBytes(machine.memoryBytes),
    pods: String(config.maxPods),
    ...Object.fromEntries(extended),
    ...devices.capacity,
  };
}

/** What is left for pods after the system's share. */
export function nodeAllocatable(config: KubeletConfig, capacity: ResourceList): ResourceList {
  const result: Record<string, string> = {};
  for (const [name, amount] of Object.entries(capacity)) {
    const reserved = (list: ResourceList): number => (name === 'cpu' ? milliValue(list, name) : wholeValue(list, name));
    const total = name === 'cpu' ? milliValue(capacity, name) : wholeValue(capacity, name);
    const taken = reserved(config.kubeReserved) + reserved(config.systemReserved) + evictionShare(config, name, total);
    if (taken === 0) result[name] = amount;
    else if (name === 'cpu') result[name] = formatMilli(Math.max(0, total - taken));
    else if (name === 'ephemeral-storage') result[name] = String(Math.max(0, total - taken));
    else result[name] = formatBytes(Math.max(0, total - taken));
  }
  return result;
}

function evictionShare(config: KubeletConfig, resource: string, total: number): number {
  const signal = { memory: 'memory.available', 'ephemeral-storage': 'nodefs.available' }[resource];
  const threshold = signal && config.evictionHard[signal];
  if (!threshold) return 0;
  if (threshold.endsWith('%')) return Math.floor((total * Number(threshold.slice(0, -1))) / 100);
  return wholeValue({ threshold }, 'threshold');
}

export function nodeConditions(observed: NodeObservation, old: readonly NodeCondition[]): readonly NodeCondition[] {
  const { pressures, runtime } = observed;
  const problems = [runtime.runtimeProblem, runtime.networkProblem].filter((problem) => problem !== '');
  const ready = problems.length === 0;
  const wanted: readonly Omit<NodeCondition, 'lastHeartbeatTime' | 'lastTransitionTime'>[] = [
    pressure(
      'MemoryPressure',
      pressures.includes('MemoryPressure'),
      'KubeletHasInsufficientMemory',
      'KubeletHasSufficientMemory',
      'memory available',
    ),
    pressure(
      'DiskPressure',
      pressures.includes('DiskPressure'),
      'KubeletHasDiskPressure',
      'KubeletHasNoDiskPressure',
      'disk pressure',
    ),
    pressure(
      'PIDPressure',
      pressures.includes('PIDPressure'),
      'KubeletHasInsufficientPID',
      'KubeletHasSufficientPID',
      'PID available',
    ),
    {
      type: 'Ready',
      status: ready ? 'True' : 'False',
      reason: ready ? 'KubeletReady' : 'KubeletNotReady',
      message: ready ? 'kubelet is posting ready status' : joined(problems),
    },
  ];
  const own = new Set(wanted.map((condition) => condition.type));
  return [
    ...old.filter((condition) => !own.has(condition.type)),
    ...wanted.map((condition) => withTimes(condition, old, observed.now)),
  ];
}

function pressure(
  type: string,
  isLow: boolean,
  lowReason: string,
  fineReason: string,
  what: string,
): Omit<NodeCondition, 'lastHeartbeatTime' | 'lastTransitionTime'> {
  const fine = what === 'disk pressure' ? 'kubelet has no disk pressure' : `kubelet has sufficient ${what}`;
  const low = what === 'disk pressure' ? 'kubelet has disk pressure' : `kubelet has insufficient ${what}`;
  return {
    type,
    status: isLow ? 'True' : 'False',
    reason: isLow ? lowReason : fineReason,
    message: isLow ? low : fine,
  };
}

function joined(problems: readonly string[]): string {
  return problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`;
}

function withTimes(
  condition: Omit<NodeCondition, 'lastHeartbeatTime' | 'lastTransitionTime'>,
  old: readonly NodeCondition[],
  now: number,
): NodeCondition {
  const before = old.find((one) => one.type === condition.type);
  const same = before?.status === condition.status ? before.lastTransitionTime : undefined;
  return { ...condition, lastHeartbeatTime: formatTime(now), lastTransitionTime: same ?? formatTime(now) };
}

/** The largest images first. */
function nodeImages(images: readonly Image[], max: number): readonly ContainerImage[] {
  const sorted = images.toSorted((a, b) => b.size - a.size);
  return (max < 0 ? sorted : sorted.slice(0, max)).map((image) => ({
    names: [...image.repoDigests, ...image.repoTags].slice(0, IMAGE_NAMES_MAX),
    sizeBytes: image.size,
  }));
}

/** The labels that every node has. */
export function nodeLabels(config: KubeletConfig, machine: MachineInfo): Readonly<Record<string, string>> {
  return {
    'beta.kubernetes.io/arch': machine.architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': machine.architecture,
    'kubernetes.io/hostname': config.nodeName,
    'kubernetes.io/os': 'linux',
    ...config.nodeLabels,
  };
}

/** Whether a status says anything that the one before did not, apart from heartbeats. */
export function nodeStatusChanged(before: Node['status'], after: NodeStatus): boolean {
  const comparable = (status: NodeStatus | undefined): string =>
    JSON.stringify({
      ...status,
      conditions: (status?.conditions ?? []).map(({ type, status: state, reason, message }) => [
        type,
        state,
        reason,
        message,
      ]),
    });
  return comparable(before) !== comparable(after);
}

/** By condition: the event's reason where it is true, and where it is not. */
const CONDITION_EVENTS: Readonly<Record<string, readonly [string, string]>> = {
  Ready: ['NodeReady', 'NodeNotReady'],
  MemoryPressure: ['NodeHasInsufficientMemory', 'NodeHasSufficientMemory'],
  DiskPressure: ['NodeHasDiskPressure', 'NodeHasNoDiskPressure'],
  PIDPressure: ['NodeHasInsufficientPID', 'NodeHasSufficientPID'],
};

/** The events of conditions that have changed. */
export function conditionEvents(old: NodeStatus | undefined, next: NodeStatus): readonly string[] {
  return (next.conditions ?? []).flatMap(({ type, status }) => {
    const before = old?.conditions?.find((one) => one.type === type)?.status;
    const reasons = CONDITION_EVENTS[type];
    if (!reasons || before === status) return [];
    return status === 'True' ? [reasons[0]] : [reasons[1]];
  });
}
