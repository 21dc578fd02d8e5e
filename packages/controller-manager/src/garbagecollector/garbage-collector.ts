/**
 * Deletes what has lost its last owner, and lets owners go in the order that their deletion asked for.
 *
 *     watches of everything -> graph -> attemptToDelete -> look at the object and its owners on the server -> delete
 *                                    -> attemptToOrphan -> take the owner off its dependents -> let the owner go
 *
 * Mirrors: pkg/controller/garbagecollector/{garbagecollector,operations}.go (v1.36)
 * Differs: owner references are replaced by a merge patch of the version that was looked at, for all resources.
 */
import { isConflict, isNotFound, parseApiVersion, type KubeObject, type OwnerReference } from '@kts/apimachinery';
import { aborted, forEachLimit, TaskGroup, type Component } from '@kts/base';
import { WorkQueue, type ControllerDependencies } from '@kts/controlkit';

import { discoverResources, type ServerResource } from '../discovery/server-resources.ts';
import {
  DependencyGraph,
  FOREGROUND_FINALIZER,
  hasFinalizer,
  ORPHAN_FINALIZER,
  type GraphEffects,
  type GraphNode,
} from './dependency-graph.ts';
import { ownerOf, referenceText, type ObjectReference } from './object-reference.ts';
import { blockingDependents, planItem, type OwnerState } from './plan-item.ts';
import { ResourceMonitors } from './resource-monitors.ts';

const WORKERS = 20;
const ORPHAN_CONCURRENCY = 10;
const DISCOVERY_PERIOD_MS = 30_000;
/** Resources that cannot be watched must not keep everything else waiting. */
const SYNC_TIMEOUT_MS = 30_000;

export function createGarbageCollector(deps: ControllerDependencies): Component {
  return new GarbageCollector(deps);
}

class GarbageCollector implements Component {
  readonly name = 'garbage-collector-controller';
  readonly #deps: ControllerDependencies;
  readonly #graph = new DependencyGraph();
  readonly #attemptToDelete: WorkQueue<string>;
  readonly #attemptToOrphan: WorkQueue<string>;
  readonly #ready = Promise.withResolvers<void>();
  #resources: readonly ServerResource[] = [];

  constructor(deps: ControllerDependencies) {
    this.#deps = deps;
    this.#attemptToDelete = new WorkQueue({ clock: deps.clock });
    this.#attemptToOrphan = new WorkQueue({ clock: deps.clock });
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  async run(signal: AbortSignal): Promise<void> {
    const group = new TaskGroup(signal);
    const monitors = new ResourceMonitors(this.#deps, {
      onPut: (object, old) => this.#follow(this.#graph.put(object, old)),
      onDelete: (object) => this.#follow(this.#graph.delete(object)),
    });
    const onAbort = (): void => {
      this.#attemptToDelete.shutdown();
      this.#attemptToOrphan.shutdown();
    };
    group.signal.addEventListener('abort', onAbort, { once: true });
    if (group.signal.aborted) onAbort();
    const synced = Promise.withResolvers<void>();
    group.start((groupSignal) => this.#watchEverything(monitors, synced.resolve, groupSignal));
    for (let worker = 0; worker < WORKERS; worker++) {
      group.start(async (groupSignal) => {
        await Promise.race([synced.promise, aborted(groupSignal)]);
        await this.#work(this.#attemptToDelete, (uid) => this.#tryToDelete(uid, groupSignal));
      });
    }
    group.start(async (groupSignal) => {
      await Promise.race([synced.promise, aborted(groupSignal)]);
      await this.#work(this.#attemptToOrphan, (uid) => this.#tryToOrphan(uid, groupSignal));
    });
    await group.done();
  }

  /** Follows discovery: custom resources come and go. */
  async #watchEverything(monitors: ResourceMonitors, onSynced: () => void, signal: AbortSignal): Promise<void> {
    const { client, clock, log } = this.#deps;
    try {
      while (!signal.aborted) {
        try {
          const { resources, failures } = await discoverResources(client, signal);
          for (const { groupVersion, message } of failures) log.warn('discovery failed', { groupVersion, message });
          this.#resources = resources;
          monitors.follow(
            resources,
            failures.map(({ groupVersion }) => groupVersion),
            signal,
          );
          await Promise.race([monitors.synced(), clock.sleep(SYNC_TIMEOUT_MS, signal)]);
          onSynced();
          this.#ready.resolve();
        } catch (error) {
          if (!signal.aborted) log.error('cannot find out what resources there are', { error });
        }
        await clock.sleep(DISCOVERY_PERIOD_MS, signal).catch(() => {});
      }
    } finally {
      await monitors.stop();
    }
  }

