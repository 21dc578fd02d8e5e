import { CriError, type GrpcHandlers, type GrpcSocket } from '@kts/host-cri';
import type { PluginInfo, PublishRequest, StageRequest } from '../plugins/plugin-protocols.ts';
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
      if (!services) throw new CriError('Unavailable', `nobody listens on ${path}`);
      const found = services[service]?.[method];
      if (!found) throw new CriError('Unimplemented', `unknown method ${method}`);
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
  problem: CriError | undefined;
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
