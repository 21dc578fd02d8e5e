import type { ManagedFieldsEntry, OwnerReference } from './gen/meta-v1.gen.ts';
import type { Time } from './scalars.ts';

/**
 * Metadata as an API server returns it: what the server always fills in is required here, so that readers need no
 * checks. Objects that are about to be created have `New<T>` instead.
 */
export interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly selfLink?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: Time;
  readonly deletionTimestamp?: Time;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

export interface NamespacedObjectMeta extends ObjectMeta {
  readonly namespace: string;
}

/** Metadata inside a template, or of an object that does not exist yet: everything is optional. */
export type TemplateMeta = Partial<ObjectMeta>;

/** What every stored object has. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** An object to create: `T` before the server has given it an identity. */
export type New<T extends KubeObject> = Omit<T, 'metadata'> & { readonly metadata: TemplateMeta };

/** Names an object within its resource. Cluster-scoped objects have no namespace. */
export interface ObjectKey {
  readonly namespace?: string;
  readonly name: string;
}

/** `namespace/name`, or `name` for a cluster-scoped object: the form of queue keys and of logs. */
export function keyText(key: ObjectKey): string {
  return key.namespace ? `${key.namespace}/${key.name}` : key.name;
}

export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf('/');
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}
