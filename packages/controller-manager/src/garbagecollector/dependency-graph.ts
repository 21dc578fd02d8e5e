/**
 * Who owns whom, as seen through watches. No I/O: every change says what is to be looked at because of it.
 *
 * An owner that dependents name and nobody has seen yet is a virtual node. It becomes a real one when it is seen, or
 * goes when a look at the server shows that there is no such object. Dependents may name one uid with different
 * coordinates (kind, namespace, name), of which at most one is right: such nodes are looked at under each.
 *
 * Mirrors: pkg/controller/garbagecollector/graph.go, graph_builder.go (v1.36)
 */
import { deepEqual, type KubeObject, type OwnerReference } from '@kts/apimachinery';

import { AbsentOwners } from './absent-owners.ts';
import {
  compareReferences,
  ownerOf,
  referenceOf,
  sameCoordinates,
  sameReference,
  type ObjectReference,
} from './object-reference.ts';

export const FOREGROUND_FINALIZER = 'foregroundDeletion';
export const ORPHAN_FINALIZER = 'orphan';

export interface GraphNode {
  readonly identity: ObjectReference;
  readonly owners: readonly OwnerReference[];
  readonly dependents: ReadonlySet<GraphNode>;
  readonly deletingDependents: boolean;
  readonly beingDeleted: boolean;
  /** Not seen yet. */
  readonly virtual: boolean;
}

type MutableNode = { -readonly [K in keyof GraphNode]: GraphNode[K] } & { dependents: Set<MutableNode> };

export interface InvalidOwner {
  readonly dependent: ObjectReference;
  readonly owner: ObjectReference;
}

/** What a change asks for. */
export interface GraphEffects {
  /** Uids of nodes that may have to go. */
  readonly attemptToDelete: Set<string>;
  /** The same, but not at once. */
  readonly attemptLater: Set<string>;
  /** Uids of owners whose dependents are to be set free. */
  readonly attemptToOrphan: Set<string>;
  /** References across namespaces, to be told. */
  readonly invalidOwners: InvalidOwner[];
}

export class DependencyGraph {
  readonly #nodes = new Map<string, MutableNode>();
  readonly absentOwners = new AbsentOwners();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** An object was added, or changed from `old`. */
  put(object: KubeObject, old?: KubeObject): GraphEffects {
    const effects = noEffects();
    const owners = object.metadata.ownerReferences ?? [];
    const node = this.#observed(object, effects);
    if (node) this.#update(node, owners, isBeingDeleted(object), effects);
    const current = node ?? this.#insert(object, owners, effects);
    if (startsWith(object, old, ORPHAN_FINALIZER)) effects.attemptToOrphan.add(object.metadata.uid);
    else if (startsWith(object, old, FOREGROUND_FINALIZER)) {
      current.deletingDependents = true;
      for (const { identity } of current.dependents) effects.attemptToDelete.add(identity.uid);
      effects.attemptToDelete.add(object.metadata.uid);
    }
    return effects;
  }

  /** A watch has seen the object go. */
  delete(object: KubeObject): GraphEffects {
    const effects = noEffects();
    const node = this.#observed(object, effects);
    if (node) this.#remove(node, referenceOf(object), effects);
    return effects;
  }

  /** A look at the server has shown that there is no such object. */
  deleteVirtual(identity: ObjectReference): GraphEffects {
    const effects = noEffects();
    const node = this.#nodes.get(identity.uid);
    if (!node) return effects;
    const { matching, mismatching } = partition(node.dependents, identity);
    if (!node.virtual && sameReference(node.identity, identity)) this.#remove(node, identity, effects);
    else if (node.virtual && mismatching.length === 0) this.#remove(node, identity, effects);
    else {
      // Only for those who meant that object it is absent; others may mean one that exists.
      if (matching.length > 0) this.absentOwners.add(identity);
      for (const dependent of matching) effects.attemptToDelete.add(dependent.identity.uid);
      if (node.virtual && sameReference(node.identity, identity)) this.#tryOther(node, mismatching, identity, effects);
    }
    return effects;
  }

