/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_procMount_{baseline,restricted}.go (v1.36) */
import {
  containersNamed,
  containersOf,
  exceptInUserNamespace,
  namesOf,
  quoted,
  sortedSet,
  type CheckPod,
  type PodCheck,
} from '../pod-check.ts';

const check: CheckPod = ({ spec }) => {
  const bad = containersOf(spec).filter(
    ({ securityContext }) => (securityContext?.procMount ?? 'Default') !== 'Default',
  );
  if (bad.length === 0) return undefined;
  const types = quoted(sortedSet(bad.map(({ securityContext }) => securityContext?.procMount ?? '')));
  return {
    reason: 'procMount',
    detail: `${containersNamed(namesOf(bad))} must not set securityContext.procMount to ${types}`,
  };
};

export const procMount: PodCheck = {
  id: 'procMount',
  level: 'baseline',
  versions: [
    { since: 0, check },
    { since: 35, check: exceptInUserNamespace(check) },
  ],
};

export const procMountRestricted: PodCheck = {
  id: 'procMount_restricted',
  level: 'restricted',
  versions: [{ since: 35, check, overrides: [procMount.id] }],
};
