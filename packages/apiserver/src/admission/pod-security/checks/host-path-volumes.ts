/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_hostPathVolumes.go (v1.36) */
import { plural, quoted, type CheckPod, type PodCheck } from '../pod-check.ts';

const check: CheckPod = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  if (bad.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: `${plural(bad.length, 'volume')} ${quoted(bad)}` };
};

export const hostPathVolumes: PodCheck = { id: 'hostPathVolumes', level: 'baseline', versions: [{ since: 0, check }] };