  /** The node for an object that was seen; if it was virtual until now, it is what was seen from here on. */
  #observed(object: KubeObject, effects: GraphEffects): MutableNode | undefined {
    const node = this.#nodes.get(object.metadata.uid);
    if (!node?.virtual) return node;
    const identity = referenceOf(object);
    if (!sameReference(identity, node.identity)) {
      for (const dependent of partition(node.dependents, identity).mismatching) {
        if (identity.namespace && dependent.identity.namespace !== identity.namespace) {
          reportInvalid(dependent, identity.uid, effects);
        }
        effects.attemptToDelete.add(dependent.identity.uid);
      }
      node.identity = identity;
    }
    node.virtual = false;
    return node;
  }

  #insert(object: KubeObject, owners: readonly OwnerReference[], effects: GraphEffects): MutableNode {
    const beingDeleted = isBeingDeleted(object);
    const node: MutableNode = {
      identity: referenceOf(object),
      owners,
      dependents: new Set(),
      deletingDependents: beingDeleted && hasFinalizer(object, FOREGROUND_FINALIZER),
      beingDeleted,
      virtual: false,
    };
    this.#nodes.set(node.identity.uid, node);
    this.#addToOwners(node, owners, effects);
    return node;
  }

  #update(node: MutableNode, owners: readonly OwnerReference[], beingDeleted: boolean, effects: GraphEffects): void {
    const before = node.owners;
    const added = owners.filter(({ uid }) => !before.some((each) => each.uid === uid));
    const removed = before.filter(({ uid }) => !owners.some((each) => each.uid === uid));
    if (!deepEqual(before, owners)) {
      this.#unblockOwners(before, owners, effects);
      node.owners = owners;
      this.#addToOwners(node, added, effects);
      for (const { uid } of removed) this.#nodes.get(uid)?.dependents.delete(node);
    }
    node.beingDeleted ||= beingDeleted;
  }

  /** Owners that wait for their dependents and are no longer held up by this one. */
  #unblockOwners(before: readonly OwnerReference[], after: readonly OwnerReference[], effects: GraphEffects): void {
    for (const { uid, blockOwnerDeletion } of before) {
      const blocks = after.find((each) => each.uid === uid)?.blockOwnerDeletion ?? false;
      if (blockOwnerDeletion && !blocks && this.#nodes.has(uid)) effects.attemptToDelete.add(uid);
    }
  }

  #addToOwners(node: MutableNode, owners: readonly OwnerReference[], effects: GraphEffects): void {
    let mayBeInvalid = false;
    for (const reference of owners) {
      const owner = this.#nodes.get(reference.uid);
      if (!owner) {
        this.#insertVirtual(ownerOf(reference, node.identity.namespace), node);
        effects.attemptToDelete.add(reference.uid);
        continue;
      }
      owner.dependents.add(node);
      if (mayBeInvalid) continue;
      const { namespace } = owner.identity;
      const elsewhere = namespace !== node.identity.namespace;
      if (namespace && elsewhere) {
        if (!owner.virtual) reportInvalid(node, reference.uid, effects);
        mayBeInvalid = true;
      } else if (!sameCoordinates(reference, owner.identity)) mayBeInvalid = true;
      // A virtual node may only look cluster-scoped, because a cluster-scoped object named it.
      else if (!namespace && elsewhere && owner.virtual) mayBeInvalid = true;
    }
    if (mayBeInvalid) effects.attemptToDelete.add(node.identity.uid);
  }

  #insertVirtual(identity: ObjectReference, dependent: MutableNode): void {
    this.#nodes.set(identity.uid, {
      identity,
      owners: [],
      dependents: new Set([dependent]),
      deletingDependents: false,
      beingDeleted: false,
      virtual: true,
    });
  }

  #remove(node: MutableNode, identity: ObjectReference, effects: GraphEffects): void {
    this.#nodes.delete(node.identity.uid);
    for (const { uid } of node.owners) this.#nodes.get(uid)?.dependents.delete(node);
    if (node.dependents.size > 0) this.absentOwners.add(identity);
    for (const dependent of node.dependents) effects.attemptToDelete.add(dependent.identity.uid);
    for (const { uid } of node.owners) {
      if (this.#nodes.get(uid)?.deletingDependents) effects.attemptToDelete.add(uid);
    }
  }

  /** Looks for the node under the next of the identities that its dependents name. */
  #tryOther(node: MutableNode, dependents: readonly GraphNode[], absent: ObjectReference, effects: GraphEffects): void {
    const other = alternateIdentity(dependents, absent);
    if (!other) return;
    node.identity = other;
    effects.attemptLater.add(other.uid);
  }
}

function noEffects(): GraphEffects {
  return { attemptToDelete: new Set(), attemptLater: new Set(), attemptToOrphan: new Set(), invalidOwners: [] };
}

/** Whose reference means the identity, and whose means something else of the same uid. */
function partition(
  dependents: Iterable<MutableNode>,
  identity: ObjectReference,
): { matching: readonly MutableNode[]; mismatching: readonly MutableNode[] } {
  const matching: MutableNode[] = [];
  const mismatching: MutableNode[] = [];
  for (const dependent of dependents) {
    const references = dependent.owners.filter(({ uid }) => uid === identity.uid);
    const elsewhere = identity.namespace !== '' && identity.namespace !== dependent.identity.namespace;
    if (!elsewhere && references.some((each) => sameCoordinates(each, identity))) matching.push(dependent);
    if (elsewhere || references.some((each) => !sameCoordinates(each, identity))) mismatching.push(dependent);
  }
  return { matching, mismatching };
}

function alternateIdentity(dependents: readonly GraphNode[], absent: ObjectReference): ObjectReference | undefined {
  const candidates = dependents.flatMap(({ owners, identity }) =>
    owners
      .filter(({ uid }) => uid === absent.uid)
      .filter(
        (each) =>
          !sameCoordinates(each, absent) || (absent.namespace !== '' && absent.namespace !== identity.namespace),
      )
      .map((each) => {
        const clusterScoped = !absent.namespace && each.apiVersion === absent.apiVersion && each.kind === absent.kind;
        return ownerOf(each, clusterScoped ? '' : identity.namespace);
      }),
  );
  const sorted = candidates.filter((each) => !sameReference(each, absent)).toSorted(compareReferences);
  return sorted.find((each) => compareReferences(absent, each) < 0) ?? sorted[0];
}

function reportInvalid(dependent: GraphNode, ownerUid: string, effects: GraphEffects): void {
  const reference = dependent.owners.find(({ uid }) => uid === ownerUid);
  if (!reference) return;
  const owner = ownerOf(reference, dependent.identity.namespace);
  effects.invalidOwners.push({ dependent: dependent.identity, owner });
}

function isBeingDeleted({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

export function hasFinalizer({ metadata }: KubeObject, finalizer: string): boolean {
  return metadata.finalizers?.includes(finalizer) ?? false;
}

/** The object's deletion begins to wait for that finalizer. */
function startsWith(object: KubeObject, old: KubeObject | undefined, finalizer: string): boolean {
  if (!isBeingDeleted(object) || !hasFinalizer(object, finalizer)) return false;
  return !old || !isBeingDeleted(old) || !hasFinalizer(old, finalizer);
}
