/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_seccompProfile_{baseline,restricted}.go (v1.36) */
import {
  containersNamed,
  containersOf,
  exceptOnWindows,
  namesOf,
  plural,
  quoted,
  settersNamed,
  sortedSet,
  type CheckPod,
  type PodCheck,
  type Violation,
} from '../pod-check.ts';

const POD_ANNOTATION = 'seccomp.security.alpha.kubernetes.io/pod';
const CONTAINER_ANNOTATION_PREFIX = 'container.seccomp.security.alpha.kubernetes.io/';
const ALLOWED = new Set(['Localhost', 'RuntimeDefault']);
const reason = 'seccompProfile';

/** Before there were fields for it. */
const checkAnnotations: CheckPod = ({ annotations, spec }) => {
  const keys = [POD_ANNOTATION, ...containersOf(spec).map(({ name }) => `${CONTAINER_ANNOTATION_PREFIX}${name}`)];
  const forbidden = sortedSet(
    keys.flatMap((key) => {
      const value = annotations[key];
      return value === undefined || isAllowedAnnotation(value) ? [] : [`${key}=${JSON.stringify(value)}`];
    }),
  );
  if (forbidden.length === 0) return undefined;
  return { reason, detail: `forbidden ${plural(forbidden.length, 'annotation')} ${forbidden.join(', ')}` };
};

function isAllowedAnnotation(value: string): boolean {
  return value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/');
}

/** A profile that is there has to be a good one. */
const checkPresent: CheckPod = ({ spec }) => {
  const ofPod = spec.securityContext?.seccompProfile;
  const badPod = ofPod !== undefined && !ALLOWED.has(ofPod.type);
  const bad = containersOf(spec).filter(({ securityContext }) => {
    const profile = securityContext?.seccompProfile;
    return profile !== undefined && !ALLOWED.has(profile.type);
  });
  const setters = settersNamed(badPod, namesOf(bad));
  if (!setters) return undefined;
  const types = bad.map(({ securityContext }) => securityContext?.seccompProfile?.type ?? '');
  const values = quoted(sortedSet([...(badPod ? [ofPod.type] : []), ...types]));
  return { reason, detail: `${setters} must not set securityContext.seccompProfile.type to ${values}` };
};

/** There has to be one, on the pod or on every container. */
const checkRequired: CheckPod = (pod) => checkPresent(pod) ?? missing(pod);

function missing({ spec }: Parameters<CheckPod>[0]): Violation | undefined {
  if (spec.securityContext?.seccompProfile) return undefined;
  const without = containersOf(spec).filter(({ securityContext }) => !securityContext?.seccompProfile);
  if (without.length === 0) return undefined;
  const who = containersNamed(namesOf(without));
  return {
    reason,
    detail: `pod or ${who} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
}

export const seccompProfileBaseline: PodCheck = {
  id: 'seccompProfile_baseline',
  level: 'baseline',
  versions: [
    { since: 0, check: checkAnnotations },
    { since: 19, check: checkPresent },
  ],
};

const overrides = [seccompProfileBaseline.id];

export const seccompProfileRestricted: PodCheck = {
  id: 'seccompProfile_restricted',
  level: 'restricted',
  versions: [
    { since: 19, check: checkRequired, overrides },
    { since: 25, check: exceptOnWindows(checkRequired), overrides },
  ],
};
