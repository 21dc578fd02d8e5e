/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_allowPrivilegeEscalation.go (v1.36) */
import { containersNamed, containersOf, exceptOnWindows, namesOf, type CheckPod, type PodCheck } from '../pod-check.ts';

const check: CheckPod = ({ spec }) => {
  const bad = containersOf(spec).filter(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return undefined;
  const detail = `${containersNamed(namesOf(bad))} must set securityContext.allowPrivilegeEscalation=false`;
  return { reason: 'allowPrivilegeEscalation != false', detail };
};

export const allowPrivilegeEscalation: PodCheck = {
  id: 'allowPrivilegeEscalation',
  level: 'restricted',
  versions: [
    { since: 8, check },
    { since: 25, check: exceptOnWindows(check) },
  ],
};
