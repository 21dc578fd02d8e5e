/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_runAsUser.go (v1.36) */
import {
  containersOf,
  exceptInUserNamespace,
  namesOf,
  settersNamed,
  type CheckPod,
  type PodCheck,
} from '../pod-check.ts';

const check: CheckPod = ({ spec }) => {
  const bad = containersOf(spec).filter(({ securityContext }) => securityContext?.runAsUser === 0);
  const setters = settersNamed(spec.securityContext?.runAsUser === 0, namesOf(bad));
  return setters ? { reason: 'runAsUser=0', detail: `${setters} must not set runAsUser=0` } : undefined;
};

export const runAsUser: PodCheck = {
  id: 'runAsUser',
  level: 'restricted',
  versions: [
    { since: 23, check },
    { since: 35, check: exceptInUserNamespace(check) },
  ],
};
