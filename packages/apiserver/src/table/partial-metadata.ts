import type { KubeObject, ObjectMeta } from '@kts/apimachinery';

/** An object's metadata on its own: what garbage collectors and generic controllers ask for. */
export interface PartialObject {
  readonly kind: 'PartialObjectMetadata';
  readonly apiVersion: string;
  readonly metadata: ObjectMeta;
}

/** `version` is of `meta.k8s.io`. */
export function partialMetadata(object: KubeObject, version: string): PartialObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}
