/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_appArmorProfile.go (v1.36) */
import {
  containersNamed,
  containersOf,
  namesOf,
  plural,
  quoted,
  sortedSet,
  type CheckPod,
  type PodCheck,
} from '../pod-check.ts';

const ANNOTATION_PREFIX = 'container.apparmor.security.beta.kubernetes.io/';
const ALLOWED = new Set(['RuntimeDefault', 'Localhost']);

const check: CheckPod = ({ annotations, spec }) => {
  const ofPod = spec.securityContext?.appArmorProfile?.type;
  const badPod = spec.securityContext?.appArmorProfile !== undefined && !ALLOWED.has(ofPod ?? '');
  const bad = containersOf(spec).filter(({ securityContext }) => {
    const profile = securityContext?.appArmorProfile;
    return profile !== undefined && !ALLOWED.has(profile.type);
  });
  const badAnnotations = Object.entries(annotations)
    .filter(([key, value]) => key.startsWith(ANNOTATION_PREFIX) && !isAllowedAnnotation(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
  const setters = [
    ...(badPod ? ['pod'] : []),
    ...(bad.length > 0 ? [containersNamed(namesOf(bad))] : []),
    ...(badAnnotations.length > 0 ? [plural(badAnnotations.length, 'annotation')] : []),
  ];
  if (setters.length === 0) return undefined;
  const types = bad.map(({ securityContext }) => securityContext?.appArmorProfile?.type ?? '');
  const values = [...sortedSet([...(badPod ? [ofPod ?? ''] : []), ...types]), ...badAnnotations];
  return {
    reason: plural(values.length, 'forbidden AppArmor profile'),
    detail: `${setters.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  };
};

function isAllowedAnnotation(profile: string): boolean {
  return profile === '' || profile === 'runtime/default' || profile.startsWith('localhost/');
}

export const appArmorProfile: PodCheck = { id: 'appArmorProfile', level: 'baseline', versions: [{ since: 0, check }] };
