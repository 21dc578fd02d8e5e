/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_hostProbesAndhostLifecycle.go (v1.36) */
import {
  containersNamed,
  containersOf,
  namesOf,
  plural,
  quoted,
  sortedSet,
  type AnyContainer,
  type CheckPod,
  type PodCheck,
} from '../pod-check.ts';

const check: CheckPod = ({ spec }) => {
  const bad = containersOf(spec).filter((container) => hostsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const names = sortedSet(namesOf(bad));
  const hosts = sortedSet(bad.flatMap(hostsOf));
  const reason = 'probe or lifecycle host';
  const uses = `${plural(names.length, 'uses', 'use')} ${plural(hosts.length, reason)}`;
  return { reason, detail: `${containersNamed(names)} ${uses} ${quoted(hosts)}` };
};

function hostsOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: AnyContainer): readonly string[] {
  const actions = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop];
  return actions
    .flatMap((action) => [action?.httpGet?.host, action?.tcpSocket?.host].filter((host) => host !== undefined))
    .filter((host) => host !== '');
}

export const hostProbesAndHostLifecycle: PodCheck = {
  id: 'hostProbesAndHostLifecycle',
  level: 'baseline',
  versions: [{ since: 34, check }],
};
