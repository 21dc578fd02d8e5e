/**
 * Watches over all nodes: notices those that come, go, or fall silent, and taints the silent ones so that their pods are
 * evicted.
 *
 * Mirrors: monitorNodeHealth, doNoExecuteTaintingPass in pkg/controller/nodelifecycle/node_lifecycle_controller.go (v1.36)
 */
import { leases, nodes, pods } from '@kts/api';
import type { Node, ObjectReference, Taint } from '@kts/api/types/core-v1';
import { isNotFound, keyText } from '@kts/apimachinery';
import { forEachLimit } from '@kts/base';

import type { ControllerManagerConfig } from '../controller-manager-config.ts';
import { hasTaint, nodeCondition, zoneOf } from '../nodes/node-state.ts';
import { swapTaints } from '../nodes/node-taints.ts';
import type { PeriodicContext } from '../periodic/periodic-controller.ts';
import { podsOnNode } from '../pods/pod-indexes.ts';
import { markPodsNotReady } from './mark-pods-not-ready.ts';
import { assessHealth, type Assessment, type NodeHealth } from './node-health.ts';
import { planDisruption, type EvictionRates, type ZoneCounts, type ZoneState } from './zone-disruption.ts';
import { ZoneEvictionQueue } from './zone-eviction-queue.ts';

const LEASE_NAMESPACE = 'kube-node-lease';
const EXCLUDED_LABEL = 'node.kubernetes.io/exclude-disruption';
const NOT_READY: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' };
const UNREACHABLE: Taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };
const NODES_AT_A_TIME = 8;
const HEALTH_TRIES_MAX = 5;
const RETRY_MS = 20;

export type NodeMonitorConfig = Pick<
  ControllerManagerConfig,
  | 'nodeMonitorGracePeriodMs'
  | 'nodeStartupGracePeriodMs'
  | 'nodeEvictionRate'
  | 'secondaryNodeEvictionRate'
  | 'unhealthyZoneThreshold'
  | 'largeClusterSizeThreshold'
>;

export class NodeMonitor {
  readonly #config: NodeMonitorConfig;
  readonly #known = new Map<string, Node>();
  readonly #health = new Map<string, NodeHealth>();
  readonly #queues = new Map<string, ZoneEvictionQueue>();
  /** Nodes whose pods could not all be marked. */
  readonly #unmarked = new Set<string>();
  #zones: ReadonlyMap<string, ZoneState> = new Map();
  #evictionsNeeded = Promise.withResolvers<void>();

  constructor(config: NodeMonitorConfig) {
    this.#config = config;
  }

  /** Undefined for a node that was not looked at yet, or never spoke. */
  readyStatusOf(nodeName: string): string | undefined {
    return this.#health.get(nodeName)?.ready?.status;
  }

