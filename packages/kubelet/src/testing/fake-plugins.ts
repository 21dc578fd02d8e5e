import { GrpcError, type GrpcHandlers, type GrpcSocket } from '@kts/grpc';
import type { ClaimReference } from '../claims/claim-protocol.ts';
import {
  DEVICE_PROTOCOL,
  type ContainerDevices,
  type DevicePluginOptions,
  type PluginInfo,
  type PublishRequest,
  type StageRequest,
} from '../plugins/plugin-protocols.ts';
import type { PluginHost } from '../plugins/plugin-host.ts';
import type { MemoryFiles } from './memory-files.ts';

type Services = Readonly<Record<string, GrpcHandlers>>;

/** Sockets in memory: whoever serves on one is found and called there. */
export class FakePlugins implements PluginHost {
  readonly served = new Map<string, Services>();

  sockets: PluginHost['sockets'] = async (directory) =>
    [...this.served.keys()].filter((path) => path.startsWith(`${directory}/`)).toSorted();

  serve: PluginHost['serve'] = async (path, _protocol, services) => {
    this.served.set(path, services);
    return { close: () => void this.served.delete(path) };
  };

  connect: PluginHost['connect'] = (path): GrpcSocket => {
    const handler = (service: string, method: string): GrpcHandlers[string] => {
      const services = this.served.get(path);
      if (!services) throw new GrpcError('Unavailable', `nobody listens on ${path}`);
      const found = services[service]?.[method];
      if (!found) throw new GrpcError('Unimplemented', `unknown method ${method}`);
      return found;
    };
    return {
      call: async (service, method, request, { signal = new AbortController().signal } = {}) =>
        handler(service, method)(request as never, signal) as Promise<object>,
      stream: (service, method, request, signal) =>
        handler(service, method)(request as never, signal) as AsyncIterable<object>,
      close: () => {},
    };
  };

  /** A plugin that registers itself with the kubelet; returns what it was told. */
  register(path: string, info: PluginInfo): { readonly answers: readonly object[] } {
    const answers: object[] = [];
    this.served.set(path, {
      Registration: {
        getInfo: async () => info,
        notifyRegistrationStatus: async (status: object) => {
          answers.push(status);
          return {};
        },
      },
    });
    return { answers };
  }
}

export interface FakeCsiOptions {
  readonly nodeId?: string;
  readonly capabilities?: readonly string[];
  readonly maxVolumesPerNode?: number;
  readonly segments?: Readonly<Record<string, string>>;
}

/** A CSI driver that makes directories where volumes would be, and remembers what it was asked. */
export class FakeCsiDriver {
  readonly calls: (readonly [string, Readonly<Record<string, unknown>>])[] = [];
  /** What the next publication fails with. */
  problem: GrpcError | undefined;
  readonly #files: MemoryFiles;
  readonly #options: FakeCsiOptions;

  constructor(files: MemoryFiles, options: FakeCsiOptions = {}) {
    this.#files = files;
    this.#options = options;
  }

  get services(): Services {
    const { nodeId = 'node-id', capabilities = [], maxVolumesPerNode = 0, segments } = this.#options;
    const note =
      (method: string, act: (request: never) => Promise<void> = async () => {}) =>
      async (request: never) => {
        this.calls.push([method, request]);
        await act(request);
        return {};
      };
    return {
      Node: {
        nodeGetInfo: async () => ({
          nodeId,
          maxVolumesPerNode,
          ...(segments ? { accessibleTopology: { segments } } : {}),
        }),
        nodeGetCapabilities: async () => ({ capabilities: capabilities.map((type) => ({ rpc: { type } })) }),
        nodeStageVolume: note('stage', (_request: StageRequest) => Promise.resolve()),
        nodeUnstageVolume: note('unstage'),
        nodePublishVolume: note('publish', async ({ targetPath }: PublishRequest) => {
          const { problem } = this;
          this.problem = undefined;
          if (problem) throw problem;
          await this.#files.makeDirectory(targetPath, 0o777);
        }),
        nodeUnpublishVolume: note('unpublish', async ({ targetPath }: PublishRequest) =>
          this.#files.remove(targetPath),
        ),
      },
    };
  }
}

export interface FakeDeviceOptions {
  readonly resourceName: string;
  readonly devices: readonly string[];
  readonly options?: Partial<DevicePluginOptions>;
  /** What every allocation fails with. */
  readonly problem?: string;
  readonly preferred?: readonly string[];
}

const DEVICE_DIRECTORY = '/var/lib/kubelet/device-plugins';

/** A plugin with devices, which registers at the kubelet's socket. */
export class FakeDevicePlugin {
  readonly calls: (readonly [string, unknown])[] = [];
  readonly #plugins: FakePlugins;
  readonly #options: FakeDeviceOptions;
  readonly #directory: string;
  readonly #socketName: string;
  #devices: ReadonlyMap<string, boolean>;
  #changed = Promise.withResolvers<void>();
  #stopped = false;

