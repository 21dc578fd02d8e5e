import type { Pod } from '@kts/api/types/core-v1';
import { withDots } from '../runtime/sandbox-config.ts';

/** Sysctls that are namespaced and cannot harm others. */
const SAFE = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
];

/**
 * What is wrong with the pod's sysctls; `undefined` if nothing is. `allowedUnsafe` may end in `*`.
 *
 * Mirrors: pkg/kubelet/sysctl/allowlist.go (v1.36)
 * Differs: the kernel is taken to be new enough for every safe sysctl.
 */
export function forbiddenSysctl(pod: Pod, allowedUnsafe: readonly string[]): string | undefined {
  for (const { name } of pod.spec.securityContext?.sysctls ?? []) {
    const problem = checkSysctl(withDots(name), pod, [...SAFE, ...allowedUnsafe]);
    if (problem !== undefined) return `forbidden sysctl: ${problem}`;
  }
  return undefined;
}

function checkSysctl(name: string, pod: Pod, allowed: readonly string[]): string | undefined {
  const found = allowed.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(withDots(pattern.slice(0, -1))) : name === withDots(pattern),
  );
  if (!found) return `"${name}" not allowlisted`;
  const namespace = sysctlNamespace(name);
  if (namespace === 'IPC' && pod.spec.hostIPC) return `"${name}" not allowed with host ipc enabled`;
  if (namespace === 'net' && pod.spec.hostNetwork) return `"${name}" not allowed with host net enabled`;
  return undefined;
}

function sysctlNamespace(name: string): 'IPC' | 'net' | undefined {
  if (name.startsWith('net.')) return 'net';
  return name === 'kernel.sem' || /^kernel\.(shm|msg)|^fs\.mqueue\./.test(name) ? 'IPC' : undefined;
}
