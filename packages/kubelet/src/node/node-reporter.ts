import { isAlreadyExists, isNotFound, type New } from '@kts/apimachinery';
import { leases, nodes } from '@kts/api';
import type { Lease } from '@kts/api/types/coordination-v1';
import type { Node, Taint } from '@kts/api/types/core-v1';
import { childSignal, formatMicroTime, type Clock, type Logger } from '@kts/base';
import type { Client } from '@kts/client';
import type { ImageService } from '@kts/host-cri';
import type { KubeletConfig } from '../config.ts';
import type { RuntimeInfo } from '../core/runtime-info.ts';
import type { PressureCondition } from '../eviction/thresholds.ts';
import type { Machine } from '../host/node-host.ts';
import { conditionEvents, nodeLabels, nodeStatus, nodeStatusChanged, type NodeObservation } from './node-status.ts';

export interface NodeReporterDeps {
  readonly config: KubeletConfig;
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly machine: Machine;
  readonly images: ImageService;
  readonly runtimeInfo: () => RuntimeInfo;
  readonly pressures: () => readonly PressureCondition[];
  /** Unique names of volumes that must stay attached. */
  readonly volumesInUse: () => readonly string[];
  readonly devices: () => NodeObservation['devices'];
  /** Something about the node is worth an event. */
  readonly onEvent: (reason: string, message: string) => void;
}

const LEASE_NAMESPACE = 'kube-node-lease';
const RETRY_MS_MAX = 7000;
const RETRY_MS_MIN = 200;
const RENEW_SHARE = 0.25;
const NOT_READY: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

/**
 * Registers the node, reports its status and shows with a lease that it is alive.
 *
 * Mirrors: pkg/kubelet/kubelet_node_status.go, staging/src/k8s.io/component-helpers/apimachinery/lease (v1.36)
 */
export class NodeReporter {
  readonly #deps: NodeReporterDeps;
  #node: Node | undefined;
  #reportedAt = -Infinity;
  #wake: (() => void) | undefined;

  constructor(deps: NodeReporterDeps) {
    this.#deps = deps;
  }

  /** As of the last report. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** The node's own addresses. */
  async addresses(): Promise<readonly string[]> {
    const { config, machine } = this.#deps;
    if (config.nodeAddresses) return config.nodeAddresses;
    const address = await machine.defaultAddress();
    return address === undefined ? [] : [address];
  }

  /** Registers until it succeeds, then reports until the signal. */
  async run(signal: AbortSignal, onRegistered: () => void): Promise<void> {
    await this.#retry('register the node', () => this.#register(signal), signal);
    onRegistered();
    while (!signal.aborted) {
      await this.#retry('update the status of the node', () => this.report(signal), signal);
      await this.#pause(signal);
    }
  }

  /** Something has changed that others wait for. */
  reportSoon(): void {
    this.#wake?.();
  }

