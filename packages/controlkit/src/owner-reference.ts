import {
  apiVersionOf,
  parseApiVersion,
  type GroupVersionKind,
  type KubeObject,
  type OwnerReference,
} from '@kts/apimachinery';

/** The one owner that manages the object, if it has one. */
export function controllerRefOf(object: {
  readonly metadata: { readonly ownerReferences?: readonly OwnerReference[] };
}): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** The reference that makes `owner` the controller of an object. Lists may leave out the owner's kind, so it is asked for. */
export function newControllerRef(owner: Pick<KubeObject, 'metadata'>, kind: GroupVersionKind): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Whether `owner` is the controller of the object. */
export function isControlledBy(object: Pick<KubeObject, 'metadata'>, owner: Pick<KubeObject, 'metadata'>): boolean {
  return controllerRefOf(object)?.uid === owner.metadata.uid;
}

/** Whether a reference names an object of that group and kind, in whatever version. */
export function refersToKind(reference: OwnerReference, kind: Pick<GroupVersionKind, 'group' | 'kind'>): boolean {
  return reference.kind === kind.kind && parseApiVersion(reference.apiVersion).group === kind.group;
}

/** Index function: the uid of an object's controller. */
export function controllerUidKeys(object: KubeObject): readonly string[] {
  const reference = controllerRefOf(object);
  return reference ? [reference.uid] : [];
}
