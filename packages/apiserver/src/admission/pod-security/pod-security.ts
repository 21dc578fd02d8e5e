/**
 * Holds pods to the Pod Security Standard that their namespace asks for: refuses, warns, or notes it in the audit log.
 * The standards are loaded with the first write that they concern.
 *
 * Mirrors: plugin/pkg/admission/security/podsecurity, staging/src/k8s.io/pod-security-admission/admission (v1.36)
 * Differs: no configuration of defaults and exemptions: policies come from labels of namespaces only.
 */
import { resourceOf, type AdmissionAttributes, type AdmissionPlugin } from '../admission.ts';
import type { LiveObjects } from '../live-objects.ts';

const LABEL_PREFIX = 'pod-security.kubernetes.io/';

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
    validate(attributes) {
      const check = checkFor(attributes);
      return check && import('./enforce.ts').then((enforce) => enforce[check](live, attributes));
    },
  };
}

function checkFor(
  attributes: AdmissionAttributes,
): 'validatePod' | 'validateTemplate' | 'validateNamespace' | undefined {
  const { operation, subresource, object, old } = attributes;
  if (operation !== 'CREATE' && operation !== 'UPDATE') return undefined;
  const resource = resourceOf(attributes);
  if (resource === 'pods') return IGNORED.has(subresource) ? undefined : 'validatePod';
  if (subresource !== '') return undefined;
  if (TEMPLATED.has(resource)) return 'validateTemplate';
  const asks = resource === 'namespaces' && (hasPolicy(object?.metadata.labels) || hasPolicy(old?.metadata.labels));
  return asks ? 'validateNamespace' : undefined;
}

function hasPolicy(labels: Readonly<Record<string, string>> | undefined): boolean {
  return Object.keys(labels ?? {}).some((key) => key.startsWith(LABEL_PREFIX));
}
