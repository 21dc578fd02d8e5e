/**
 * Holds pods to the Pod Security Standard that their namespace asks for: refuses, warns, or notes it in the audit log.
 *
 * Mirrors: plugin/pkg/admission/security/podsecurity, staging/src/k8s.io/pod-security-admission/admission (v1.36)
 * Differs: no configuration of defaults and exemptions: policies come from labels of namespaces only.
 */
import { invalidObject, forbiddenRequest, deepEqual, type KubeObject } from '@kts/apimachinery';
import { namespaces, pods } from '@kts/api';
import type { Namespace, Pod, PodSpec, PodTemplateSpec } from '@kts/api/types/core-v1';

import { resourceOf, type AdmissionAttributes, type AdmissionPlugin } from '../admission.ts';
import type { LiveObjects } from '../live-objects.ts';
import { evaluatePod, formatViolations } from './evaluate.ts';
import { warningsAboutPods } from './existing-pods.ts';
import { containersOf, type PodSubject } from './pod-check.ts';
import { formatLevelVersion, isStricter, policyOf, type LevelVersion, type Policy } from './policy.ts';

const AUDIT_PREFIX = 'pod-security.kubernetes.io/';

/** Subresources that cannot change what a pod is. */
const IGNORED = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status']);

/** Resources with a pod template. */
const TEMPLATED: ReadonlySet<string> = new Set([
  'replicationcontrollers',
  'podtemplates',
  'replicasets.apps',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'cronjobs.batch',
]);

export function podSecurity(live: LiveObjects): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    async validate(attributes) {
      const { operation, subresource } = attributes;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      const resource = resourceOf(attributes);
      if (resource === 'pods') {
        if (!IGNORED.has(subresource)) await validatePod(live, attributes);
      } else if (subresource === '') {
        if (resource === 'namespaces') await validateNamespace(live, attributes);
        else if (TEMPLATED.has(resource)) await validateTemplate(live, attributes);
      }
    },
  };
}

async function validatePod(live: LiveObjects, attributes: AdmissionAttributes): Promise<void> {
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

async function validateTemplate(live: LiveObjects, attributes: AdmissionAttributes): Promise<void> {
  const policy = await policyFor(live, attributes.namespace);
  if (isPrivileged(policy, ['audit', 'warn'])) return;
  const template = templateOf(attributes.object as unknown as KubeObject);
  if (!template?.spec) return;
  tell(attributes, policy, { annotations: template.metadata?.annotations ?? {}, spec: template.spec });
}

async function validateNamespace(live: LiveObjects, attributes: AdmissionAttributes): Promise<void> {
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
