/**
 * Annotations of pods that mean something: deletion cost, and the older forms of security profiles.
 *
 * Mirrors: ValidatePodSpecificAnnotations, validateSeccompAnnotationsAndFields and
 * validateAppArmorAnnotationsAndFieldsMatchOnCreate in pkg/apis/core/validation/validation.go (v1.36)
 */
import { forbidden, invalid, type FieldError, type FieldPath } from '@kts/apimachinery';
import type { AppArmorProfile, PodSpec, SeccompProfile, Toleration } from '../gen/core-v1.gen.ts';
import { validateDescendingPath } from './file-path-validation.ts';
import { containersOf } from './pod-containers-of.ts';
import { deletionCostOf, type PodRules } from './pod-rules.ts';
import { decodeJsonText } from '../json-text.ts';
import { validateTolerations } from './scheduling-validation.ts';

type Annotations = Readonly<Record<string, string>>;

const MIRROR = 'kubernetes.io/config.mirror';
const TOLERATIONS = 'scheduler.alpha.kubernetes.io/tolerations';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
export const APP_ARMOR_CONTAINER = 'container.apparmor.security.beta.kubernetes.io/';
const LOCALHOST = 'localhost/';

export function validatePodAnnotations(
  annotations: Annotations,
  spec: PodSpec,
  path: FieldPath,
  rules: Pick<PodRules, 'allowInvalidDeletionCost' | 'allowToleratedComparisons'>,
): FieldError[] {
  const errors: FieldError[] = [];
  const mirror = annotations[MIRROR];
  if (mirror !== undefined && !spec.nodeName) {
    errors.push(invalid(path.key(MIRROR), mirror, 'must set spec.nodeName if mirror pod annotation is set'));
  }
  if (annotations[TOLERATIONS]) errors.push(...validateTolerationText(annotations[TOLERATIONS], path, rules));
  if (!rules.allowInvalidDeletionCost && deletionCostOf(annotations) === undefined) {
    errors.push(invalid(path.key(DELETION_COST), annotations[DELETION_COST], 'must be a 32bit integer'));
  }
  const ownSeccomp = annotations[SECCOMP_POD];
  if (ownSeccomp !== undefined) errors.push(...validateSeccompAnnotation(ownSeccomp, path.child(SECCOMP_POD)));
  for (const [key, value] of Object.entries(annotations)) {
    if (key.startsWith(SECCOMP_CONTAINER)) errors.push(...validateSeccompAnnotation(value, path.child(key)));
  }
  for (const [key, value] of Object.entries(annotations)) {
    if (key.startsWith(APP_ARMOR_CONTAINER))
      errors.push(...validateAppArmorAnnotation(key, value, spec, path.key(key)));
  }
  return errors;
}

function validateTolerationText(
  text: string,
  path: FieldPath,
  rules: Pick<PodRules, 'allowToleratedComparisons'>,
): FieldError[] {
  const decoded = decodeJsonText(text, 'array', '[]core.Toleration');
  if ('problem' in decoded) return [invalid(path, TOLERATIONS, decoded.problem)];
  return validateTolerations((decoded.value ?? []) as unknown as readonly Toleration[], path.child(TOLERATIONS), rules);
}

/** Mirror and AppArmor annotations are fixed when the pod is created. */
export function validatePodAnnotationUpdate(annotations: Annotations, old: Annotations, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(old)) {
    if (annotations[key] === value) continue;
    if (key.startsWith(APP_ARMOR_CONTAINER)) {
      errors.push(forbidden(path.key(key), 'may not remove or update AppArmor annotations'));
    }
    if (key === MIRROR) errors.push(forbidden(path.key(key), 'may not remove or update mirror pod annotation'));
  }
  for (const key of Object.keys(annotations)) {
    if (key in old) continue;
    if (key.startsWith(APP_ARMOR_CONTAINER)) errors.push(forbidden(path.key(key), 'may not add AppArmor annotations'));
    if (key === MIRROR) errors.push(forbidden(path.key(key), 'may not add mirror pod annotation'));
  }
  return errors;
}

/** Where an annotation and a field say which profile to use, they must say the same. */
export function validateProfileAnnotations(annotations: Annotations, spec: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const context = path.child('securityContext');
  const own = spec.securityContext?.seccompProfile;
  const ownAnnotation = annotations[SECCOMP_POD];
  if (own && ownAnnotation !== undefined) {
    errors.push(...compareProfile('seccomp', ownAnnotation, own, context.child('seccompProfile')));
  }
  for (const { container, path: at } of containersOf(spec, path)) {
    const profile = container.securityContext?.seccompProfile;
    const annotation = annotations[`${SECCOMP_CONTAINER}${container.name}`];
    if (!profile || annotation === undefined) continue;
    errors.push(...compareProfile('seccomp', annotation, profile, at.child('securityContext', 'seccompProfile')));
  }
  if (spec.os?.name === 'windows') return errors;
  for (const { container, path: at } of containersOf(spec, path)) {
    const profile = container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    const annotation = annotations[`${APP_ARMOR_CONTAINER}${container.name}`];
    if (!profile || annotation === undefined) continue;
    errors.push(...compareProfile('apparmor', annotation, profile, at.child('securityContext', 'appArmorProfile')));
  }
  return errors;
}

function compareProfile(
  what: 'seccomp' | 'apparmor',
  annotation: string,
  { type, localhostProfile }: SeccompProfile | AppArmorProfile,
  path: FieldPath,
): FieldError[] {
  const differs = [forbidden(path.child('type'), `${what} type in annotation and field must match`)];
  if (type === 'Unconfined') return annotation === 'unconfined' ? [] : differs;
  if (type === 'RuntimeDefault') {
    const same = annotation === 'runtime/default' || (what === 'seccomp' && annotation === 'docker/default');
    return same ? [] : differs;
  }
  if (type !== 'Localhost') return [];
  if (!annotation.startsWith(LOCALHOST)) return differs;
  if (annotation.slice(LOCALHOST.length) === localhostProfile) return [];
  return [forbidden(path.child('localhostProfile'), `${what} profile in annotation and field must match`)];
}

function validateSeccompAnnotation(profile: string, path: FieldPath): FieldError[] {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return [];
  if (profile.startsWith(LOCALHOST)) return validateDescendingPath(profile.slice(LOCALHOST.length), path);
  return [invalid(path, profile, 'must be a valid seccomp profile')];
}

function validateAppArmorAnnotation(key: string, profile: string, spec: PodSpec, path: FieldPath): FieldError[] {
  const name = key.slice(APP_ARMOR_CONTAINER.length);
  const errors: FieldError[] = [];
  if (!containersOf(spec, path).some(({ container }) => container.name === name)) {
    errors.push(invalid(path, name, 'container not found'));
  }
  if (!['', 'runtime/default', 'unconfined'].includes(profile) && !profile.startsWith(LOCALHOST)) {
    errors.push(invalid(path, profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`));
  }
  return errors;
}
