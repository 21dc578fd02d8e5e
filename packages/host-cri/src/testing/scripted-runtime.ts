import type { Clock, Timer } from '@kts/base';
import { GrpcError } from '@kts/grpc';
import type {
  Container,
  ContainerConfig,
  ContainerState,
  ContainerStatus,
  LinuxContainerResources,
  PodSandboxConfig,
  PodSandboxStatus,
  RuntimeHandler,
  RuntimeService,
} from '../gen/cri.gen.ts';
import { Turns, type ContainerScript, type RuntimeScript } from './script.ts';
import { ScriptedCalls, type RecordedCall } from './scripted-calls.ts';
import { ScriptedImages } from './scripted-images.ts';

/** What a scripted container does to the node's files. Paths are the node's. */
export interface ScriptedFiles {
  write(path: string, content: Uint8Array): Promise<void>;
}

export interface ScriptedRuntimeOptions {
  readonly clock: Clock;
  readonly files?: ScriptedFiles;
  readonly handlers?: readonly RuntimeHandler[];
  readonly supplementalGroupsPolicy?: boolean;
}

interface SandboxState {
  readonly id: string;
  readonly config: PodSandboxConfig;
  readonly handler: string;
  readonly createdAt: number;
  readonly ip: string;
  ready: boolean;
}

interface ContainerEntry {
  readonly id: string;
  readonly sandbox: SandboxState;
  readonly config: ContainerConfig;
  readonly script: ContainerScript;
  readonly createdAt: number;
  resources: LinuxContainerResources;
  state: ContainerState;
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  reason: string;
  message: string;
  timer: Timer | undefined;
  readonly ended: PromiseWithResolvers<void>;
}

/**
 * A container runtime that plays a script on a clock and keeps every call that changes something: for tests of what
 * talks to runtimes.
 */
export class ScriptedRuntime implements RuntimeService {
  readonly images: ScriptedImages;
  readonly #options: ScriptedRuntimeOptions;
  readonly #clock: Clock;
  readonly #calls = new ScriptedCalls();
  readonly #turns = new Turns();
  readonly #sandboxes = new Map<string, SandboxState>();
  readonly #containers = new Map<string, ContainerEntry>();
  #script: RuntimeScript = {};
  readonly #made: string[] = [];
  /** Of everything that was ever made. */
  readonly #sandboxConfigs = new Map<string, PodSandboxConfig>();
  readonly #addresses: string[] = [];

