/**
 * What a node may do: its own objects, and those that its pods need.
 *
 * Mirrors: plugin/pkg/auth/authorizer/node/node_authorizer.go (v1.36)
 */
import type { PolicyRule } from '@kts/api/types/rbac-v1';

import { exactFieldValue } from '../chain/request-info.ts';
import type { UserInfo } from '../request.ts';
import { NO_OPINION, type AuthorizationAttributes, type AuthorizationResult, type Authorizer } from './authorizer.ts';
import type { NodeReferences, ReferencedKind } from './node-references.ts';
import { ruleAllows } from './rule-matching.ts';

const ALLOW: AuthorizationResult = { decision: 'allow', reason: '' };
const no = (reason: string): AuthorizationResult => ({ decision: 'no-opinion', reason });

/** One node asking for one kind of object. */
interface Question {
  readonly node: string;
  readonly attributes: AuthorizationAttributes;
  readonly references: NodeReferences;
}

type Rule = (question: Question) => AuthorizationResult;

const RULES: Readonly<Record<string, Rule>> = {
  secrets: (question) => readNamespaced(question, 'secret'),
  configmaps: (question) => readNamespaced(question, 'configmap'),
  persistentvolumeclaims: (question) =>
    question.attributes.subresource === 'status'
      ? updateStatus(question, 'persistentvolumeclaim')
      : getOnly(question, 'persistentvolumeclaim'),
  persistentvolumes: (question) => getOnly(question, 'persistentvolume'),
  'resourceclaims.resource.k8s.io': (question) => getOnly(question, 'resourceclaim'),
  'volumeattachments.storage.k8s.io': (question) => getOnly(question, 'volumeattachment'),
  serviceaccounts: serviceAccount,
  'leases.coordination.k8s.io': lease,
  'csinodes.storage.k8s.io': csiNode,
  'resourceslices.resource.k8s.io': resourceSlice,
  nodes: ownNode,
  pods: ownPods,
  'podcertificaterequests.certificates.k8s.io': () => NO_OPINION,
};

/** @param nodeRules what every node may do regardless of its pods. */
export function nodeAuthorizer(references: NodeReferences, nodeRules: readonly PolicyRule[]): Authorizer {
  return {
    authorize(user, attributes) {
      const node = nodeIdentity(user);
      if (node === undefined) return NO_OPINION;
      if (node === '') return no(`unknown node for user ${JSON.stringify(user.name)}`);
      if (attributes.isResourceRequest) {
        const { group, resource } = attributes;
        const rule = RULES[group ? `${resource}.${group}` : resource];
        if (rule) return rule({ node, attributes, references });
      }
      return nodeRules.some((rule) => ruleAllows(rule, attributes)) ? ALLOW : NO_OPINION;
    },
  };
}

/** The name of the node that the user is; empty for a node without a name, undefined for everybody else. */
export function nodeIdentity(user: UserInfo): string | undefined {
  const prefix = 'system:node:';
  return user.name.startsWith(prefix) && user.groups.includes('system:nodes')
    ? user.name.slice(prefix.length)
    : undefined;
}

function related({ node, attributes, references }: Question, kind: ReferencedKind): AuthorizationResult {
  if (attributes.name === '') return no('No Object name found');
  return references.has(node, kind, attributes.namespace, attributes.name)
    ? ALLOW
    : no(`no relationship found between node '${node}' and this object`);
}

function readNamespaced(question: Question, kind: ReferencedKind): AuthorizationResult {
  const { verb, subresource, namespace } = question.attributes;
  if (!['get', 'list', 'watch'].includes(verb)) return no('can only read resources of this type');
  if (subresource !== '') return no('cannot read subresource');
  if (namespace === '') return no('can only read namespaced object of this type');
  return related(question, kind);
}

function getOnly(question: Question, kind: ReferencedKind): AuthorizationResult {
  if (question.attributes.verb !== 'get') return no('can only get individual resources of this type');
  if (question.attributes.subresource !== '') return no('cannot get subresource');
  return related(question, kind);
}

function updateStatus(question: Question, kind: ReferencedKind): AuthorizationResult {
  const { verb } = question.attributes;
  return verb === 'update' || verb === 'patch' ? related(question, kind) : no('can only get/update/patch this type');
}

function serviceAccount(question: Question): AuthorizationResult {
  const { verb, subresource, name } = question.attributes;
  if (verb === 'get' && subresource === '') return readNamespaced(question, 'serviceaccount');
  if (verb !== 'create' || name === '') return no('can only create tokens for individual service accounts');
  if (subresource !== 'token') return no('can only create token subresource of serviceaccount');
  return related(question, 'serviceaccount');
}

const OWN_VERBS: ReadonlySet<string> = new Set(['get', 'create', 'update', 'patch', 'delete']);

function lease({ node, attributes }: Question): AuthorizationResult {
  const { verb, namespace, name } = attributes;
  if (!OWN_VERBS.has(verb)) return no('can only get, create, update, patch, or delete a node lease');
  if (namespace !== 'kube-node-lease') return no('can only access leases in the "kube-node-lease" system namespace');
  if (verb !== 'create' && name !== node) {
    return no('can only access node lease with the same name as the requesting node');
  }
  return ALLOW;
}

function csiNode({ node, attributes }: Question): AuthorizationResult {
  const { verb, subresource, name } = attributes;
  if (!OWN_VERBS.has(verb)) return no('can only get, create, update, patch, or delete a CSINode');
  if (subresource !== '') return no('cannot authorize CSINode subresources');
  if (verb !== 'create' && name !== node) {
    return no('can only access CSINode with the same name as the requesting node');
  }
  return ALLOW;
}

function resourceSlice(question: Question): AuthorizationResult {
  const { verb, subresource, fieldSelector = '' } = question.attributes;
  if (subresource !== '') return no('cannot authorize ResourceSlice subresources');
  switch (verb) {
    case 'create':
      return ALLOW;
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      return related(question, 'resourceslice');
    case 'watch':
    case 'list':
    case 'deletecollection':
      return exactFieldValue(fieldSelector, 'spec.nodeName') === question.node
        ? ALLOW
        : no('can only list/watch/deletecollection resourceslices with nodeName field selector');
    default:
      return no(
        'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
      );
  }
}

function ownNode({ node, attributes }: Question): AuthorizationResult {
  const { verb, subresource, name } = attributes;
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? ALLOW : NO_OPINION;
  if (subresource !== '') return NO_OPINION;
  switch (verb) {
    case 'create':
    case 'update':
    case 'patch':
      return ALLOW;
    case 'get':
    case 'list':
    case 'watch':
      if (name === node) return ALLOW;
      return name === ''
        ? no(`node '${node}' cannot read all nodes, only its own Node object`)
        : no(`node '${node}' cannot read '${name}', only its own Node object`);
    default:
      return NO_OPINION;
  }
}

function ownPods(question: Question): AuthorizationResult {
  const { verb, subresource, name, fieldSelector = '' } = question.attributes;
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? ALLOW : NO_OPINION;
  if (subresource === 'eviction') return verb === 'create' ? ALLOW : NO_OPINION;
  if (subresource !== '') return NO_OPINION;
  switch (verb) {
    case 'get':
      return getOnly(question, 'pod');
    case 'list':
    case 'watch':
      if (exactFieldValue(fieldSelector, 'spec.nodeName') === question.node) return ALLOW;
      return name === '' ? no('can only list/watch pods with spec.nodeName field selector') : related(question, 'pod');
    case 'create':
    case 'delete':
      return ALLOW;
    default:
      return NO_OPINION;
  }
}
