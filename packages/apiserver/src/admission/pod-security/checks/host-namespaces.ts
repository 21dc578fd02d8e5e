/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_hostNamespaces.go (v1.36) */
import type { CheckPod, PodCheck } from '../pod-check.ts';

const check: CheckPod = ({ spec }) => {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field]);
  if (shared.length === 0) return undefined;
  return { reason: 'host namespaces', detail: shared.map((field) => `${field}=true`).join(', ') };
};

export const hostNamespaces: PodCheck = { id: 'hostNamespaces', level: 'baseline', versions: [{ since: 0, check }] };
