/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_hostPorts.go (v1.36) */
import {
  containersNamed,
  containersOf,
  namesOf,
  plural,
  sortedSet,
  type AnyContainer,
  type CheckPod,
  type PodCheck,
} from '../pod-check.ts';

const check: CheckPod = ({ spec }) => {
  const bad = containersOf(spec).filter((container) => hostPortsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const ports = sortedSet(bad.flatMap(hostPortsOf));
  const uses = `${plural(bad.length, 'uses', 'use')} ${plural(ports.length, 'hostPort')}`;
  return { reason: 'hostPort', detail: `${containersNamed(namesOf(bad))} ${uses} ${ports.join(', ')}` };
};

function hostPortsOf({ ports = [] }: AnyContainer): readonly string[] {
  return ports.flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []));
}

export const hostPorts: PodCheck = { id: 'hostPorts', level: 'baseline', versions: [{ since: 0, check }] };
