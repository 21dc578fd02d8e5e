/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_privileged.go (v1.36) */
import { containersNamed, containersOf, namesOf, type CheckPod, type PodCheck } from '../pod-check.ts';

const check: CheckPod = ({ spec }) => {
  const bad = containersOf(spec).filter(({ securityContext }) => securityContext?.privileged === true);
  if (bad.length === 0) return undefined;
  return {
    reason: 'privileged',
    detail: `${containersNamed(namesOf(bad))} must not set securityContext.privileged=true`,
  };
};

export const privileged: PodCheck = { id: 'privileged', level: 'baseline', versions: [{ since: 0, check }] };
