/**
 * Kubelets only touch what is theirs: their node, the pods on it, and what belongs to those.
 *
 * Mirrors: plugin/pkg/admission/noderestriction (v1.36)
 * Differs: on by default, as every installer has it; mirror pods are not searched for references to other objects by a
 * second list, ServiceAccount admission refuses them.
 */
import { deepEqual } from '@kts/apimachinery';
import { nodes, pods } from '@kts/api';
import type { TokenRequest } from '@kts/api/types/authentication-v1';
import type { Node, Pod } from '@kts/api/types/core-v1';

import { resourceOf, type AdmissionAttributes, type AdmissionPlugin } from './admission.ts';
import { forbiddenBy } from './forbidden.ts';
import type { LiveObjects } from './live-objects.ts';

const NODES_GROUP = 'system:nodes';
const USER_PREFIX = 'system:node:';
const MIRROR = 'kubernetes.io/config.mirror';
const NODE_LEASES = 'kube-node-lease';
/** Labels in Kubernetes' own domains that kubelets may set on their node. */
const OWN_LABELS = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'node.kubernetes.io/exclude-disruption',
]);

export function nodeRestriction(live: LiveObjects): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    async admit(attributes) {
      if (attributes.operation === 'CONNECT') return;
      const { user } = attributes.request;
      if (!user.groups.includes(NODES_GROUP) || !user.name.startsWith(USER_PREFIX)) return;
      const node = user.name.slice(USER_PREFIX.length);
      if (node === '') throw forbiddenBy(attributes, `could not determine node from user ${JSON.stringify(user.name)}`);
      const problem = await problemOf(live, attributes, node);
      if (problem) throw forbiddenBy(attributes, problem);
    },
  };
}

async function problemOf(
  live: LiveObjects,
  attributes: AdmissionAttributes,
  node: string,
): Promise<string | undefined> {
  const { subresource } = attributes;
  switch (resourceOf(attributes)) {
    case 'pods':
      if (subresource === '') return podProblem(live, attributes, node);
      if (subresource === 'status') return podStatusProblem(attributes, node);
      if (subresource === 'eviction') return evictionProblem(live, attributes, node);
      return `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`;
    case 'nodes':
      return nodeProblem(attributes, node);
    case 'persistentvolumeclaims':
      return subresource === 'status' ? undefined : 'may only update PVC status';
    case 'serviceaccounts':
      return subresource === 'token' ? tokenProblem(live, attributes, node) : undefined;
    case 'leases.coordination.k8s.io':
      if (attributes.namespace !== NODE_LEASES) {
        return `can only access leases in the ${JSON.stringify(NODE_LEASES)} system namespace`;
      }
      return nameOf(attributes) === node
        ? undefined
        : 'can only access node lease with the same name as the requesting node';
    case 'csinodes.storage.k8s.io':
      return nameOf(attributes) === node
        ? undefined
        : 'can only access CSINode with the same name as the requesting node';
    default:
      return undefined;
  }
}

function nameOf({ name, object }: AdmissionAttributes): string {
  return name || object?.metadata.name || '';
}

async function podProblem(
  live: LiveObjects,
  attributes: AdmissionAttributes,
  node: string,
): Promise<string | undefined> {
  const quoted = JSON.stringify(node);
  switch (attributes.operation) {
    case 'CREATE':
      return newPodProblem(live, attributes.object as unknown as Pod, node);
    case 'DELETE': {
      const pod = attributes.old as Pod | undefined;
      return pod?.spec.nodeName === node
        ? undefined
        : `node ${quoted} can only delete pods with spec.nodeName set to itself`;
    }
    case 'UPDATE':
    case 'CONNECT':
      return `unexpected operation ${JSON.stringify(attributes.operation)}, node ${quoted} can only create and delete mirror pods`;
  }
}

async function newPodProblem(live: LiveObjects, pod: Pod, node: string): Promise<string | undefined> {
  const quoted = JSON.stringify(node);
  if (pod.metadata.annotations?.[MIRROR] === undefined) {
    return `pod does not have ${JSON.stringify(MIRROR)} annotation, node ${quoted} can only create mirror pods`;
  }
  if (pod.spec.nodeName !== node) return `node ${quoted} can only create pods with spec.nodeName set to itself`;
  const owners = pod.metadata.ownerReferences ?? [];
  if (owners.length > 1) return `node ${quoted} can only create pods with a single owner reference set to itself`;
  const owner = owners[0];
  if (!owner || owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    return `node ${quoted} can only create pods with an owner reference set to itself`;
  }
  if (!owner.controller) return `node ${quoted} can only create pods with a controller owner reference set to itself`;
  if (owner.blockOwnerDeletion) return `node ${quoted} must not set blockOwnerDeletion on an owner reference`;
  const found = await live.get(nodes, '', node);
  if (!found) return `error looking up node ${node} to verify uid: nodes ${quoted} not found`;
  const { uid } = found.metadata;
  return uid === owner.uid ? undefined : `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`;
}