  constructor(plugins: FakePlugins, options: FakeDeviceOptions, directory = DEVICE_DIRECTORY) {
    this.#plugins = plugins;
    this.#options = options;
    this.#directory = directory;
    this.#socketName = `${options.resourceName.replace('/', '_')}.sock`;
    this.#devices = new Map(options.devices.map((id) => [id, true]));
  }

  async register(version = 'v1beta1'): Promise<void> {
    const { resourceName, options = {} } = this.#options;
    this.#stopped = false;
    this.#plugins.served.set(`${this.#directory}/${this.#socketName}`, this.#services());
    const kubelet = this.#plugins.connect(`${this.#directory}/kubelet.sock`, DEVICE_PROTOCOL);
    const flags = { preStartRequired: false, getPreferredAllocationAvailable: false, ...options };
    const request = { version, endpoint: this.#socketName, resourceName, options: flags };
    await kubelet.call('Registration', 'register', request);
  }

  /** Which devices there are from now on, and whether they work. */
  set(devices: Readonly<Record<string, boolean>>): void {
    this.#devices = new Map(Object.entries(devices));
    this.#wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }

  async *#list(signal: AbortSignal): AsyncGenerator<object> {
    while (!this.#stopped && !signal.aborted) {
      yield { devices: [...this.#devices].map(([iD, works]) => ({ iD, health: works ? 'Healthy' : 'Unhealthy' })) };
      const ended = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => ended.resolve(), { once: true });
      await Promise.race([this.#changed.promise, ended.promise]);
    }
  }

  #services(): Services {
    const { problem, preferred = [] } = this.#options;
    return {
      DevicePlugin: {
        listAndWatch: (_request: object, signal: AbortSignal) => this.#list(signal),
        getPreferredAllocation: async (request: object) => {
          this.calls.push(['prefer', request]);
          return { containerResponses: [{ deviceIDs: preferred }] };
        },
        allocate: async ({ containerRequests }: { containerRequests: { devicesIds: string[] }[] }) => {
          const { devicesIds } = containerRequests[0]!;
          this.calls.push(['allocate', devicesIds]);
          if (problem !== undefined) throw new GrpcError('Unknown', problem);
          const answer: ContainerDevices = {
            envs: { DEVICES: devicesIds.join(',') },
            mounts: [{ containerPath: '/lib/driver', hostPath: '/opt/driver', readOnly: true }],
            devices: devicesIds.map((id) => ({
              containerPath: `/dev/${id}`,
              hostPath: `/dev/${id}`,
              permissions: 'rw',
            })),
            annotations: { devices: devicesIds.join() },
            cdiDevices: devicesIds.map((id) => ({ name: `example.com/device=${id}` })),
          };
          return { containerResponses: [answer] };
        },
        preStartContainer: async ({ devicesIds }: { devicesIds: string[] }) => {
          this.calls.push(['start', devicesIds]);
          return {};
        },
      },
    };
  }
}

/** A driver of resource claims: every claim has one device, named after the claim. */
export class FakeClaimDriver {
  /** What it was asked, and about which claims. */
  readonly calls: string[] = [];
  /** What preparations fail with. */
  problem = '';
  readonly #plugins: FakePlugins;
  readonly #name: string;
  readonly #registration: string;

  constructor(plugins: FakePlugins, name: string) {
    this.#plugins = plugins;
    this.#name = name;
    this.#registration = `/var/lib/kubelet/plugins_registry/${name}-reg.sock`;
  }

  /** Returns what the kubelet says. */
  register(versions: readonly string[] = ['v1.DRAPlugin']): readonly object[] {
    const endpoint = `/var/lib/kubelet/plugins/${this.#name}/dra.sock`;
    this.#plugins.served.set(endpoint, { DRAPlugin: this.#service() });
    const info = { type: 'DRAPlugin', name: this.#name, endpoint, supportedVersions: versions };
    return this.#plugins.register(this.#registration, info).answers;
  }

  unregister(): void {
    this.#plugins.served.delete(this.#registration);
  }

  #service(): GrpcHandlers {
    const answer =
      (verb: string, about: (claim: ClaimReference) => object) =>
      async ({ claims }: { readonly claims: readonly ClaimReference[] }) => {
        this.calls.push(`${verb} ${claims.map(({ name }) => name).join(' ')}`);
        return { claims: Object.fromEntries(claims.map((claim) => [claim.uid, about(claim)])) };
      };
    const device = (name: string): object => ({
      requestNames: [`for-${name}`],
      poolName: 'pool',
      deviceName: name,
      cdiDeviceIds: [`${this.#name}/device=${name}`],
    });
    return {
      nodePrepareResources: answer('prepare', ({ name }) => ({ devices: [device(name)], error: this.problem })),
      nodeUnprepareResources: answer('unprepare', () => ({ error: '' })),
    };
  }
}