  /** One look at all nodes. */
  async look(context: PeriodicContext): Promise<void> {
    const all = context.informers.get(nodes).list();
    await this.#register(all, context);
    const zones = new Map<string, ZoneCounts>();
    await forEachLimit(all, NODES_AT_A_TIME, async (node) => {
      try {
        await this.#lookAt(node, zones, context);
      } catch (error) {
        if (!isNotFound(error)) context.log.error('node not looked at', { node: node.metadata.name, error });
      }
    });
    await this.#disrupt(zones, all, context);
    if (this.#someoneWaits()) this.#evictionsNeeded.resolve();
  }

  /** Resolves when a look has found a node to evict; undefined while one waits for its turn. */
  evictionsNeeded(): Promise<void> | undefined {
    if (this.#someoneWaits()) return undefined;
    this.#evictionsNeeded = Promise.withResolvers();
    return this.#evictionsNeeded.promise;
  }

  #someoneWaits(): boolean {
    return [...this.#queues.values()].some((queue) => !queue.isEmpty);
  }

  /** Taints the nodes whose turn it is. */
  async evict(context: PeriodicContext): Promise<void> {
    for (const queue of this.#queues.values()) {
      for (const name of queue.due()) {
        const node = context.informers.get(nodes).get({ name });
        const status = node && nodeCondition(node, 'Ready')?.status;
        if (node && (status === 'False' || status === 'Unknown')) {
          const [add, remove] = status === 'False' ? [NOT_READY, UNREACHABLE] : [UNREACHABLE, NOT_READY];
          await swapTaints(context, node, [add], [remove]);
        }
        queue.remove(name);
      }
    }
  }

  async #register(all: readonly Node[], context: PeriodicContext): Promise<void> {
    for (const node of all) {
      const { name } = node.metadata;
      this.#queueOf(node, context);
      if (this.#known.has(name)) continue;
      this.#known.set(name, node);
      tellOfNode(node, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`, context);
      await this.#forgive(node, context);
    }
    const names = new Set(all.map(({ metadata }) => metadata.name));
    for (const [name, node] of this.#known) {
      if (names.has(name)) continue;
      this.#known.delete(name);
      this.#health.delete(name);
      this.#unmarked.delete(name);
      tellOfNode(node, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`, context);
    }
  }

  async #lookAt(cached: Node, zones: Map<string, ZoneCounts>, context: PeriodicContext): Promise<void> {
    const { node, observed, current } = await this.#updateHealth(cached, context);
    const { name } = node.metadata;
    if (node.metadata.labels?.[EXCLUDED_LABEL] === undefined) {
      const zone = zoneOf(node);
      const { ready, notReady } = zones.get(zone) ?? { ready: 0, notReady: 0 };
      zones.set(zone, current === 'True' ? { ready: ready + 1, notReady } : { ready, notReady: notReady + 1 });
    }
    if (current === undefined) return;
    await this.#taint(node, current, context);
    const isLost = current !== 'True' && observed === 'True';
    if (isLost) tellOfNode(node, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`, context);
    if (isLost || (this.#unmarked.has(name) && observed !== 'True')) {
      this.#unmarked.add(name);
      await markPodsNotReady(context, podsOnNode(context.informers.get(pods), name));
    }
    this.#unmarked.delete(name);
  }

  /** Writes the status of a silent node; tries again from the server's state after a lost race. */
  async #updateHealth(cached: Node, context: PeriodicContext): Promise<Assessment & { readonly node: Node }> {
    const { client, clock, signal } = context;
    let node = cached;
    for (let tries = 1; ; tries++) {
      const assessment = this.#assess(node, context);
      const { conditions } = assessment;
      this.#health.set(node.metadata.name, assessment.health);
      if (!conditions) return { ...assessment, node };
      try {
        const updated = await client.updateStatus(
          nodes,
          { ...node, status: { ...node.status, conditions } },
          { signal },
        );
        const ready = conditions.find(({ type }) => type === 'Ready');
        this.#health.set(node.metadata.name, { ...assessment.health, ready });
        return { ...assessment, node: updated };
      } catch (error) {
        if (tries >= HEALTH_TRIES_MAX) throw error;
        await clock.sleep(RETRY_MS, signal);
        node = await client.get(nodes, { name: node.metadata.name }, { signal });
      }
    }
  }

  #assess(node: Node, { informers, clock }: PeriodicContext): Assessment {
    const { name } = node.metadata;
    return assessHealth({
      node,
      lease: informers.get(leases).get(keyText({ namespace: LEASE_NAMESPACE, name })),
      health: this.#health.get(name),
      now: clock.now(),
      monitorGracePeriodMs: this.#config.nodeMonitorGracePeriodMs,
      startupGracePeriodMs: this.#config.nodeStartupGracePeriodMs,
    });
  }

  /** One kind of taint changes into the other at once; a new one waits for its turn. */
  async #taint(node: Node, status: string, context: PeriodicContext): Promise<void> {
    if (status === 'True') return this.#forgive(node, context);
    const [add, remove] = status === 'False' ? [NOT_READY, UNREACHABLE] : [UNREACHABLE, NOT_READY];
    if (hasTaint(node, remove)) await swapTaints(context, node, [add], [remove]);
    else if (!hasTaint(node, add)) this.#queueOf(node, context).add(node.metadata.name);
  }

  async #forgive(node: Node, context: PeriodicContext): Promise<void> {
    await swapTaints(context, node, [], [UNREACHABLE, NOT_READY]);
    this.#queueOf(node, context).remove(node.metadata.name);
  }

  async #disrupt(
    zones: ReadonlyMap<string, ZoneCounts>,
    all: readonly Node[],
    context: PeriodicContext,
  ): Promise<void> {
    const plan = planDisruption(this.#zones, zones, this.#rates());
    this.#zones = plan.states;
    for (const [zone, rate] of plan.rates) this.#queues.get(zone)?.setRate(rate);
    if (plan.forgiveAll) await forEachLimit(all, NODES_AT_A_TIME, (node) => this.#forgive(node, context));
    if (!plan.restartAll) return;
    const seenAt = context.clock.now();
    for (const [name, health] of this.#health) this.#health.set(name, { ...health, seenAt });
  }

  #rates(): EvictionRates {
    return {
      normal: this.#config.nodeEvictionRate,
      secondary: this.#config.secondaryNodeEvictionRate,
      unhealthyThreshold: this.#config.unhealthyZoneThreshold,
      largeZone: this.#config.largeClusterSizeThreshold,
    };
  }

  #queueOf(node: Node, { clock }: PeriodicContext): ZoneEvictionQueue {
    return this.#queues.getOrInsertComputed(
      zoneOf(node),
      () => new ZoneEvictionQueue(clock, this.#config.nodeEvictionRate),
    );
  }
}

function tellOfNode({ metadata }: Node, reason: string, message: string, { events }: PeriodicContext): void {
  const { name, uid } = metadata;
  const reference: ObjectReference = { apiVersion: 'v1', kind: 'Node', name, uid };
  events.event(reference, 'Normal', reason, message);
}
