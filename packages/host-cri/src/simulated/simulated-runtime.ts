/**
 * A container runtime that only pretends: pods get addresses, containers start, run and end as their command or
 * annotations say, and nothing is executed. Needs no root and no Linux.
 */
import { randomName, type Clock, type Random, type Timer } from '@kts/base';

import { GrpcError } from '@kts/grpc';
import type {
  Container,
  ContainerConfig,
  ContainerState,
  ContainerStats,
  ContainerStatus,
  ImageService,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
  RuntimeService,
} from '../gen/cri.gen.ts';
import { behaviourOf, pullErrorOf, type SimulatedBehaviour } from './simulated-behaviour.ts';
import { SimulatedImages } from './simulated-images.ts';
import { UsageMeter, usageOf, type SimulatedUsage, type UsedUp } from './simulated-usage.ts';

export interface SimulatedRuntimeDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** An address for a new pod, and its return. */
  readonly addresses: { allocate(): string; release(address: string): void };
  /** Stands for the machine: once it is aborted no container ends of itself any more, so nothing is waited for. */
  readonly signal?: AbortSignal;
  /** The annotations that pods have now, by uid. Absent, or without a pod: what it had when it was started. */
  readonly annotations?: () => ReadonlyMap<string, Readonly<Record<string, string>>>;
}

export interface MachineUsage {
  /** Since the start. */
  cpuNanoSeconds(): number;
  /** As annotations were when somebody looked last: it is asked for often, by what never looks at anything else. */
  memoryBytes(): number;
}

interface Sandbox {
  readonly id: string;
  readonly config: PodSandboxConfig;
  readonly runtimeHandler: string;
  readonly address: string;
  readonly createdAt: number;
  isReady: boolean;
}

interface SimulatedContainer {
  readonly id: string;
  readonly sandbox: Sandbox;
  readonly config: ContainerConfig;
  readonly behaviour: SimulatedBehaviour;
  readonly createdAt: number;
  state: ContainerState;
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  end: Timer | undefined;
}

const NANOS_PER_MS = 1e6;
const ID_LETTERS = 16;
const EXIT_KILLED = 137;
const NOTHING = Promise.resolve({});

export function createSimulatedRuntime(deps: SimulatedRuntimeDeps): {
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  /** What the whole machine uses. */
  readonly used: MachineUsage;
} {
  const { clock } = deps;
  const images = new SimulatedImages(clock, pullErrorOf);
  const meter = new UsageMeter<SimulatedContainer>(clock.now());
  const look = (): void => {
    const annotations = deps.annotations?.();
    meter.advance((container) => currentUsage(container, annotations), clock.now());
  };
  const used: MachineUsage = {
    cpuNanoSeconds: () => {
      look();
      return meter.cpuNanoSeconds(clock.now());
    },
    memoryBytes: () => meter.memoryBytes(),
  };
  return { runtime: simulatedRuntimeService(deps, images, meter, look), images, used };
}

function currentUsage(
  { config, sandbox }: SimulatedContainer,
  annotations?: ReadonlyMap<string, Readonly<Record<string, string>>>,
): SimulatedUsage {
  const now = annotations?.get(sandbox.config.metadata?.uid ?? '');
  return usageOf(config.metadata?.name ?? '', now ?? sandbox.config.annotations ?? {});
}

