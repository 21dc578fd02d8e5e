/** What a write has to keep to, and what is said if it does not. */
import { invalidObject, forbiddenRequest, deepEqual, type KubeObject } from '@kts/apimachinery';
import { namespaces, pods } from '@kts/api';
import type { Namespace, Pod, PodSpec, PodTemplateSpec } from '@kts/api/types/core-v1';

import type { AdmissionAttributes } from '../admission.ts';
import type { LiveObjects } from '../live-objects.ts';
import { evaluatePod, formatViolations } from './evaluate.ts';
import { warningsAboutPods } from './existing-pods.ts';
import { containersOf, type PodSubject } from './pod-check.ts';
import { formatLevelVersion, isStricter, policyOf, type LevelVersion, type Policy } from './policy.ts';

const AUDIT_PREFIX = 'pod-security.kubernetes.io/';

export async function validatePod(live: LiveObjects, attributes: AdmissionAttributes): Promise<void> {
  const policy = await policyFor(live, attributes.namespace);
  if (isPrivileged(policy, ['enforce', 'audit', 'warn'])) {
    note(attributes, 'enforce-policy', formatLevelVersion({ level: 'privileged', version: 'latest' }));
    return;
  }
  const pod = attributes.object as unknown as Pod;
  if (attributes.operation === 'UPDATE' && !isSignificant(pod.spec, (attributes.old as Pod).spec)) return;
  const subject = { annotations: pod.metadata.annotations ?? {}, spec: pod.spec };
  const { enforce } = policy;
  note(attributes, 'enforce-policy', formatLevelVersion(enforce));
  const violations = evaluatePod(enforce, subject);
  if (violations.length > 0) {
    noteAudit(attributes, policy.audit, subject);
    const message = `violates PodSecurity "${formatLevelVersion(enforce)}": ${formatViolations(violations)}`;
    throw forbiddenRequest(attributes.definition, attributes.name, message);
  }
  tell(attributes, policy, subject);
}

export async function validateTemplate(live: LiveObjects, attributes: AdmissionAttributes): Promise<void> {
  const policy = await policyFor(live, attributes.namespace);
  if (isPrivileged(policy, ['audit', 'warn'])) return;
  const template = templateOf(attributes.object as unknown as KubeObject);
  if (!template?.spec) return;
  tell(attributes, policy, { annotations: template.metadata?.annotations ?? {}, spec: template.spec });
}

export async function validateNamespace(live: LiveObjects, attributes: AdmissionAttributes): Promise<void> {
  const { definition, name, object, old, operation, request } = attributes;
  const after = policyOf(object?.metadata.labels);
  const before = operation === 'UPDATE' ? policyOf(old?.metadata.labels) : undefined;
  if (after.errors.length > 0 && !(before && deepEqual(after.errors, before.errors))) {
    throw invalidObject(definition, name || (object?.metadata.name ?? ''), after.errors);
  }
  if (!before || !isTightened(before.policy.enforce, after.policy.enforce)) return;
  const existing = await live.list(pods, name);
  request.warnings.push(...warningsAboutPods(name, after.policy.enforce, existing));
}

function isTightened(before: LevelVersion, after: LevelVersion): boolean {
  if (after.level === 'privileged') return false;
  return before.version !== after.version || isStricter(after.level, before.level);
}

async function policyFor(live: LiveObjects, name: string): Promise<Policy> {
  const namespace: Namespace | undefined = await live.get(namespaces, '', name);
  return policyOf(namespace?.metadata.labels).policy;
}

function isPrivileged(policy: Policy, modes: readonly (keyof Policy)[]): boolean {
  return modes.every((mode) => policy[mode].level === 'privileged');
}

function tell(attributes: AdmissionAttributes, { audit, warn }: Policy, subject: PodSubject): void {
  noteAudit(attributes, audit, subject);
  const violations = evaluatePod(warn, subject);
  if (violations.length > 0) attributes.request.warnings.push(wouldViolate(warn, violations));
}

function noteAudit(attributes: AdmissionAttributes, audit: LevelVersion, subject: PodSubject): void {
  const violations = evaluatePod(audit, subject);
  if (violations.length > 0) note(attributes, 'audit-violations', wouldViolate(audit, violations));
}

function wouldViolate(policy: LevelVersion, violations: ReturnType<typeof evaluatePod>): string {
  return `would violate PodSecurity "${formatLevelVersion(policy)}": ${formatViolations(violations)}`;
}

function note({ request }: AdmissionAttributes, name: string, text: string): void {
  request.auditAnnotations ??= {};
  request.auditAnnotations[`${AUDIT_PREFIX}${name}`] = text;
}

/** What a pod may change and a policy could mind: images, and further ephemeral containers. */
function isSignificant(spec: PodSpec, old: PodSpec): boolean {
  if (spec.containers.length !== old.containers.length) return true;
  if (spec.initContainers?.length !== old.initContainers?.length) return true;
  const images = new Map(containersOf(old).map(({ name, image }) => [name, image]));
  return containersOf(spec).some(({ name, image }) => !images.has(name) || images.get(name) !== image);
}

function templateOf(object: KubeObject): PodTemplateSpec | undefined {
  const { template, spec } = object as {
    template?: PodTemplateSpec;
    spec?: { template?: PodTemplateSpec; jobTemplate?: { spec?: { template?: PodTemplateSpec } } };
  };
  return template ?? spec?.template ?? spec?.jobTemplate?.spec?.template;
}
