/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_capabilities_baseline.go (v1.36) */
import {
  containersNamed,
  containersOf,
  namesOf,
  quoted,
  sortedSet,
  type AnyContainer,
  type CheckPod,
  type PodCheck,
} from '../pod-check.ts';

const ALLOWED: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

const check: CheckPod = ({ spec }) => {
  const bad = containersOf(spec).filter((container) => forbiddenOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const forbidden = quoted(sortedSet(bad.flatMap(forbiddenOf)));
  const detail = `${containersNamed(namesOf(bad))} must not include ${forbidden} in securityContext.capabilities.add`;
  return { reason: 'non-default capabilities', detail };
};

function forbiddenOf({ securityContext }: AnyContainer): readonly string[] {
  return (securityContext?.capabilities?.add ?? []).filter((capability) => !ALLOWED.has(capability));
}

export const capabilitiesBaseline: PodCheck = {
  id: 'capabilities_baseline',
  level: 'baseline',
  versions: [{ since: 0, check }],
};
