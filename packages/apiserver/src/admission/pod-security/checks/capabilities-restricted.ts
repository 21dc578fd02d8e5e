/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_capabilities_restricted.go (v1.36) */
import {
  containersNamed,
  containersOf,
  exceptOnWindows,
  namesOf,
  quoted,
  sortedSet,
  type AnyContainer,
  type CheckPod,
  type PodCheck,
} from '../pod-check.ts';
import { capabilitiesBaseline } from './capabilities-baseline.ts';

const check: CheckPod = ({ spec }) => {
  const containers = containersOf(spec);
  const keeping = containers.filter(({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'));
  const adding = containers.filter((container) => forbiddenOf(container).length > 0);
  const details: string[] = [];
  if (keeping.length > 0) {
    details.push(`${containersNamed(namesOf(keeping))} must set securityContext.capabilities.drop=["ALL"]`);
  }
  if (adding.length > 0) {
    const forbidden = quoted(sortedSet(adding.flatMap(forbiddenOf)));
    details.push(
      `${containersNamed(namesOf(adding))} must not include ${forbidden} in securityContext.capabilities.add`,
    );
  }
  return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined;
};

function forbiddenOf({ securityContext }: AnyContainer): readonly string[] {
  return (securityContext?.capabilities?.add ?? []).filter((capability) => capability !== 'NET_BIND_SERVICE');
}

const overrides = [capabilitiesBaseline.id];

export const capabilitiesRestricted: PodCheck = {
  id: 'capabilities_restricted',
  level: 'restricted',
  versions: [
    { since: 22, check, overrides },
    { since: 25, check: exceptOnWindows(check), overrides },
  ],
};
