/**
 * What `kubectl explain` tells of the metadata that every object has.
 *
 * Differs: the words are shorter than upstream's, and other types have none, because descriptions are most of an OpenAPI document.
 */
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';

interface Description {
  readonly type: string;
  readonly fields: Readonly<Record<string, string>>;
}

const DESCRIPTIONS: Readonly<Record<string, Description>> = {
  ObjectMeta: {
    type: 'ObjectMeta is metadata that every stored object has.',
    fields: {
      annotations:
        'Annotations are keys and values that tools keep with an object. They cannot be selected by, and who changes the object leaves them as they are.',
      creationTimestamp:
        'CreationTimestamp is a timestamp of when the server created this object, in UTC. Set by the server. Read-only.',
      deletionGracePeriodSeconds:
        'Number of seconds that this object has to terminate before it is removed. Set with deletionTimestamp; may only be shortened. Read-only.',
      deletionTimestamp:
        'DeletionTimestamp is the time after which this object is removed, once its list of finalizers is empty. Set by the server when deletion is asked for; it is never unset, and never set later. Read-only.',
      finalizers:
        'Identifiers of components that have something to do before this object may be removed: each removes its own, in any order. None can be added once the object is being deleted.',
      generateName:
        'GenerateName is a prefix of which the server makes a unique name, if no name is given. Should the name exist already, the answer is 409.',
      generation: 'A number that grows with every change of the desired state. Set by the server. Read-only.',
      labels:
        'Labels are keys and values that objects are organized and selected by, as Services and controllers select pods.',
      managedFields:
        'ManagedFields tells which fields each manager has set, by manager, operation and version. Kept by the server for apply; users rarely need it.',
      name: 'Name is unique among the objects of a resource in one namespace. Required on creation, unless generateName is given. Cannot be updated.',
      namespace:
        'Namespace is the space within which names are unique; empty for objects that are in none. Must be a DNS label. Cannot be updated.',
      ownerReferences:
        'The objects that this one depends on: when all of them are gone, it is garbage collected. At most one of them is its managing controller.',
      resourceVersion:
        'An opaque value that changes with every write of this object, for optimistic concurrency and watches. Clients pass it back unmodified. Set by the server. Read-only.',
      selfLink: 'Deprecated: selfLink is no longer set by the server.',
      uid: 'UID is unique in time and space, among all objects that ever had this name and all others. Set by the server. Read-only.',
    },
  },
  ListMeta: {
    type: 'ListMeta is metadata of lists, which are not stored.',
    fields: {
      continue:
        'continue is set if there are more objects than the limit asked for: an opaque value that gets the next of them. It expires after a few minutes.',
      remainingItemCount:
        'remainingItemCount is an estimate of how many objects follow those in this list. Not set with the last of them, or with selectors.',
      resourceVersion:
        'The version of the collection that this list shows, as an opaque value from which it can be watched. Set by the server. Read-only.',
      selfLink: 'Deprecated: selfLink is no longer set by the server.',
      shardInfo: 'shardInfo tells which part of the collection this list is, if a part was asked for.',
    },
  },
  OwnerReference: {
    type: 'OwnerReference identifies an owner of an object, in the same namespace or in none.',
    fields: {
      apiVersion: 'API version of the owner.',
      blockOwnerDeletion:
        'If true, an owner that is deleted in the foreground is not removed before this object. Who sets it needs permission to delete the owner. Defaults to false.',
      controller: 'If true, the owner is the managing controller.',
      kind: 'Kind of the owner.',
      name: 'Name of the owner.',
      uid: 'UID of the owner.',
    },
  },
  ManagedFieldsEntry: {
    type: 'ManagedFieldsEntry is the set of fields that one manager has set in one way.',
    fields: {
      apiVersion: 'APIVersion is the version of the resource that the names of the fields belong to.',
      fieldsType: 'FieldsType tells the format of the fields. The only value is "FieldsV1".',
      fieldsV1: 'FieldsV1 is the set of fields, in the format of that name.',
      manager: 'Manager identifies who manages the fields.',
      operation: "Operation is how the fields were set: 'Apply' or 'Update'.",
      subresource: 'Subresource is the subresource through which the fields were set; empty for the object itself.',
      time: 'Time is when the manager last added a field, changed one or removed one.',
    },
  },
};

/** Of a type by its full name, if it has any. */
export function descriptionOfType(name: string): Description | undefined {
  return name.startsWith(META) ? DESCRIPTIONS[name.slice(META.length)] : undefined;
}
