/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_windowsHostProcess.go (v1.36) */
import { containersOf, namesOf, settersNamed, type CheckPod, type PodCheck } from '../pod-check.ts';

const check: CheckPod = ({ spec }) => {
  const bad = containersOf(spec).filter(({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true);
  const setters = settersNamed(spec.securityContext?.windowsOptions?.hostProcess === true, namesOf(bad));
  if (!setters) return undefined;
  return { reason: 'hostProcess', detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true` };
};

export const windowsHostProcess: PodCheck = {
  id: 'windowsHostProcess',
  level: 'baseline',
  versions: [{ since: 0, check }],
};
