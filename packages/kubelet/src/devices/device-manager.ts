import type { Container, Pod } from '@kts/api/types/core-v1';
import { keyText } from '@kts/apimachinery';
import type { Clock, Logger, TaskGroup } from '@kts/base';
import { GrpcError, type GrpcSocket } from '@kts/grpc';
import type { FileSystem } from '../host/file-system.ts';
import { isRestartableInitContainer, type AnyContainer } from '../pod/containers.ts';
import { wholeValue, type ResourceList } from '../pod/resource-list.ts';
import {
  DEVICE_PROTOCOL,
  type AllocateAnswer,
  type ContainerDevices,
  type DeviceList,
  type DevicePluginOptions,
  type PreferredAnswer,
  type RegisterDevicesRequest,
} from '../plugins/plugin-protocols.ts';
import type { PluginHost } from '../plugins/plugin-host.ts';
import { chooseDevices, isExtendedResource, planAllocation } from './device-allocation.ts';

export interface DeviceManagerDeps {
  readonly host: PluginHost;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly log: Logger;
  readonly rootDirectory: string;
  /** The node's amounts have changed. */
  readonly onChanged: () => void;
}

interface Endpoint {
  readonly socket: GrpcSocket;
  readonly options: DevicePluginOptions | undefined;
  /** By id: whether it works. */
  devices: ReadonlyMap<string, boolean>;
  /** When the plugin went; its devices count for some time yet. */
  stoppedAt: number | undefined;
}

interface Allocated {
  readonly devices: readonly string[];
  readonly answer: ContainerDevices;
}

/** By pod's uid, container and resource: what survives the kubelet. */
type Allocations = Map<string, Map<string, Map<string, Allocated>>>;

const VERSION = 'v1beta1';
const HEALTHY = 'Healthy';
const KUBELET_SOCKET = 'kubelet.sock';
const CHECKPOINT = 'kubelet_internal_checkpoint';
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o750;
const STOPPED_MS_MAX = 300_000;

/**
 * Devices that plugins offer: counts them for the node, and gives them to containers.
 *
 * Mirrors: pkg/kubelet/cm/devicemanager (v1.36)
 * Differs: without topology; plugins register at the kubelet's socket only.
 */
export class DeviceManager {
  readonly #deps: DeviceManagerDeps;
  readonly #directory: string;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #removed = new Set<string>();
  #allocations: Allocations = new Map();
  /** One allocation at a time: what one takes another must not be offered. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: DeviceManagerDeps) {
    this.#deps = deps;
    this.#directory = `${deps.rootDirectory}/device-plugins`;
  }

  /** Reads what containers had been given. */
  async restore(): Promise<void> {
    const { files } = this.#deps;
    await files.makeDirectory(this.#directory, DIRECTORY_MODE);
    const path = `${this.#directory}/${CHECKPOINT}`;
    if ((await files.stat(path)) === undefined) return;
    const text = new TextDecoder().decode(await files.readFile(path));
    const stored = JSON.parse(text) as Record<string, Record<string, Record<string, Allocated>>>;
    this.#allocations = new Map(
      Object.entries(stored).map(([uid, containers]) => [
        uid,
        new Map(Object.entries(containers).map(([name, resources]) => [name, new Map(Object.entries(resources))])),
      ]),
    );
  }

