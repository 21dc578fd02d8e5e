import type { ContainerPort, Node, Pod, Taint, Toleration } from '@kts/api/types/core-v1';
import { EVICTED } from '../eviction/eviction-manager.ts';
import type { PressureCondition } from '../eviction/thresholds.ts';
import { isCriticalPod, isStaticPod } from '../pod/containers.ts';
import { qosClass } from '../pod/qos-class.ts';
import { podRequests } from '../pod/pod-resources.ts';
import { milliValue, wholeValue, type ResourceList } from '../pod/resource-list.ts';
import { nodeMatchesPod } from './node-affinity.ts';
import { forbiddenSysctl } from './sysctl-allowlist.ts';

/** Why a pod that is bound to the node cannot run here. `reason` becomes the pod's. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

export interface AdmissionInput {
  readonly pod: Pod;
  readonly node: Node;
  /** The pods that have been admitted and have not ended. */
  readonly others: readonly Pod[];
  readonly allowedUnsafeSysctls: readonly string[];
  readonly appArmorEnabled: boolean;
  /** What the node has too little of. */
  readonly pressures: readonly PressureCondition[];
}

/**
 * The node's own last word about a pod; `undefined`: it may run.
 *
 * Mirrors: pkg/kubelet/lifecycle/predicate.go, handlers.go (v1.36)
 */
export function rejectionOf(input: AdmissionInput): Rejection | undefined {
  const { pod, node } = input;
  if (isRefusedUnderPressure(pod, input.pressures)) {
    return { reason: EVICTED, message: `The node had condition: [${input.pressures.join(' ')}]. ` };
  }
  const sysctl = forbiddenSysctl(pod, input.allowedUnsafeSysctls);
  if (sysctl !== undefined) return { reason: 'SysctlForbidden', message: sysctl };
  const osLabel = pod.metadata.labels?.['kubernetes.io/os'];
  if (osLabel !== undefined && osLabel !== 'linux') {
    const message = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label";
    return { reason: 'PodOSSelectorNodeLabelDoesNotMatch', message };
  }
  if (pod.spec.os && pod.spec.os.name !== 'linux') {
    return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" };
  }
  const strict = pod.spec.securityContext?.supplementalGroupsPolicy === 'Strict';
  if (strict && !node.status?.features?.supplementalGroupsPolicy) {
    const message = 'SupplementalGroupsPolicy=Strict is not supported in this node';
    return { reason: 'SupplementalGroupsPolicyNotSupported', message };
  }
  return resourceRejection(input) ?? placementRejection(input) ?? appArmorRejection(input);
}

/** Short of memory a node takes only pods that ask for some of it; short of anything else, none that are not critical. */
function isRefusedUnderPressure(pod: Pod, pressures: readonly PressureCondition[]): boolean {
  if (pressures.length === 0 || isCriticalPod(pod)) return false;
  const onlyMemory = pressures.length === 1 && pressures[0] === 'MemoryPressure';
  if (!onlyMemory) return true;
  const taint: Taint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' };
  return qosClass(pod) === 'BestEffort' && !(pod.spec.tolerations ?? []).some((one) => tolerates(one, taint));
}

function resourceRejection({ pod, node, others }: AdmissionInput): Rejection | undefined {
  const allocatable = node.status?.allocatable ?? {};
  const requests = withoutMissingExtended(podRequests(pod), allocatable);
  const slots = wholeValue(allocatable, 'pods');
  if (others.length + 1 > slots) return insufficient('pods', 1, others.length, slots);
  const usedBy = others.map((other) => podRequests(other));
  for (const name of Object.keys(requests).toSorted(byImportance)) {
    const amount = name === 'cpu' ? milliValue : wholeValue;
    const requested = amount(requests, name);
    const used = usedBy.reduce((sum, list) => sum + amount(list, name), 0);
    const capacity = amount(allocatable, name);
    if (requested > 0 && requested > capacity - used) return insufficient(name, requested, used, capacity);
  }
  return undefined;
}

function insufficient(name: string, requested: number, used: number, capacity: number): Rejection {
  const amounts = `requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return { reason: `OutOf${name}`, message: `Node didn't have enough resource: ${name}, ${amounts}` };
}

/** Extended resources that the node does not offer may be a matter of another component. */
function withoutMissingExtended(requests: ResourceList, allocatable: ResourceList): ResourceList {
  return Object.fromEntries(
    Object.entries(requests).filter(([name]) => allocatable[name] !== undefined || !isExtended(name)),
  );
}

function isExtended(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/');
}

const IMPORTANCE = ['cpu', 'memory', 'ephemeral-storage'];

function byImportance(a: string, b: string): number {
  const rank = (name: string): number => (IMPORTANCE.indexOf(name) + IMPORTANCE.length + 1) % (IMPORTANCE.length + 1);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

function placementRejection({ pod, node, others }: AdmissionInput): Rejection | undefined {
  if (!nodeMatchesPod(pod, node)) {
    return predicate('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
  }
  if (pod.spec.nodeName && pod.spec.nodeName !== node.metadata.name) {
    return predicate('NodeName', "node(s) didn't match the requested node name");
  }
  if (hostPorts(pod).some((port) => others.some((other) => hostPorts(other).some((used) => conflicts(port, used))))) {
    return predicate('NodePorts', "node(s) didn't have free ports for the requested pod ports");
  }
  const taint = (node.spec.taints ?? []).find(
    (one) =>
      one.effect === 'NoExecute' && !(pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, one)),
  );
  if (taint && !isStaticPod(pod)) {
    return predicate('TaintToleration', "node(s) had taints that the pod didn't tolerate");
  }
  return undefined;
}

function predicate(name: string, description: string): Rejection {
  return { reason: name, message: `Predicate ${name} failed: ${description}` };
}

interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

function hostPorts(pod: Pod): readonly HostPort[] {
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  return [...pod.spec.containers, ...sidecars]
    .flatMap((container): readonly ContainerPort[] => container.ports ?? [])
    .filter((port) => (port.hostPort ?? 0) > 0)
    .map((port) => ({ ip: port.hostIP || '0.0.0.0', protocol: port.protocol ?? 'TCP', port: port.hostPort! }));
}

function conflicts(a: HostPort, b: HostPort): boolean {
  const sameAddress = a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0';
  return a.port === b.port && a.protocol === b.protocol && sameAddress;
}

function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return toleration.key !== undefined && (toleration.value ?? '') === (taint.value ?? '');
}

function appArmorRejection({ pod, appArmorEnabled }: AdmissionInput): Rejection | undefined {
  if (appArmorEnabled || pod.status?.phase !== 'Pending') return undefined;
  const wanted = [
    pod.spec.securityContext?.appArmorProfile?.type,
    ...[...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(
      (container) => container.securityContext?.appArmorProfile?.type,
    ),
    ...Object.entries(pod.metadata.annotations ?? {})
      .filter(([key]) => key.startsWith('container.apparmor.security.beta.kubernetes.io/'))
      .map(([, value]) => value),
  ];
  if (!wanted.some((type) => type !== undefined && type.toLowerCase() !== 'unconfined')) return undefined;
  return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' };
}
