import { csiNodes, nodes } from '@kts/api';
import type { CSINodeDriver } from '@kts/api/types/storage-v1';
import { isAlreadyExists, isConflict, isNotFound } from '@kts/apimachinery';
import type { Client } from '@kts/client';
import type { GrpcSocket } from '@kts/grpc';
import { CSI_PROTOCOL, type CapabilitiesAnswer, type NodeInfoAnswer } from '../plugins/plugin-protocols.ts';
import type { PluginHost } from '../plugins/plugin-host.ts';
import type { PluginHandler } from '../plugins/plugin-watcher.ts';
import { VolumeError } from '../volumes/volume-payload.ts';

/** A driver that is there. */
export interface CsiDriver {
  readonly name: string;
  readonly socket: GrpcSocket;
  readonly capabilities: ReadonlySet<string>;
}

const NODE_ID_ANNOTATION = 'csi.volume.kubernetes.io/nodeid';
const TRIES_MAX = 5;
const CALL_MS_MAX = 120_000;

/**
 * The CSI drivers of the node; the node's object and its CSINode show them.
 *
 * Mirrors: pkg/volume/csi/csi_plugin.go, pkg/volume/csi/nodeinfomanager (v1.36)
 */
export class CsiDrivers implements PluginHandler {
  readonly #host: PluginHost;
  readonly #client: Client;
  readonly #nodeName: string;
  readonly #drivers = new Map<string, CsiDriver>();

  constructor(options: { readonly host: PluginHost; readonly client: Client; readonly nodeName: string }) {
    this.#host = options.host;
    this.#client = options.client;
    this.#nodeName = options.nodeName;
  }

  /** Throws VolumeError if there is no such driver. */
  get(name: string): CsiDriver {
    const driver = this.#drivers.get(name);
    if (driver) return driver;
    throw new VolumeError(
      `kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name ${name} not found in the list of registered CSI drivers`,
    );
  }

  async register(name: string, endpoint: string, versions: readonly string[], signal: AbortSignal): Promise<void> {
    if (!versions.some((version) => /^v?1\./.test(version))) {
      throw new Error(
        `validation failed for CSI Driver ${name} at endpoint ${endpoint}: none of the CSI versions [${versions.join(' ')}] is supported`,
      );
    }
    const socket = this.#host.connect(endpoint, CSI_PROTOCOL);
    try {
      const options = { signal, timeoutMs: CALL_MS_MAX };
      const info = (await socket.call('Node', 'nodeGetInfo', {}, options)) as NodeInfoAnswer;
      const { capabilities } = (await socket.call('Node', 'nodeGetCapabilities', {}, options)) as CapabilitiesAnswer;
      await this.#publish(name, info, signal);
      this.#drivers.get(name)?.socket.close();
      this.#drivers.set(name, {
        name,
        socket,
        capabilities: new Set(capabilities.flatMap(({ rpc }) => (rpc ? [rpc.type] : []))),
      });
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  async unregister(name: string, _endpoint: string, signal: AbortSignal): Promise<void> {
    this.#drivers.get(name)?.socket.close();
    this.#drivers.delete(name);
    await this.#changeCsiNode((drivers) => drivers.filter((driver) => driver.name !== name), signal);
    await this.#changeNode(name, undefined, {}, signal);
  }

  close(): void {
    for (const { socket } of this.#drivers.values()) socket.close();
    this.#drivers.clear();
  }

  async #publish(name: string, info: NodeInfoAnswer, signal: AbortSignal): Promise<void> {
    const segments = info.accessibleTopology?.segments ?? {};
    await this.#changeNode(name, info.nodeId, segments, signal);
    const entry: CSINodeDriver = {
      name,
      nodeID: info.nodeId,
      topologyKeys: Object.keys(segments).toSorted(),
      ...(info.maxVolumesPerNode > 0 ? { allocatable: { count: info.maxVolumesPerNode } } : {}),
    };
    await this.#changeCsiNode((drivers) => [...drivers.filter((driver) => driver.name !== name), entry], signal);
  }

  /** The node's ids by driver in an annotation, and where the driver says that the node is, as labels. */
  async #changeNode(
    name: string,
    nodeId: string | undefined,
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const key = { name: this.#nodeName };
    const { annotations } = (await this.#client.get(nodes, key, { signal })).metadata;
    const { [name]: _old, ...others } = JSON.parse(annotations?.[NODE_ID_ANNOTATION] ?? '{}') as Record<string, string>;
    const ids = nodeId === undefined ? others : { ...others, [name]: nodeId };
    const text = Object.keys(ids).length > 0 ? JSON.stringify(ids) : null;
    const body = { metadata: { annotations: { [NODE_ID_ANNOTATION]: text }, labels } };
    await this.#client.patch(nodes, key, { type: 'strategic', body }, { signal });
  }

  async #changeCsiNode(
    change: (drivers: readonly CSINodeDriver[]) => readonly CSINodeDriver[],
    signal: AbortSignal,
  ): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#tryCsiNode(change, signal);
        return;
      } catch (error) {
        if ((!isConflict(error) && !isAlreadyExists(error)) || tries === TRIES_MAX) throw error;
      }
    }
  }

  async #tryCsiNode(
    change: (drivers: readonly CSINodeDriver[]) => readonly CSINodeDriver[],
    signal: AbortSignal,
  ): Promise<void> {
    const name = this.#nodeName;
    try {
      const found = await this.#client.get(csiNodes, { name }, { signal });
      // An empty list is null in JSON.
      const before = (found.spec.drivers as readonly CSINodeDriver[] | null) ?? [];
      await this.#client.update(csiNodes, { ...found, spec: { drivers: change(before) } }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const { uid } = (await this.#client.get(nodes, { name }, { signal })).metadata;
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }];
      await this.#client.create(
        csiNodes,
        { metadata: { name, ownerReferences }, spec: { drivers: change([]) } },
        { signal },
      );
    }
  }
}