  /** Listens for plugins until the signal. Their old sockets go, which tells them that the kubelet is new. */
  async run(group: TaskGroup, signal: AbortSignal): Promise<void> {
    const { host, files } = this.#deps;
    for (const path of await host.sockets(this.#directory)) await files.remove(path);
    const server = await host.serve(`${this.#directory}/${KUBELET_SOCKET}`, DEVICE_PROTOCOL, {
      Registration: { register: (request: RegisterDevicesRequest) => this.#register(request, group) },
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    server.close();
    for (const { socket } of this.#endpoints.values()) socket.close();
  }

  /** What the node has of each resource. One whose plugin has been gone for long is 0. */
  amounts(): { readonly capacity: ResourceList; readonly allocatable: ResourceList } {
    const capacity: Record<string, string> = {};
    const allocatable: Record<string, string> = {};
    for (const name of this.#removed) capacity[name] = allocatable[name] = '0';
    for (const [name, { devices, stoppedAt }] of this.#endpoints) {
      if (stoppedAt !== undefined && this.#deps.clock.monotonic() - stoppedAt > STOPPED_MS_MAX) {
        this.#endpoints.delete(name);
        this.#removed.add(name);
        capacity[name] = allocatable[name] = '0';
        continue;
      }
      capacity[name] = String(devices.size);
      allocatable[name] = String(healthyOf(devices).size);
    }
    return { capacity, allocatable };
  }

  /** Some container of the pod asks for devices of plugins. */
  concerns(pod: Pod): boolean {
    return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].some(
      (container) => this.#requested(pod, container).length > 0,
    );
  }

  /** Chooses and prepares the pod's devices. Rejects with the reason why it cannot have them. */
  async allocate(pod: Pod, signal: AbortSignal): Promise<void> {
    const work = this.#turn.then(() => this.#allocatePod(pod, signal));
    this.#turn = work.catch(() => {});
    await work;
  }

  /** What the container needs for its devices; its plugins prepare them. */
  async containerDevices(pod: Pod, container: AnyContainer, signal: AbortSignal): Promise<readonly ContainerDevices[]> {
    const own = this.#allocations.get(pod.metadata.uid)?.get(container.name) ?? new Map<string, Allocated>();
    for (const [resource, { devices }] of own) {
      const endpoint = this.#endpoints.get(resource);
      if (!endpoint?.options?.preStartRequired) continue;
      await endpoint.socket.call('DevicePlugin', 'preStartContainer', { devicesIds: devices }, { signal });
    }
    return [...own.values()].map(({ answer }) => answer);
  }

  /** Takes back the devices of pods that are not in `uids`. */
  retain(uids: ReadonlySet<string>): void {
    const gone = [...this.#allocations.keys()].filter((uid) => !uids.has(uid));
    for (const uid of gone) this.#allocations.delete(uid);
    if (gone.length > 0) {
      void this.#save().catch((error: unknown) => this.#deps.log.warn('device allocations were not saved', { error }));
    }
  }

  async #register(
    { version, endpoint, resourceName, options }: RegisterDevicesRequest,
    group: TaskGroup,
  ): Promise<object> {
    if (version !== VERSION) {
      throw new GrpcError(
        'Unknown',
        `requested API version ${JSON.stringify(version)} is not supported by kubelet. Supported version is ["${VERSION}"]`,
      );
    }
    if (!isExtendedResource(resourceName)) {
      throw new GrpcError('Unknown', `the ResourceName ${JSON.stringify(resourceName)} is invalid`);
    }
    const socket = this.#deps.host.connect(`${this.#directory}/${endpoint}`, DEVICE_PROTOCOL);
    const before = this.#endpoints.get(resourceName);
    before?.socket.close();
    const next: Endpoint = { socket, options, devices: before?.devices ?? new Map(), stoppedAt: undefined };
    this.#endpoints.set(resourceName, next);
    this.#removed.delete(resourceName);
    group.start((signal) => this.#follow(resourceName, next, signal));
    return {};
  }

  async #follow(resource: string, endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    const { clock, log, onChanged } = this.#deps;
    try {
      for await (const message of endpoint.socket.stream('DevicePlugin', 'listAndWatch', {}, signal)) {
        const { devices } = message as DeviceList;
        endpoint.devices = new Map(devices.map(({ iD, health }) => [iD, health === HEALTHY]));
        onChanged();
      }
    } catch (error) {
      log.warn('a device plugin has gone', { resource, error });
    }
    if (signal.aborted) return;
    endpoint.devices = new Map([...endpoint.devices.keys()].map((id) => [id, false]));
    endpoint.stoppedAt = clock.monotonic();
    onChanged();
  }

  async #allocatePod(pod: Pod, signal: AbortSignal): Promise<void> {
    const reusable = new Map<string, Set<string>>();
    const { uid } = pod.metadata;
    try {
      for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
        const isInit = pod.spec.initContainers?.includes(container) ?? false;
        for (const { resource, needed } of this.#requested(pod, container)) {
          const shared = reusable.getOrInsertComputed(resource, () => new Set());
          const taken = await this.#allocateResource(pod, container, { resource, needed, shared }, signal);
          for (const id of taken) {
            if (isInit && !isRestartableInitContainer(container)) shared.add(id);
            else shared.delete(id);
          }
        }
      }
    } catch (error) {
      this.#allocations.delete(uid);
      throw error;
    }
    await this.#save();
  }

  async #allocateResource(
    pod: Pod,
    container: Container,
    wish: { readonly resource: string; readonly needed: number; readonly shared: ReadonlySet<string> },
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const { resource, needed, shared } = wish;
    const { uid } = pod.metadata;
    const known = this.#allocations.get(uid)?.get(container.name)?.get(resource);
    if (known) return known.devices;
    const endpoint = this.#endpoints.get(resource);
    const healthy = endpoint && healthyOf(endpoint.devices);
    const plan = planAllocation({ resource, needed, healthy, inUse: this.#inUse(resource), reusable: shared });
    if (!plan.ok) throw new Error(plan.message);
    const { socket, options } = endpoint!;
    const preferred =
      options?.getPreferredAllocationAvailable && plan.available.length + plan.mustTake.length > needed
        ? await preferredDevices(socket, plan, needed, signal)
        : [];
    const devices = chooseDevices(plan, needed, preferred);
    const request = { containerRequests: [{ devicesIds: devices }] };
    const { containerResponses } = (await socket.call('DevicePlugin', 'allocate', request, {
      signal,
    })) as AllocateAnswer;
    const [answer] = containerResponses;
    if (!answer) throw new Error(`no containers return in allocation response`);
    this.#deps.log.debug(2, 'devices allocated', { pod: keyText(pod.metadata), container: container.name, resource });
    const containers = this.#allocations.getOrInsertComputed(uid, () => new Map());
    containers.getOrInsertComputed(container.name, () => new Map()).set(resource, { devices, answer });
    return devices;
  }

  #requested(pod: Pod, container: Container): readonly { readonly resource: string; readonly needed: number }[] {
    const known = this.#allocations.get(pod.metadata.uid)?.get(container.name);
    return Object.keys(container.resources?.limits ?? {})
      .filter((resource) => this.#endpoints.has(resource) || this.#removed.has(resource) || known?.has(resource))
      .map((resource) => ({ resource, needed: wholeValue(container.resources?.limits, resource) }))
      .filter(({ needed }) => needed > 0);
  }

  #inUse(resource: string): ReadonlySet<string> {
    const containers = [...this.#allocations.values()].flatMap((pod) => [...pod.values()]);
    return new Set(containers.flatMap((resources) => resources.get(resource)?.devices ?? []));
  }

  async #save(): Promise<void> {
    const stored = Object.fromEntries(
      [...this.#allocations].map(([uid, containers]) => [
        uid,
        Object.fromEntries([...containers].map(([name, resources]) => [name, Object.fromEntries(resources)])),
      ]),
    );
    const { files } = this.#deps;
    const path = `${this.#directory}/${CHECKPOINT}`;
    await files.writeFile(`${path}.new`, new TextEncoder().encode(JSON.stringify(stored)), FILE_MODE);
    await files.rename(`${path}.new`, path);
  }
}

function healthyOf(devices: ReadonlyMap<string, boolean>): ReadonlySet<string> {
  return new Set([...devices].filter(([, healthy]) => healthy).map(([id]) => id));
}

async function preferredDevices(
  socket: GrpcSocket,
  plan: { readonly mustTake: readonly string[]; readonly available: readonly string[] },
  needed: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const request = {
    containerRequests: [
      {
        availableDeviceIDs: [...plan.mustTake, ...plan.available],
        mustIncludeDeviceIDs: plan.mustTake,
        allocationSize: needed,
      },
    ],
  };
  const answer = (await socket.call('DevicePlugin', 'getPreferredAllocation', request, { signal })) as PreferredAnswer;
  return answer.containerResponses[0]?.deviceIDs ?? [];
}
