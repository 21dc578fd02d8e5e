/**
 * Whether labels of the object and of its namespace are what a hook selects.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/{namespace,object} (v1.36)
 */
import {
  internalError,
  labelSelectorMatcher,
  notFound,
  type LabelMatcher,
  type LabelSelector,
} from '@kts/apimachinery';
import { namespaces } from '@kts/api';

import { resourceOf, type AdmissionAttributes } from '../admission.ts';
import type { LiveObjects } from '../live-objects.ts';

/** Selectors of a hook, parsed once. An `Error` is a selector that cannot be understood. */
export interface HookSelectors {
  readonly namespace: LabelMatcher | Error;
  readonly object: LabelMatcher | Error;
}

export function hookSelectors(hook: {
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
}): HookSelectors {
  return { namespace: parsed(hook.namespaceSelector), object: parsed(hook.objectSelector) };
}

function parsed(selector: LabelSelector | undefined): LabelMatcher | Error {
  try {
    return labelSelectorMatcher(selector);
  } catch (error) {
    return error as Error;
  }
}

/**
 * Throws what the client gets where it cannot be said: an unreadable selector, a namespace that does not exist. Nothing
 * is looked up for a selector that takes everything.
 */
export async function selectorsMatch(
  { namespace, object }: HookSelectors,
  attributes: AdmissionAttributes,
  live: LiveObjects,
): Promise<boolean> {
  if (!Error.isError(object) && !objectMatches(object, attributes)) return false;
  const isNamespace = attributes.definition.plural === 'namespaces';
  if (attributes.namespace !== '' || isNamespace) {
    if (Error.isError(namespace)) throw internalError(namespace.message);
    if (!namespace.everything && !namespace.matches(await namespaceLabels(attributes, live))) return false;
  }
  if (Error.isError(object)) throw internalError(object.message);
  return true;
}

function objectMatches(selector: LabelMatcher, { object, old }: AdmissionAttributes): boolean {
  if (selector.everything) return true;
  return [object, old].some((one) => one !== undefined && selector.matches(one.metadata?.labels));
}

type Labels = Readonly<Record<string, string>> | undefined;

/** A namespace that is being written counts with its new labels. */
async function namespaceLabels(attributes: AdmissionAttributes, live: LiveObjects): Promise<Labels> {
  const { operation, object, subresource, namespace } = attributes;
  const isWrite = operation === 'CREATE' || operation === 'UPDATE';
  if (resourceOf(attributes) === 'namespaces' && subresource === '' && isWrite) return object?.metadata.labels;
  const found = await live.get(namespaces, '', namespace);
  if (!found) throw notFound(namespaces, namespace);
  return found.metadata.labels;
}