  #follow({ attemptToDelete, attemptLater, attemptToOrphan, invalidOwners }: GraphEffects): void {
    for (const uid of attemptToDelete) this.#attemptToDelete.add(uid);
    for (const uid of attemptLater) this.#attemptToDelete.addRateLimited(uid);
    for (const uid of attemptToOrphan) this.#attemptToOrphan.add(uid);
    for (const { dependent, owner } of invalidOwners) {
      const message = `ownerRef ${referenceText(owner)} does not exist in namespace ${JSON.stringify(owner.namespace)}`;
      this.#deps.events.event(dependent, 'Warning', 'OwnerRefInvalidNamespace', message);
    }
  }

  /** `attempt` returns whether it is done with the item. */
  async #work(queue: WorkQueue<string>, attempt: (uid: string) => Promise<boolean>): Promise<void> {
    for (let uid = await queue.get(); uid !== undefined; uid = await queue.get()) {
      let done = false;
      try {
        done = await attempt(uid);
      } catch (error) {
        const fields = { object: this.#textOf(uid), error };
        if (isConflict(error)) this.#deps.log.debug(2, 'garbage collection lost a race', fields);
        else this.#deps.log.error('garbage collection of an object failed', fields);
      }
      if (done) queue.forget(uid);
      else queue.addRateLimited(uid);
      queue.done(uid);
    }
  }

  #textOf(uid: string): string {
    const node = this.#graph.get(uid);
    return node ? referenceText(node.identity) : uid;
  }

  async #tryToDelete(uid: string, signal: AbortSignal): Promise<boolean> {
    const node = this.#graph.get(uid);
    if (!node) return true;
    if (node.beingDeleted && !node.deletingDependents) return true;
    const { identity } = node;
    // Nothing that could be deleted, and nothing that another look would change.
    if (this.#needsNamespace(identity)) return true;
    try {
      const latest = await this.#get(identity, signal);
      if (latest.metadata.uid !== uid) this.#follow(this.#graph.deleteVirtual(identity));
      else if (node.deletingDependents) await this.#finishForeground(node, latest, signal);
      else await this.#collect(node, latest, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#follow(this.#graph.deleteVirtual(identity));
      return true;
    }
    // Its watch has not shown it yet: it is there, but not what it has for dependents.
    return this.#graph.get(uid)?.virtual !== true;
  }

  /** The object waits for those dependents that hold it up. */
  async #finishForeground(node: GraphNode, latest: KubeObject, signal: AbortSignal): Promise<void> {
    const blocking = blockingDependents(node);
    if (blocking.length === 0) return this.#removeFinalizer(node.identity, latest, FOREGROUND_FINALIZER, signal);
    for (const { identity, deletingDependents } of blocking) {
      if (!deletingDependents) this.#attemptToDelete.add(identity.uid);
    }
  }

  async #collect(node: GraphNode, latest: KubeObject, signal: AbortSignal): Promise<void> {
    const { identity } = node;
    const states: OwnerState[] = [];
    for (const reference of latest.metadata.ownerReferences ?? []) {
      // A cluster-scoped object cannot be owned by a namespaced one: nobody knows what its owner is.
      if (!identity.namespace && this.#resourceOf(reference).namespaced) return;
      states.push(await this.#stateOf(reference, identity, signal));
    }
    const plan = planItem(latest, states, node);
    switch (plan.do) {
      case 'nothing':
        return;
      case 'setOwners':
        await this.#setOwners(identity, latest, plan.owners, signal);
        return;
      case 'delete': {
        const current = plan.unblocked ? await this.#setOwners(identity, latest, plan.unblocked, signal) : latest;
        await this.#delete(identity, current, plan.policy, signal);
      }
    }
  }

  async #stateOf(reference: OwnerReference, item: ObjectReference, signal: AbortSignal): Promise<OwnerState> {
    const { absentOwners } = this.#graph;
    const inNamespace = ownerOf(reference, item.namespace);
    if (absentOwners.has(ownerOf(reference, '')) || absentOwners.has(inNamespace)) return 'dangling';
    const { namespaced } = this.#resourceOf(reference);
    try {
      const owner = await this.#get(inNamespace, signal);
      if (owner.metadata.uid === reference.uid) {
        const waits = owner.metadata.deletionTimestamp !== undefined && hasFinalizer(owner, FOREGROUND_FINALIZER);
        return waits ? 'waiting' : 'solid';
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    absentOwners.add(namespaced ? inNamespace : ownerOf(reference, ''));
    return 'dangling';
  }

  async #delete(
    identity: ObjectReference,
    latest: KubeObject,
    propagationPolicy: 'Orphan' | 'Background' | 'Foreground',
    signal: AbortSignal,
  ): Promise<void> {
    const { uid, resourceVersion } = latest.metadata;
    const preconditions = { uid, resourceVersion };
    await this.#deps.client.delete(this.#resourceOf(identity), this.#keyOf(identity), {
      propagationPolicy,
      preconditions,
      signal,
    });
  }

  async #tryToOrphan(uid: string, signal: AbortSignal): Promise<boolean> {
    const owner = this.#graph.get(uid);
    if (!owner) return true;
    await forEachLimit(owner.dependents, ORPHAN_CONCURRENCY, async ({ identity }) => {
      await this.#ignoringNotFound(async () => {
        const latest = await this.#get(identity, signal);
        if (latest.metadata.uid !== identity.uid) return;
        const owners = latest.metadata.ownerReferences ?? [];
        const rest = owners.filter((reference) => reference.uid !== uid);
        if (rest.length < owners.length) await this.#setOwners(identity, latest, rest, signal);
      });
    });
    await this.#ignoringNotFound(async () => {
      const latest = await this.#get(owner.identity, signal);
      await this.#removeFinalizer(owner.identity, latest, ORPHAN_FINALIZER, signal);
    });
    return true;
  }

  async #ignoringNotFound(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #removeFinalizer(
    identity: ObjectReference,
    latest: KubeObject,
    finalizer: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { finalizers = [], uid, resourceVersion } = latest.metadata;
    if (uid !== identity.uid || !finalizers.includes(finalizer)) return;
    const rest = finalizers.filter((each) => each !== finalizer);
    await this.#patchMetadata(identity, { resourceVersion, finalizers: rest }, signal);
  }

  #setOwners(
    identity: ObjectReference,
    { metadata }: KubeObject,
    owners: readonly OwnerReference[],
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const { resourceVersion } = metadata;
    return this.#patchMetadata(identity, { resourceVersion, ownerReferences: owners }, signal);
  }

  #patchMetadata(identity: ObjectReference, metadata: object, signal: AbortSignal): Promise<KubeObject> {
    const patch = { type: 'merge', body: { metadata } } as const;
    return this.#deps.client.patch(this.#resourceOf(identity), this.#keyOf(identity), patch, { signal });
  }

  #get(identity: ObjectReference, signal: AbortSignal): Promise<KubeObject> {
    return this.#deps.client.get(this.#resourceOf(identity), this.#keyOf(identity), { signal });
  }

  #keyOf(identity: ObjectReference): { name: string; namespace?: string } {
    const { name, namespace } = identity;
    return this.#resourceOf(identity).namespaced ? { name, namespace } : { name };
  }

  #needsNamespace(identity: ObjectReference): boolean {
    return !identity.namespace && this.#resourceOf(identity).namespaced;
  }

  /** @throws if no such kind is known (now): it may come, so that is tried again */
  #resourceOf({ apiVersion, kind }: { apiVersion: string; kind: string }): ServerResource {
    const { group } = parseApiVersion(apiVersion);
    const found = this.#resources.find((each) => each.kind === kind && each.group === group);
    if (!found) throw new Error(`unable to get REST mapping for ${apiVersion}/${kind}.`);
    return found;
  }
}
