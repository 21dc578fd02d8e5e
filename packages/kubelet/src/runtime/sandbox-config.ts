import type { ContainerPort, Pod } from '@kts/api/types/core-v1';
import type { DNSConfig, NamespaceOption, PodSandboxConfig, PortMapping, Protocol } from '@kts/host-cri';
import { sandboxLabels } from './container-labels.ts';
import { overheadLinuxResources, sandboxLinuxResources, type ResourceSettings } from './linux-resources.ts';
import { sandboxSecurityContext } from './security-context.ts';

export interface SandboxSettings {
  readonly podLogsDir: string;
  readonly cgroupParent: string;
  readonly dns: DNSConfig;
  /** `undefined` in the node's network. */
  readonly hostname: string | undefined;
  readonly namespaces: NamespaceOption;
  readonly resources: ResourceSettings;
}

/**
 * The sandbox that the runtime is to make for a pod.
 *
 * Mirrors: pkg/kubelet/kuberuntime/kuberuntime_sandbox.go, generatePodSandboxConfig (v1.36)
 */
export function sandboxConfig(pod: Pod, attempt: number, settings: SandboxSettings): PodSandboxConfig {
  const { name, namespace, uid } = pod.metadata;
  const portMappings = pod.spec.containers.flatMap((container) => mapPorts(container.ports ?? []));
  return {
    metadata: { name, namespace, uid, attempt },
    ...(settings.hostname === undefined ? {} : { hostname: settings.hostname }),
    logDirectory: podLogDirectory(settings.podLogsDir, pod),
    dnsConfig: settings.dns,
    ...(portMappings.length > 0 ? { portMappings } : {}),
    labels: sandboxLabels(pod),
    annotations: pod.metadata.annotations ?? {},
    linux: {
      cgroupParent: settings.cgroupParent,
      securityContext: sandboxSecurityContext(pod, settings.namespaces),
      sysctls: sysctls(pod),
      overhead: overheadLinuxResources(pod, settings.resources),
      resources: sandboxLinuxResources(pod, settings.resources),
    },
  };
}

export function podLogDirectory(podLogsDir: string, pod: Pod): string {
  const { name, namespace, uid } = pod.metadata;
  return `${podLogsDir}/${namespace}_${name}_${uid}`;
}

/** Of ports with the same name, or of equal ones without a name, the first counts. */
function mapPorts(ports: readonly ContainerPort[]): readonly PortMapping[] {
  const byName = new Map<string, PortMapping>();
  for (const port of ports) {
    const { hostIP = '', hostPort = 0, containerPort, protocol = 'TCP' } = port;
    const family = hostIP === '' ? 'any' : hostIP.includes(':') ? 'v6' : 'v4';
    const name = port.name || `${family}-${protocol}-${hostIP}:${containerPort}:${hostPort}`;
    if (!byName.has(name)) {
      byName.set(name, { hostIp: hostIP, hostPort, containerPort, protocol: protocol as Protocol });
    }
  }
  return [...byName.values()];
}

/** With dots, the form that runtimes know: `net/ipv4/ip_forward` is the same as `net.ipv4.ip_forward`. */
function sysctls(pod: Pod): Record<string, string> {
  const list = pod.spec.securityContext?.sysctls ?? [];
  return Object.fromEntries(list.map(({ name, value }) => [withDots(name), value]));
}

export function withDots(sysctl: string): string {
  const separator = /[./]/.exec(sysctl)?.[0];
  if (separator !== '/') return sysctl;
  return sysctl.replaceAll(/[./]/g, (character) => (character === '/' ? '.' : '/'));
}
