/**
 * What expressions of admission can refer to.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/compile.go (v1.36)
 */
import {
  AUTHORIZER,
  BOOL,
  createEnvironment,
  DYN,
  INT,
  jsonPatchLibrary,
  listOf,
  mapOf,
  objectType,
  RESOURCE_CHECK,
  STRING,
  TIMESTAMP,
  type CelType,
  type Environment,
} from '@kts/cel';

import { mutationType } from './mutation-types.ts';

/** What only some expressions have. */
export interface AdmissionVariables {
  readonly params: boolean;
  readonly authorizer: boolean;
  /** `Object{...}` and `JSONPatch{...}` can be made. */
  readonly patchTypes: boolean;
}

const STRINGS = listOf(STRING);

const KIND = objectType('kubernetes.GroupVersionKind', { group: STRING, version: STRING, kind: STRING });
const RESOURCE = objectType('kubernetes.GroupVersionResource', { group: STRING, version: STRING, resource: STRING });
const USER_INFO = objectType('kubernetes.UserInfo', {
  username: STRING,
  uid: STRING,
  groups: STRINGS,
  extra: mapOf(STRING, STRINGS),
});

/** The objects of a request are variables of their own. */
const REQUEST = objectType('kubernetes.AdmissionRequest', {
  kind: KIND,
  resource: RESOURCE,
  subResource: STRING,
  requestKind: KIND,
  requestResource: RESOURCE,
  requestSubResource: STRING,
  name: STRING,
  namespace: STRING,
  operation: STRING,
  userInfo: USER_INFO,
  dryRun: BOOL,
  options: DYN,
});

const NAMESPACE_CONDITION = objectType('kubernetes.NamespaceCondition', {
  status: STRING,
  type: STRING,
  lastTransitionTime: TIMESTAMP,
  message: STRING,
  reason: STRING,
});

const NAMESPACE = objectType('kubernetes.Namespace', {
  metadata: objectType('kubernetes.NamespaceMetadata', {
    name: STRING,
    generateName: STRING,
    namespace: STRING,
    labels: mapOf(STRING, STRING),
    annotations: mapOf(STRING, STRING),
    UID: STRING,
    creationTimestamp: TIMESTAMP,
    deletionGracePeriodSeconds: INT,
    deletionTimestamp: TIMESTAMP,
    generation: INT,
    resourceVersion: STRING,
    finalizers: STRINGS,
  }),
  spec: objectType('kubernetes.NamespaceSpec', { finalizers: STRINGS }),
  status: objectType('kubernetes.NamespaceStatus', { conditions: listOf(NAMESPACE_CONDITION), phase: STRING }),
});

const environments = new Map<string, Environment>();

/** `objectTypes` says what is known of `object`, `oldObject` and `params`; absent: nothing. */
export function admissionVariables(
  { params, authorizer }: Omit<AdmissionVariables, 'patchTypes'>,
  objectTypes: { readonly object?: CelType; readonly params?: CelType } = {},
): Readonly<Record<string, CelType>> {
  return {
    object: objectTypes.object ?? DYN,
    oldObject: objectTypes.object ?? DYN,
    namespaceObject: NAMESPACE,
    request: REQUEST,
    ...(params ? { params: objectTypes.params ?? DYN } : {}),
    ...(authorizer ? { authorizer: AUTHORIZER, 'authorizer.requestResource': RESOURCE_CHECK } : {}),
  };
}

export function admissionEnvironment(variables: AdmissionVariables): Environment {
  const key = `${variables.params} ${variables.authorizer} ${variables.patchTypes}`;
  return environments.getOrInsertComputed(key, () =>
    createEnvironment({
      variables: admissionVariables(variables),
      ...(variables.patchTypes ? { typeNamed: mutationType, libraries: [jsonPatchLibrary] } : {}),
    }),
  );
}