function simulatedRuntimeService(
  deps: SimulatedRuntimeDeps,
  images: SimulatedImages,
  meter: UsageMeter<SimulatedContainer>,
  /** Brings the meter up to now. */
  look: () => void,
): RuntimeService {
  const { clock, random, addresses, signal } = deps;
  const sandboxes = new Map<string, Sandbox>();
  const containers = new Map<string, SimulatedContainer>();
  const nanos = (): number => clock.now() * NANOS_PER_MS;
  const newId = (): string => randomName(random, ID_LETTERS);

  const sandboxOf = (id = ''): Sandbox => {
    const sandbox = sandboxes.get(id);
    if (!sandbox) throw new GrpcError('NotFound', `an error occurred when try to find sandbox: not found`);
    return sandbox;
  };
  const containerOf = (id = ''): SimulatedContainer => {
    const container = containers.get(id);
    if (!container) throw new GrpcError('NotFound', `an error occurred when try to find container "${id}": not found`);
    return container;
  };
  const finish = (container: SimulatedContainer, exitCode: number): void => {
    container.end?.cancel();
    if (container.state !== 'CONTAINER_RUNNING') return;
    container.state = 'CONTAINER_EXITED';
    meter.end(container, clock.now());
    container.finishedAt = nanos();
    container.exitCode = exitCode;
  };

  signal?.addEventListener('abort', () => {
    for (const container of containers.values()) container.end?.cancel();
  });

  return {
    version: () =>
      Promise.resolve({ version: '0.1.0', runtimeName: 'simulated', runtimeVersion: '1.0.0', runtimeApiVersion: 'v1' }),
    status: () =>
      Promise.resolve({
        status: {
          conditions: ['RuntimeReady', 'NetworkReady'].map((type) => ({ type, status: true, reason: '', message: '' })),
        },
        info: {},
        runtimeHandlers: [{ name: '' }],
      }),
    runtimeConfig: () => Promise.resolve({}),
    updateRuntimeConfig: () => NOTHING,

    runPodSandbox: ({ config = {}, runtimeHandler = '' }) => {
      const isHostNetwork = config.linux?.securityContext?.namespaceOptions?.network === 'NODE';
      const address = isHostNetwork ? '' : addresses.allocate();
      const sandbox = { id: newId(), config, runtimeHandler, address, createdAt: nanos(), isReady: true };
      sandboxes.set(sandbox.id, sandbox);
      return Promise.resolve({ podSandboxId: sandbox.id });
    },
    stopPodSandbox: ({ podSandboxId = '' }) => {
      const sandbox = sandboxes.get(podSandboxId);
      if (sandbox?.isReady) {
        sandbox.isReady = false;
        for (const container of containers.values()) if (container.sandbox === sandbox) finish(container, EXIT_KILLED);
        if (sandbox.address) addresses.release(sandbox.address);
      }
      return NOTHING;
    },
    removePodSandbox: ({ podSandboxId = '' }) => {
      for (const container of containers.values())
        if (container.sandbox.id === podSandboxId) containers.delete(container.id);
      sandboxes.delete(podSandboxId);
      return NOTHING;
    },
    podSandboxStatus: async ({ podSandboxId }) => {
      const sandbox = sandboxOf(podSandboxId);
      return { status: sandboxStatus(sandbox), info: {}, containersStatuses: [], timestamp: nanos() };
    },
    listPodSandbox: ({ filter = {} }) =>
      Promise.resolve({
        items: [...sandboxes.values()]
          .filter((each) => !filter.id || each.id === filter.id)
          .filter((each) => !filter.state || (filter.state.state === 'SANDBOX_READY') === each.isReady)
          .filter((each) => hasLabels(each.config.labels, filter.labelSelector))
          .map(listedSandbox),
      }),

    createContainer: async ({ podSandboxId, config = {} }) => {
      const sandbox = sandboxOf(podSandboxId);
      const command = [...(config.command ?? []), ...(config.args ?? [])];
      const container: SimulatedContainer = {
        id: newId(),
        sandbox,
        config,
        behaviour: behaviourOf(config.metadata?.name ?? '', command, sandbox.config.annotations ?? {}),
        createdAt: nanos(),
        state: 'CONTAINER_CREATED',
        startedAt: 0,
        finishedAt: 0,
        exitCode: 0,
        end: undefined,
      };
      containers.set(container.id, container);
      return { containerId: container.id };
    },
    startContainer: async ({ containerId }, options) => {
      const container = containerOf(containerId);
      const { startError, startAfterMs, exitAfterMs, exitCode } = container.behaviour;
      if (startError !== undefined) throw new GrpcError('Unknown', `failed to create containerd task: ${startError}`);
      if (startAfterMs > 0) await clock.sleep(startAfterMs, options?.signal);
      container.state = 'CONTAINER_RUNNING';
      meter.start(container, currentUsage(container), clock.now());
      container.startedAt = nanos();
      if (exitAfterMs !== undefined && !signal?.aborted)
        container.end = clock.after(exitAfterMs, () => finish(container, exitCode));
      return {};
    },
    stopContainer: async ({ containerId = '', timeout = 0 }, options) => {
      const container = containers.get(containerId);
      if (container?.state !== 'CONTAINER_RUNNING') return {};
      const { stopAfterMs } = container.behaviour;
      const isPatient = stopAfterMs <= timeout * 1000;
      const wait = isPatient ? stopAfterMs : timeout * 1000;
      if (wait > 0) await clock.sleep(wait, options?.signal);
      finish(container, isPatient ? 0 : EXIT_KILLED);
      return {};
    },
    removeContainer: ({ containerId = '' }) => {
      const container = containers.get(containerId);
      if (container) finish(container, EXIT_KILLED);
      containers.delete(containerId);
      return NOTHING;
    },
    containerStatus: async ({ containerId }) => ({
      status: containerStatus(containerOf(containerId), images),
      info: {},
    }),
    listContainers: ({ filter = {} }) =>
      Promise.resolve({
        containers: [...containers.values()]
          .filter((each) => !filter.id || each.id === filter.id)
          .filter((each) => !filter.podSandboxId || each.sandbox.id === filter.podSandboxId)
          .filter((each) => !filter.state || each.state === (filter.state.state ?? 'CONTAINER_CREATED'))
          .filter((each) => hasLabels(each.config.labels, filter.labelSelector))
          .map((each) => listedContainer(each, images)),
      }),
    updateContainerResources: () => NOTHING,
    updatePodSandboxResources: () => NOTHING,
    reopenContainerLog: () => NOTHING,

    execSync: async ({ containerId }) => {
      containerOf(containerId);
      return { stdout: new Uint8Array(), stderr: new Uint8Array(), exitCode: 0 };
    },
    exec: () => notSimulated('exec'),
    attach: () => notSimulated('attach'),
    portForward: () => notSimulated('port-forward'),
    checkpointContainer: () => notSimulated('checkpoint'),

    containerStats: async ({ containerId }) => {
      const container = containerOf(containerId);
      look();
      return { stats: statsOf(container, meter.usedBy(container), nanos()) };
    },
    listContainerStats: () => {
      look();
      const running = [...containers.values()].filter((each) => each.state === 'CONTAINER_RUNNING');
      return Promise.resolve({ stats: running.map((each) => statsOf(each, meter.usedBy(each), nanos())) });
    },
    podSandboxStats: () => notSimulated('pod sandbox stats'),
    listPodSandboxStats: () => Promise.resolve({ stats: [] }),
    listMetricDescriptors: () => Promise.resolve({ descriptors: [] }),
    listPodSandboxMetrics: () => Promise.resolve({ podMetrics: [] }),
    getContainerEvents: () => {
      throw new GrpcError('Unimplemented', 'the simulated runtime has no event stream');
    },
  };
}