  constructor(options: ScriptedRuntimeOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.images = new ScriptedImages(options.clock, this.#calls);
  }

  /** What to do from now on. */
  play(script: RuntimeScript): void {
    this.#script = script;
    this.#calls.play(script);
    this.images.play(script);
  }

  /** Calls that changed something, ExecSync and pulls included. */
  get calls(): readonly RecordedCall[] {
    return this.#calls.list;
  }

  /** Notes something beside the runtime's calls, in order with them. */
  note(method: string, request: unknown): void {
    this.#calls.list.push({ method, request });
  }

  /** Ends a container as if its process had exited. */
  exit(name: string, exitCode: number): void {
    for (const entry of this.#containers.values()) {
      if (entry.config.metadata?.name === name) this.#end(entry, exitCode);
    }
  }

  /** The pod's sandbox and everything in it dies. */
  killSandbox(podName: string): void {
    for (const sandbox of this.#sandboxes.values()) {
      if (sandbox.config.metadata?.name !== podName) continue;
      this.#endAll(sandbox.id, 137);
      sandbox.ready = false;
    }
  }

  /** Every address that a sandbox has had. */
  addresses(): readonly string[] {
    return this.#addresses;
  }

  /** The pod that a sandbox or container belongs to. */
  podOf(id: string): string | undefined {
    const config = this.#sandboxConfigs.get(id);
    return config?.metadata?.name;
  }

  /** The ids of all sandboxes and containers, in the order they were made. */
  get made(): readonly string[] {
    return this.#made;
  }

  version: RuntimeService['version'] = () =>
    Promise.resolve({ version: '0.1.0', runtimeName: 'fake', runtimeVersion: '1.0.0', runtimeApiVersion: 'v1' });

  status: RuntimeService['status'] = () =>
    Promise.resolve({
      status: {
        conditions: ['RuntimeReady', 'NetworkReady'].map((type) => ({ type, status: true, reason: '', message: '' })),
      },
      info: {},
      runtimeHandlers: this.#options.handlers ?? [],
      features: {
        supplementalGroupsPolicy: this.#options.supplementalGroupsPolicy ?? false,
        userNamespacesHostNetwork: false,
      },
    });

  runPodSandbox: RuntimeService['runPodSandbox'] = (request, options) =>
    this.#calls.run('RunPodSandbox', request, options, () => {
      const config = request.config ?? {};
      const id = this.#newId('sandbox');
      const isHostNetwork = config.linux?.securityContext?.namespaceOptions?.network === 'NODE';
      const ip = isHostNetwork ? '' : this.#newAddress();
      const handler = request.runtimeHandler ?? '';
      this.#sandboxConfigs.set(id, config);
      this.#sandboxes.set(id, { id, config, handler, createdAt: this.#nanoseconds(), ip, ready: true });
      return Promise.resolve({ podSandboxId: id });
    });

  stopPodSandbox: RuntimeService['stopPodSandbox'] = (request, options) =>
    this.#calls.run('StopPodSandbox', request, options, () => {
      const sandbox = this.#sandboxes.get(request.podSandboxId ?? '');
      if (sandbox) {
        this.#endAll(sandbox.id, 137);
        sandbox.ready = false;
      }
      return Promise.resolve({});
    });

  removePodSandbox: RuntimeService['removePodSandbox'] = (request, options) =>
    this.#calls.run('RemovePodSandbox', request, options, () => {
      const id = request.podSandboxId ?? '';
      this.#sandboxes.delete(id);
      for (const entry of this.#containers.values()) if (entry.sandbox.id === id) this.#containers.delete(entry.id);
      return Promise.resolve({});
    });

  podSandboxStatus: RuntimeService['podSandboxStatus'] = (request) => {
    const sandbox = this.#sandboxes.get(request.podSandboxId ?? '');
    if (!sandbox) return Promise.reject(new GrpcError('NotFound', 'sandbox not found'));
    return Promise.resolve({ status: sandboxStatus(sandbox), info: {}, containersStatuses: [], timestamp: 0 });
  };

  listPodSandbox: RuntimeService['listPodSandbox'] = (request) => {
    const matching = [...this.#sandboxes.values()].filter((sandbox) =>
      hasLabels(sandbox.config.labels, request.filter?.labelSelector),
    );
    const items = matching.map((sandbox) => {
      const { id, metadata, state, createdAt, labels, annotations, runtimeHandler } = sandboxStatus(sandbox);
      return { id, ...(metadata ? { metadata } : {}), state, createdAt, labels, annotations, runtimeHandler };
    });
    return Promise.resolve({ items });
  };

  createContainer: RuntimeService['createContainer'] = (request, options) =>
    this.#calls.run('CreateContainer', request, options, () => {
      const sandbox = this.#sandboxes.get(request.podSandboxId ?? '');
      if (!sandbox) throw new GrpcError('NotFound', 'sandbox not found');
      const config = request.config ?? {};
      const name = config.metadata?.name ?? '';
      const script = this.#turns.next(name, this.#script.containers?.[name]) ?? {};
      if (script.createError) throw new GrpcError('Unknown', script.createError.message);
      const id = this.#newId('container');
      this.#sandboxConfigs.set(id, sandbox.config);
      this.#containers.set(id, {
        id,
        sandbox,
        config,
        script,
        createdAt: this.#nanoseconds(),
        resources: config.linux?.resources ?? {},
        state: 'CONTAINER_CREATED',
        startedAt: 0,
        finishedAt: 0,
        exitCode: 0,
        reason: '',
        message: '',
        timer: undefined,
        ended: Promise.withResolvers<void>(),
      });
      return Promise.resolve({ containerId: id });
    });

  startContainer: RuntimeService['startContainer'] = (request, options) =>
    this.#calls.run('StartContainer', request, options, async () => {
      const entry = this.#entry(request.containerId);
      const { script } = entry;
      entry.startedAt = this.#nanoseconds();
      if (script.startError) {
        this.#end(entry, script.startError.exitCode ?? 128, 'StartError', script.startError.message);
        throw new GrpcError('Unknown', script.startError.message);
      }
      entry.state = 'CONTAINER_RUNNING';
      await this.#writeFiles(entry);
      if (script.exitAfterMs !== undefined) {
        const [code, reason] = script.oom ? [137, 'OOMKilled'] : [script.exitCode ?? 0, undefined];
        entry.timer = this.#clock.after(script.exitAfterMs, () => this.#end(entry, code, reason));
      }
      return {};
    });

  stopContainer: RuntimeService['stopContainer'] = (request, options) =>
    this.#calls.run('StopContainer', request, options, async () => {
      const entry = this.#entry(request.containerId);
      if (entry.state !== 'CONTAINER_RUNNING') return {};
      const { ignore = false, afterMs = 0, exitCode = 0 } = entry.script.onStop ?? {};
      const timeoutMs = (request.timeout ?? 0) * 1000;
      const killed = ignore || afterMs > timeoutMs;
      const delay = killed ? timeoutMs : afterMs;
      if (delay === 0) this.#end(entry, killed ? 137 : exitCode);
      else this.#clock.after(delay, () => this.#end(entry, killed ? 137 : exitCode));
      await entry.ended.promise;
      return {};
    });

  removeContainer: RuntimeService['removeContainer'] = (request, options) =>
    this.#calls.run('RemoveContainer', request, options, () => {
      const entry = this.#containers.get(request.containerId ?? '');
      if (entry) this.#end(entry, 137);
      this.#containers.delete(request.containerId ?? '');
      return Promise.resolve({});
    });

  listContainers: RuntimeService['listContainers'] = (request) => {
    const { id, podSandboxId, labelSelector } = request.filter ?? {};
    const matching = [...this.#containers.values()].filter(
      (entry) =>
        (!id || entry.id === id) &&
        (!podSandboxId || entry.sandbox.id === podSandboxId) &&
        hasLabels(entry.config.labels, labelSelector),
    );
    const containers: Container[] = matching.map((entry) => {
      const { metadata, image, imageRef, state, createdAt, labels, annotations, imageId } = this.#status(entry);
      return {
        id: entry.id,
        podSandboxId: entry.sandbox.id,
        ...(metadata ? { metadata } : {}),
        ...(image ? { image } : {}),
        imageRef,
        state,
        createdAt,
        labels,
        annotations,
        imageId,
      };
    });
    return Promise.resolve({ containers });
  };

  containerStatus: RuntimeService['containerStatus'] = (request) => {
    const entry = this.#containers.get(request.containerId ?? '');
    if (!entry) return Promise.reject(new GrpcError('NotFound', 'container not found'));
    return Promise.resolve({ status: this.#status(entry), info: {} });
  };

  updateContainerResources: RuntimeService['updateContainerResources'] = (request, options) =>
    this.#calls.run('UpdateContainerResources', request, options, () => {
      const entry = this.#entry(request.containerId);
      entry.resources = { ...entry.resources, ...request.linux };
      return Promise.resolve({});
    });

  updatePodSandboxResources: RuntimeService['updatePodSandboxResources'] = (request, options) =>
    this.#calls.run('UpdatePodSandboxResources', request, options, () => Promise.resolve({}));

  execSync: RuntimeService['execSync'] = (request, options) =>
    this.#calls.run('ExecSync', request, options, async () => {
      const entry = this.#entry(request.containerId);
      const name = entry.config.metadata?.name ?? '';
      const command = (request.cmd ?? []).join(' ');
      const result = this.#turns.next(`${name} ${command}`, this.#script.exec?.[name]?.[command]) ?? {};
      const timeoutMs = (request.timeout ?? 0) * 1000;
      const delayMs = result.delayMs ?? 0;
      const isLate = timeoutMs > 0 && delayMs > timeoutMs;
      if (delayMs > 0) await this.#clock.sleep(isLate ? timeoutMs : delayMs, options?.signal);
      if (isLate) throw new GrpcError('DeadlineExceeded', `command ${JSON.stringify(command)} timed out`);
      const encode = (text = ''): Uint8Array => new TextEncoder().encode(text);
      return { stdout: encode(result.stdout), stderr: encode(result.stderr), exitCode: result.exitCode ?? 0 };
    });

  reopenContainerLog: RuntimeService['reopenContainerLog'] = () => Promise.resolve({});
  exec: RuntimeService['exec'] = () => unimplemented('Exec');
  attach: RuntimeService['attach'] = () => unimplemented('Attach');
  portForward: RuntimeService['portForward'] = () => unimplemented('PortForward');
  containerStats: RuntimeService['containerStats'] = () => Promise.resolve({});
  /** Which containers run; nothing is said about what they use. */
  listContainerStats: RuntimeService['listContainerStats'] = async () => {
    const { containers } = await this.listContainers({}, {});
    const running = containers.filter(({ state }) => state === 'CONTAINER_RUNNING');
    return {
      stats: running.map(({ id, metadata, labels, annotations }) => ({
        attributes: { id, labels, annotations, ...(metadata ? { metadata } : {}) },
      })),
    };
  };
  podSandboxStats: RuntimeService['podSandboxStats'] = () => Promise.resolve({});
  listPodSandboxStats: RuntimeService['listPodSandboxStats'] = () => Promise.resolve({ stats: [] });
  updateRuntimeConfig: RuntimeService['updateRuntimeConfig'] = () => Promise.resolve({});
  checkpointContainer: RuntimeService['checkpointContainer'] = () => unimplemented('CheckpointContainer');
  listMetricDescriptors: RuntimeService['listMetricDescriptors'] = () => Promise.resolve({ descriptors: [] });
  listPodSandboxMetrics: RuntimeService['listPodSandboxMetrics'] = () => Promise.resolve({ podMetrics: [] });
  runtimeConfig: RuntimeService['runtimeConfig'] = () => Promise.resolve({ linux: { cgroupDriver: 'CGROUPFS' } });

  async *getContainerEvents(): ReturnType<RuntimeService['getContainerEvents']> {
    yield* [];
    await unimplemented('GetContainerEvents');
  }

  #newId(kind: string): string {
    const id = `${kind}-${String(this.#made.length + 1).padStart(4, '0')}`;
    this.#made.push(id);
    return id;
  }

  #newAddress(): string {
    const count = this.#addresses.length;
    const ip = `10.244.${Math.floor(count / 250)}.${(count % 250) + 1}`;
    this.#addresses.push(ip);
    return ip;
  }

  #nanoseconds(): number {
    // What is made in the same millisecond is still told apart.
    return this.#clock.now() * 1e6 + this.#made.length * 1000;
  }

  #entry(id: string | undefined): ContainerEntry {
    const entry = this.#containers.get(id ?? '');
    if (!entry) throw new GrpcError('NotFound', 'container not found');
    return entry;
  }

  #endAll(sandboxId: string, exitCode: number): void {
    for (const entry of this.#containers.values()) if (entry.sandbox.id === sandboxId) this.#end(entry, exitCode);
  }

  #end(entry: ContainerEntry, exitCode: number, reason?: string, message?: string): void {
    if (entry.state === 'CONTAINER_EXITED') return;
    const { script } = entry;
    entry.state = 'CONTAINER_EXITED';
    entry.timer?.cancel();
    entry.finishedAt = this.#nanoseconds();
    entry.exitCode = exitCode;
    entry.reason = reason ?? script.reason ?? (exitCode === 0 ? 'Completed' : 'Error');
    entry.message = message ?? script.message ?? '';
    void this.#writeEnd(entry).finally(() => entry.ended.resolve());
  }

  #hostPath(entry: ContainerEntry, path: string): string | undefined {
    const mounts = (entry.config.mounts ?? []).toSorted(
      (a, b) => (b.containerPath ?? '').length - (a.containerPath ?? '').length,
    );
    for (const { containerPath = '', hostPath = '' } of mounts) {
      if (path === containerPath) return hostPath;
      if (path.startsWith(`${containerPath}/`)) return hostPath + path.slice(containerPath.length);
    }
    return undefined;
  }

  async #writeFiles(entry: ContainerEntry): Promise<void> {
    const { writes = {}, writeSizes = {}, logs = [] } = entry.script;
    const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
    const contents: readonly (readonly [string, Uint8Array])[] = [
      ...Object.entries(writes).map(([path, text]) => [path, encode(text)] as const),
      ...Object.entries(writeSizes).map(([path, size]) => [path, new Uint8Array(size)] as const),
    ];
    for (const [path, content] of contents) {
      const target = this.#hostPath(entry, path);
      if (target !== undefined) await this.#options.files?.write(target, content);
    }
    const lines = logs.map((line) => `2026-01-01T00:00:00.000000000Z stdout F ${line}\n`).join('');
    await this.#options.files?.write(logPath(entry), encode(lines));
  }

  async #writeEnd(entry: ContainerEntry): Promise<void> {
    const { termination } = entry.script;
    const path = entry.config.annotations?.['io.kubernetes.container.terminationMessagePath'];
    const target = path === undefined ? undefined : this.#hostPath(entry, path);
    if (termination === undefined || target === undefined) return;
    await this.#options.files?.write(target, new TextEncoder().encode(termination));
  }

  #status(entry: ContainerEntry): ContainerStatus {
    const { config, id, state, createdAt, startedAt, finishedAt, exitCode, reason, message, resources } = entry;
    const image = this.images.find(config.image?.image ?? '');
    const context = config.linux?.securityContext;
    return {
      id,
      metadata: config.metadata ?? {},
      state,
      createdAt,
      startedAt,
      finishedAt,
      exitCode,
      image: { image: image?.reference ?? '' },
      imageRef: image?.imageRef ?? '',
      reason,
      message,
      labels: config.labels ?? {},
      annotations: config.annotations ?? {},
      mounts: config.mounts ?? [],
      logPath: logPath(entry),
      resources: { linux: resources },
      imageId: image?.id ?? '',
      ...(this.#script.reportUser
        ? {
            user: {
              linux: {
                uid: context?.runAsUser?.value ?? 0,
                gid: context?.runAsGroup?.value ?? 0,
                supplementalGroups: context?.supplementalGroups ?? [],
              },
            },
          }
        : {}),
      stopSignal: 'RUNTIME_DEFAULT',
    };
  }
}

function sandboxStatus(sandbox: SandboxState): PodSandboxStatus {
  const { id, config, handler, createdAt, ip, ready } = sandbox;
  return {
    id,
    metadata: config.metadata ?? {},
    state: ready ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
    createdAt,
    network: { ip, additionalIps: [] },
    linux: { namespaces: { options: config.linux?.securityContext?.namespaceOptions ?? {} } },
    labels: config.labels ?? {},
    annotations: config.annotations ?? {},
    runtimeHandler: handler,
  };
}

function logPath(entry: ContainerEntry): string {
  return `${entry.sandbox.config.logDirectory ?? ''}/${entry.config.logPath ?? ''}`;
}

function hasLabels(
  labels: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => labels?.[key] === value);
}

function unimplemented(method: string): Promise<never> {
  return Promise.reject(new GrpcError('Unimplemented', `unknown method ${method}`));
}
