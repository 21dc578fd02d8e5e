/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_sysctls.go (v1.36) */
import type { CheckPod, PodCheck } from '../pod-check.ts';

const SAFE = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
];
const SAFE_1_27 = [...SAFE, 'net.ipv4.ip_local_reserved_ports'];
const SAFE_1_29 = [
  ...SAFE_1_27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];
const SAFE_1_32 = [...SAFE_1_29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];

const checkNames =
  (safe: readonly string[]): CheckPod =>
  ({ spec }) => {
    const named = (spec.securityContext?.sysctls ?? []).map(({ name }) => name);
    const forbidden = named.filter((name) => !safe.includes(name));
    return forbidden.length > 0 ? { reason: 'forbidden sysctls', detail: forbidden.join(', ') } : undefined;
  };

export const sysctls: PodCheck = {
  id: 'sysctls',
  level: 'baseline',
  versions: [
    { since: 0, check: checkNames(SAFE) },
    { since: 27, check: checkNames(SAFE_1_27) },
    { since: 29, check: checkNames(SAFE_1_29) },
    { since: 32, check: checkNames(SAFE_1_32) },
  ],
};