function notSimulated(what: string): Promise<never> {
  return Promise.reject(new GrpcError('Unimplemented', `${what} is not available on a simulated node`));
}

function sandboxStatus(sandbox: Sandbox): PodSandboxStatus {
  return { ...listedSandbox(sandbox), network: { ip: sandbox.address, additionalIps: [] } };
}

function listedSandbox(sandbox: Sandbox): PodSandbox {
  const { metadata, labels = {}, annotations = {} } = sandbox.config;
  return {
    id: sandbox.id,
    ...(metadata ? { metadata } : {}),
    state: sandbox.isReady ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
    createdAt: sandbox.createdAt,
    labels,
    annotations,
    runtimeHandler: sandbox.runtimeHandler,
  };
}

function listedContainer(container: SimulatedContainer, images: SimulatedImages): Container {
  const { metadata, image, labels = {}, annotations = {} } = container.config;
  const imageId = images.idOf(image?.image ?? '');
  return {
    id: container.id,
    podSandboxId: container.sandbox.id,
    ...(metadata ? { metadata } : {}),
    ...(image ? { image } : {}),
    imageRef: imageId,
    imageId,
    state: container.state,
    createdAt: container.createdAt,
    labels,
    annotations,
  };
}

function containerStatus(container: SimulatedContainer, images: SimulatedImages): ContainerStatus {
  const { podSandboxId: _, ...listed } = listedContainer(container, images);
  const hasExited = container.state === 'CONTAINER_EXITED';
  return {
    ...listed,
    startedAt: container.startedAt,
    finishedAt: container.finishedAt,
    exitCode: container.exitCode,
    reason: hasExited ? (container.exitCode === 0 ? 'Completed' : 'Error') : '',
    message: '',
    mounts: [],
    logPath: `${container.sandbox.config.logDirectory ?? ''}/${container.config.logPath ?? ''}`,
    stopSignal: 'RUNTIME_DEFAULT',
  };
}

function statsOf(container: SimulatedContainer, used: UsedUp, timestamp: number): ContainerStats {
  const { metadata, labels = {}, annotations = {} } = container.config;
  return {
    attributes: { id: container.id, ...(metadata ? { metadata } : {}), labels, annotations },
    cpu: { timestamp, usageCoreNanoSeconds: { value: used.cpuNanoSeconds } },
    memory: { timestamp, workingSetBytes: { value: used.memoryBytes } },
  };
}

function hasLabels(
  labels: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>> | undefined,
): boolean {
  for (const key in wanted) if (labels?.[key] !== wanted[key]) return false;
  return true;
}