function podStatusProblem({ operation, object, old }: AdmissionAttributes, node: string): string | undefined {
  if (operation !== 'UPDATE') return `unexpected operation ${JSON.stringify(operation)}`;
  const [pod, before] = [object as unknown as Pod, old as Pod];
  const quoted = JSON.stringify(node);
  if (before.spec.nodeName !== node) {
    return `node ${quoted} can only update pod status for pods with spec.nodeName set to itself`;
  }
  if (!deepEqual(before.metadata.labels ?? {}, pod.metadata.labels ?? {})) {
    return `node ${quoted} cannot update labels through pod status`;
  }
  if (!deepEqual(before.status?.resourceClaimStatuses ?? [], pod.status?.resourceClaimStatuses ?? [])) {
    return `node ${quoted} cannot update resource claim statues`;
  }
  return undefined;
}

async function evictionProblem(
  live: LiveObjects,
  attributes: AdmissionAttributes,
  node: string,
): Promise<string | undefined> {
  if (attributes.operation !== 'CREATE') return `unexpected operation ${attributes.operation}`;
  const name = nameOf(attributes);
  if (name === '') return 'could not determine pod from request data';
  const pod = await live.get(pods, attributes.namespace, name);
  if (!pod || pod.spec.nodeName === node) return undefined;
  return `node ${node} can only evict pods with spec.nodeName set to itself`;
}

function nodeProblem(attributes: AdmissionAttributes, node: string): string | undefined {
  const name = nameOf(attributes);
  const quoted = JSON.stringify(node);
  if (name !== node) return `node ${quoted} is not allowed to modify node ${JSON.stringify(name)}`;
  const sent = attributes.object as unknown as Node | undefined;
  if (!sent) return undefined;
  if (attributes.operation === 'CREATE') {
    const labels = restrictedLabels(sent.metadata.labels ?? {}, {});
    if (labels.length === 0) return undefined;
    return `node ${quoted} is not allowed to set the following labels: ${labels.join(', ')}`;
  }
  const old = attributes.old as Node | undefined;
  if (!old) return undefined;
  if (!deepEqual(old.spec?.taints ?? [], sent.spec?.taints ?? [])) {
    return `node ${quoted} is not allowed to modify taints`;
  }
  if (!deepEqual(old.metadata.ownerReferences ?? [], sent.metadata.ownerReferences ?? [])) {
    return `node ${quoted} is not allowed to modify ownerReferences`;
  }
  const labels = restrictedLabels(sent.metadata.labels ?? {}, old.metadata.labels ?? {});
  return labels.length > 0 ? `is not allowed to modify labels: ${labels.join(', ')}` : undefined;
}

type Labels = Readonly<Record<string, string>>;

/** Changed labels in Kubernetes' domains that are not a kubelet's to set, sorted. */
function restrictedLabels(labels: Labels, before: Labels): string[] {
  const changed = [...new Set([...Object.keys(labels), ...Object.keys(before)])].filter(
    (key) => labels[key] !== before[key],
  );
  return changed.filter((key) => isRestricted(key)).sort();
}

function isRestricted(key: string): boolean {
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  const isUnder = (parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`);
  if (isUnder('node-restriction.kubernetes.io')) return true;
  if (!isUnder('kubernetes.io') && !isUnder('k8s.io')) return false;
  return !OWN_LABELS.has(key) && !isUnder('kubelet.kubernetes.io') && !isUnder('node.kubernetes.io');
}

/** Tokens only for accounts of pods that run here. */
async function tokenProblem(
  live: LiveObjects,
  { object, namespace }: AdmissionAttributes,
  node: string,
): Promise<string | undefined> {
  const reference = (object as unknown as TokenRequest).spec.boundObjectRef;
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name) {
    return 'node requested token not bound to a pod';
  }
  if (!reference.uid) return 'node requested token with a pod binding without a uid';
  const pod = await live.get(pods, namespace, reference.name);
  if (!pod) return undefined;
  if (pod.metadata.uid !== reference.uid) {
    return `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  }
  return pod.spec.nodeName === node ? undefined : 'node requested token bound to a pod scheduled on a different node';
}
