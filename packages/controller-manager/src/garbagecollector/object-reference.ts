import type { KubeObject, OwnerReference } from '@kts/apimachinery';

/** An object by everything that an owner reference, and the place where it stands, say about it. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export function referenceOf({ apiVersion = '', kind = '', metadata }: KubeObject): ObjectReference {
  const { namespace = '', name, uid } = metadata;
  return { apiVersion, kind, namespace, name, uid };
}

/** What an object in `namespace` refers to with an owner reference. */
export function ownerOf({ apiVersion, kind, name, uid }: OwnerReference, namespace: string): ObjectReference {
  return { apiVersion, kind, namespace, name, uid };
}

export function sameReference(a: ObjectReference, b: ObjectReference): boolean {
  return sameCoordinates(a, b) && a.namespace === b.namespace;
}

/** Equal but for the namespace, which owner references do not have. */
export function sameCoordinates(a: Omit<ObjectReference, 'namespace'>, b: Omit<ObjectReference, 'namespace'>): boolean {
  return a.uid === b.uid && a.name === b.name && a.kind === b.kind && a.apiVersion === b.apiVersion;
}

export function referenceText({ apiVersion, kind, namespace, name, uid }: ObjectReference): string {
  return `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
}

/** A total order, so that everybody picks the same one of several. */
export function compareReferences(a: ObjectReference, b: ObjectReference): number {
  for (const field of ['kind', 'apiVersion', 'namespace', 'name', 'uid'] as const) {
    if (a[field] !== b[field]) return a[field] < b[field] ? -1 : 1;
  }
  return 0;
}