  async #pause(signal: AbortSignal): Promise<void> {
    using pause = childSignal(signal);
    this.#wake = () => pause.abort();
    const { clock, config } = this.#deps;
    await clock.sleep(config.nodeStatusUpdateFrequencyMs, pause.signal).catch(() => {});
    this.#wake = undefined;
  }

  /** Renews the node's lease until the signal. */
  async runLease(signal: AbortSignal): Promise<void> {
    const { config, clock } = this.#deps;
    while (!signal.aborted) {
      await this.#retry('renew the lease of the node', () => this.#renewLease(signal), signal);
      await clock.sleep(config.nodeLeaseDurationSeconds * 1000 * RENEW_SHARE, signal).catch(() => {});
    }
  }

  /** Writes the status if it changed, or if it is time again. */
  async report(signal: AbortSignal): Promise<void> {
    const { client, clock, config } = this.#deps;
    const node = await client.get(nodes, { name: config.nodeName }, { signal });
    const status = nodeStatus(await this.#observe(signal), node.status);
    const due = clock.monotonic() - this.#reportedAt >= config.nodeStatusReportFrequencyMs;
    this.#node = { ...node, status };
    if (!due && !nodeStatusChanged(node.status, status)) return;
    // What is attached is for others to say.
    const { volumesAttached: _, ...own } = status;
    const body = { status: own };
    this.#node = await client.patchStatus(nodes, { name: config.nodeName }, { type: 'strategic', body }, { signal });
    this.#reportedAt = clock.monotonic();
    for (const reason of conditionEvents(node.status, status)) {
      this.#deps.onEvent(reason, `Node ${config.nodeName} status is now: ${reason}`);
    }
  }

  async #observe(signal: AbortSignal): Promise<Parameters<typeof nodeStatus>[0]> {
    const { config, machine, images, clock, runtimeInfo, pressures, volumesInUse, devices } = this.#deps;
    const [info, disk, addresses] = await Promise.all([
      machine.info(),
      machine.disk(config.rootDirectory),
      this.addresses(),
    ]);
    const found = await images.listImages({}, { signal }).catch(() => ({ images: [] }));
    return {
      config,
      machine: info,
      addresses,
      disk,
      pressures: pressures(),
      volumesInUse: volumesInUse(),
      devices: devices(),
      runtime: runtimeInfo(),
      images: found.images,
      now: clock.now(),
    };
  }

  /** Creates the node, or brings the labels of the one that is there up to date. */
  async #register(signal: AbortSignal): Promise<void> {
    const { config, client, machine } = this.#deps;
    const name = config.nodeName;
    const labels = nodeLabels(config, await machine.info());
    const annotations = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
    const node: New<Node> = {
      metadata: { name, labels, annotations },
      spec: {
        ...(config.providerId ? { providerID: config.providerId } : {}),
        ...(config.podCIDR ? { podCIDR: config.podCIDR, podCIDRs: [config.podCIDR] } : {}),
        taints: [...config.registerWithTaints, NOT_READY],
      },
      status: nodeStatus(await this.#observe(signal), undefined),
    };
    if (!config.registerNode) {
      this.#node = await client.get(nodes, { name }, { signal });
      return;
    }
    try {
      this.#node = await client.create(nodes, node, { signal });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const body = { metadata: { labels, annotations } };
      this.#node = await client.patch(nodes, { name }, { type: 'strategic', body }, { signal });
    }
  }

  async #renewLease(signal: AbortSignal): Promise<void> {
    const { config, client, clock } = this.#deps;
    const key = { namespace: LEASE_NAMESPACE, name: config.nodeName };
    const renewTime = formatMicroTime(clock.now());
    try {
      const lease = await client.get(leases, key, { signal });
      // It may be older than the node, and then it has no owner yet.
      const isOwned = (lease.metadata.ownerReferences?.length ?? 0) > 0;
      const metadata = isOwned ? lease.metadata : { ...lease.metadata, ...this.#leaseOwner() };
      const spec = { ...lease.spec, ...this.#leaseSpec(), renewTime };
      await client.update(leases, { ...lease, metadata, spec }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const lease: New<Lease> = {
        metadata: { ...key, ...this.#leaseOwner() },
        spec: { ...this.#leaseSpec(), renewTime },
      };
      await client.create(leases, lease, { signal });
    }
  }

  #leaseOwner(): Pick<Lease['metadata'], 'ownerReferences'> {
    if (!this.#node) return {};
    const { name, uid } = this.#node.metadata;
    return { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] };
  }

  #leaseSpec(): { readonly holderIdentity: string; readonly leaseDurationSeconds: number } {
    const { nodeName, nodeLeaseDurationSeconds } = this.#deps.config;
    return { holderIdentity: nodeName, leaseDurationSeconds: nodeLeaseDurationSeconds };
  }

  async #retry(what: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    for (let wait = RETRY_MS_MIN; !signal.aborted; wait = Math.min(wait * 2, RETRY_MS_MAX)) {
      try {
        await work();
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.warn(`failed to ${what}`, { error });
        await clock.sleep(wait, signal).catch(() => {});
      }
    }
  }
}
