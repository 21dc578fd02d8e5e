/**
 * Mirrors: CollectParams in staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go (v1.36)
 */
import { labelSelectorMatcher, type KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';
import type { ParamRef } from '@kts/api/types/admissionregistration-v1';

import type { LiveObjects } from '../live-objects.ts';
import { fromStorage } from '../matching/versioned-object.ts';

/**
 * The parameters that a binding names, each of which the policy is to be evaluated with; `undefined`: without. None at
 * all: the policy does not apply. Throws an Error where the binding makes no sense for the request.
 */
export async function collectParams(
  live: LiveObjects,
  resource: ResourceDefinition | undefined,
  reference: ParamRef | undefined,
  requestNamespace: string,
): Promise<readonly (KubeObject | undefined)[]> {
  if (!resource || !reference) return [undefined];
  const { name = '', namespace = '', selector, parameterNotFoundAction } = reference;
  const home = paramNamespace(resource, namespace, requestNamespace);
  const found = name
    ? [await live.get(resource, home, name)].filter((object) => object !== undefined)
    : await selected(live, resource, home, selector);
  if (found.length === 0 && parameterNotFoundAction === 'Deny') {
    throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction');
  }
  return Promise.all(found.map((object) => fromStorage(object, resource)));
}

function paramNamespace({ namespaced }: ResourceDefinition, namespace: string, requestNamespace: string): string {
  if (!namespaced) {
    if (namespace === '') return '';
    throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  }
  const home = namespace || requestNamespace;
  if (home === '') {
    throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
  }
  return home;
}

async function selected(
  live: LiveObjects,
  resource: ResourceDefinition,
  namespace: string,
  selector: ParamRef['selector'],
): Promise<readonly KubeObject[]> {
  const matcher = labelSelectorMatcher(selector);
  const all = await live.list(resource, namespace);
  return all.filter(({ metadata }) => matcher.matches(metadata.labels));
}
