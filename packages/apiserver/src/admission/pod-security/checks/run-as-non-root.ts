/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_runAsNonRoot.go (v1.36) */
import {
  containersNamed,
  containersOf,
  exceptInUserNamespace,
  namesOf,
  settersNamed,
  type CheckPod,
  type PodCheck,
} from '../pod-check.ts';

const reason = 'runAsNonRoot != true';

const check: CheckPod = ({ spec }) => {
  const ofPod = spec.securityContext?.runAsNonRoot;
  const containers = containersOf(spec);
  const explicit = containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === false);
  const setters = settersNamed(ofPod === false, namesOf(explicit));
  if (setters) return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` };
  if (ofPod) return undefined;
  const implicit = containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  if (implicit.length === 0) return undefined;
  return { reason, detail: `pod or ${containersNamed(namesOf(implicit))} must set securityContext.runAsNonRoot=true` };
};

export const runAsNonRoot: PodCheck = {
  id: 'runAsNonRoot',
  level: 'restricted',
  versions: [
    { since: 0, check },
    { since: 35, check: exceptInUserNamespace(check) },
  ],
};
