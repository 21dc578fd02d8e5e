import type { Pod } from '@kts/api/types/core-v1';
import type { KubeObject } from '@kts/apimachinery';
import { controllerRefOf, controllerUidKeys, type Informer } from '@kts/controlkit';

const BY_CONTROLLER = 'controllerUid';
const ORPHANS = 'orphansOfNamespace';
const BY_NODE = 'nodeName';

/** Indexes by controller and of those without one. For the `setup` of controllers that own such objects. */
export function addOwnerIndexes<T extends KubeObject>(informer: Informer<T>): void {
  informer.addIndex(BY_CONTROLLER, controllerUidKeys);
  informer.addIndex(ORPHANS, (object) => (controllerRefOf(object) ? [] : [object.metadata.namespace ?? '']));
}

export function addNodeIndex(informer: Informer<Pod>): void {
  informer.addIndex(BY_NODE, (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []));
}

/** The objects whose controller is `owner`. */
export function controlledBy<T extends KubeObject>(
  informer: Informer<T>,
  owner: Pick<KubeObject, 'metadata'>,
): readonly T[] {
  return informer.byIndex(BY_CONTROLLER, owner.metadata.uid);
}

/** The objects that `owner` has, and those that it might adopt or release. */
export function candidatesOf<T extends KubeObject>(
  informer: Informer<T>,
  owner: Pick<KubeObject, 'metadata'>,
): readonly T[] {
  return [...controlledBy(informer, owner), ...informer.byIndex(ORPHANS, owner.metadata.namespace ?? '')];
}

export function podsOnNode(informer: Informer<Pod>, nodeName: string): readonly Pod[] {
  return informer.byIndex(BY_NODE, nodeName);
}
