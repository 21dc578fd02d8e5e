import { pods as podType } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import { TaskGroup, type Clock, type Component, type Logger, type Random } from '@kts/base';
import type { Client } from '@kts/client';
import { createEventRecorder, createInformers, type Informer } from '@kts/controlkit';
import type { ImageService, RuntimeService } from '@kts/host-cri';
import type { KubeletConfig } from './config.ts';
import { cleanUpPods, collectGarbage, removeOldAttempts, type HousekeepingDeps } from './core/housekeeping.ts';
import { createEvictionManager } from './core/evictions.ts';
import { assembleParts, type KubeletParts } from './core/kubelet-parts.ts';
import { PodIntake } from './core/pod-intake.ts';
import { readRuntimeInfo } from './core/runtime-info.ts';
import { runtimeChanges } from './core/runtime-watch.ts';
import type { EvictionManager } from './eviction/eviction-manager.ts';
import { isFileError } from './host/file-system.ts';
import { rotateLogs, type LogRotationDeps } from './logs/log-rotation.ts';
import type { NodeHost } from './host/node-host.ts';
import type { PluginHost } from './plugins/plugin-host.ts';
import { PluginWatcher } from './plugins/plugin-watcher.ts';
import type { RuntimePodSummary } from './runtime/runtime-reader.ts';
import type { MetricFamily } from './server/metrics/metric-text.ts';
import { readStaticPods } from './sources/static-pods.ts';

export interface KubeletDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  readonly host: NodeHost;
  /** Where plugins are found; absent: the node has none. */
  readonly plugins?: PluginHost;
}

/** What the kubelet's server asks of it. */
export interface KubeletApi {
  /** The pods of this node with the status that the kubelet has of them. */
  pods(): readonly Pod[];
  readonly podLogsDir: string;
  /** Where a volume of a pod is mounted; `undefined`: it is not. */
  volumePath(uid: string, volume: string): string | undefined;
  /** What the kubelet has done so far. */
  metrics(): readonly MetricFamily[];
  /** The id of a container that runs; `undefined` if there is none. `uid` narrows it down. */
  runningContainer(
    pod: { readonly namespace: string; readonly name: string; readonly uid?: string },
    container: string,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** The id of the pod's ready sandbox. */
  readySandbox(
    pod: { readonly namespace: string; readonly name: string; readonly uid?: string },
    signal: AbortSignal,
  ): Promise<string | undefined>;
}

export interface Kubelet extends Component {
  readonly api: KubeletApi;
}

const RELIST_MS = 1000;
const HOUSEKEEPING_MS = 2000;
const GARBAGE_MS = 60_000;
const IMAGE_GARBAGE_MS = 300_000;
const QOS_CGROUPS_MS = 60_000;
const CLAIMS_MS = 60_000;
const RUNTIME_CHECK_MS = 5000;
const DEADLINE_CHECK_MS = 1000;
const PLUGIN_REGISTRY = 'plugins_registry';
const PLUGIN_DIRECTORY_MODE = 0o750;

/** The node agent: runs the pods that are bound to its node and reports what became of them. */
export function createKubelet(config: KubeletConfig, deps: KubeletDeps): Kubelet {
  const ready = Promise.withResolvers<void>();
  let parts: KubeletParts | undefined;
  return {
    name: 'kubelet',
    ready: ready.promise,
    healthChecks: [
      {
        name: 'runtime',
        check: async () => {
          const problem = parts ? parts.shared.runtimeInfo.runtimeProblem : 'not started';
          if (problem !== '') throw new Error(problem);
        },
      },
    ],
    api: createApi(config, () => parts),
    run: async (signal) => {
      const group = new TaskGroup(signal);
      const recorder = createEventRecorder({ component: 'kubelet', host: config.nodeName }, deps);
      const informers = createInformers(deps);
      const relist = new Wake(group.signal);
      parts = await assembleParts(config, {
        ...deps,
        recorder,
        informers,
        signal: group.signal,
        onRuntimeChanged: () => relist.now(),
      });
      const { nodeReference, objects } = parts;
      const loop = new KubeletLoop(config, deps, parts, relist, (reason, message) =>
        recorder.event(nodeReference, 'Warning', reason, message),
      );
      recorder.event(parts.nodeReference, 'Normal', 'Starting', 'Starting kubelet.');
      group.start((groupSignal) => recorder.run(groupSignal));
      group.start((groupSignal) => informers.run(groupSignal));
      group.start((groupSignal) => objects.run(groupSignal));
      group.start(async (groupSignal) => {
        await loop.prepare(group, groupSignal);
        await informers.synced();
        if (groupSignal.aborted) return;
        loop.start(group, informers.get(podType, { fieldSelector: `spec.nodeName=${config.nodeName}` }), ready.resolve);
      });
      await group.done();
      await parts.workers.stopped();
    },
  };
}

/** Ends a pause early. */
class Wake {
  #wake: (() => void) | undefined;
  #asked = false;

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.now(), { once: true });
  }

  now(): void {
    this.#asked = true;
    this.#wake?.();
  }

  async wait(clock: Clock, ms: number): Promise<void> {
    if (!this.#asked) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = clock.after(ms, resolve);
      this.#wake = resolve;
      await promise;
      timer.cancel();
      this.#wake = undefined;
    }
    this.#asked = false;
  }
}

/** The loops of a running kubelet. */
class KubeletLoop {
  readonly #config: KubeletConfig;
  readonly #deps: KubeletDeps;
  readonly #parts: KubeletParts;
  readonly #housekeeping: HousekeepingDeps;
  #seen: ReadonlyMap<string, RuntimePodSummary> = new Map();
  #staticPods: readonly Pod[] = [];
  readonly #relistNow: Wake;
  readonly #evictions: EvictionManager;
  #intake: PodIntake | undefined;

  constructor(
    config: KubeletConfig,
    deps: KubeletDeps,
    parts: KubeletParts,
    relist: Wake,
    warn: (reason: string, message: string) => void,
  ) {
    this.#relistNow = relist;
    this.#config = config;
    this.#deps = deps;
    this.#parts = parts;
    this.#housekeeping = { config, parts, runtime: deps.runtime, host: deps.host, clock: deps.clock, log: deps.log };
    this.#evictions = createEvictionManager({
      ...this.#housekeeping,
      images: deps.images,
      announce: (message) => warn('EvictionThresholdMet', message),
    });
  }

  /** Waits for the runtime, which may start later than the kubelet. */
  async prepare(group: TaskGroup, signal: AbortSignal): Promise<void> {
    const { shared, reporter, volumes, userNamespaces } = this.#parts;
    shared.hostIPs = await reporter.addresses();
    while (shared.runtimeInfo.name === '') {
      await this.#checkRuntime(signal);
      if (shared.runtimeInfo.name === '') await this.#deps.clock.sleep(RELIST_MS, signal);
    }
    const podsOnDisk = await volumes.podsOnDisk();
    await userNamespaces.restore(podsOnDisk);
    await this.#parts.csi?.restore(podsOnDisk);
    await this.#parts.devices?.restore();
    await this.#parts.claims?.restore();
    this.#intake = new PodIntake({
      config: this.#config,
      parts: this.#parts,
      clock: this.#deps.clock,
      log: this.#deps.log,
      appArmorEnabled: await isAppArmorEnabled(this.#deps.host),
      group,
    });
  }

  start(group: TaskGroup, informer: Informer<Pod>, onReady: () => void): void {
    const { reporter, statuses } = this.#parts;
    group.start((signal) => statuses.run(signal));
    group.start((signal) => reporter.run(signal, () => this.#takePods(group, informer, onReady)));
    group.start((signal) => reporter.runLease(signal));
    const { devices, claimDrivers } = this.#parts;
    if (devices) group.start((signal) => devices.run(group, signal));
    if (claimDrivers) group.start((signal) => claimDrivers.run(signal));
  }

  /** Begins with the pods once the node is known to the API. */
  #takePods(group: TaskGroup, informer: Informer<Pod>, onReady: () => void): void {
    const intake = this.#intake!;
    const every = (ms: number, what: string, work: (signal: AbortSignal) => Promise<void>): void =>
      group.start((signal) => this.#repeat(ms, what, work, signal));
    group.start((signal) => this.#watchRuntime(signal));
    group.start((signal) => this.#watchPlugins(signal));
    every(RUNTIME_CHECK_MS, 'check the runtime', (signal) => this.#checkRuntime(signal));
    every(DEADLINE_CHECK_MS, 'check deadlines', () => Promise.resolve(this.#checkDeadlines()));
    if (this.#config.staticPodPath !== undefined) {
      every(this.#config.fileCheckFrequencyMs, 'read manifests', () => this.#readManifests());
    }
    group.start(async (signal) => {
      informer.subscribe({
        onAdd: (pod) => intake.put(pod),
        onUpdate: (_, pod) => intake.put(pod),
        onDelete: (pod) => intake.remove(pod),
      });
      await informer.synced;
      if (signal.aborted) return;
      intake.reviewResizes();
      onReady();
      every(HOUSEKEEPING_MS, 'clean up pods', () => cleanUpPods(this.#housekeeping, signal));
      every(GARBAGE_MS, 'collect garbage', () => collectGarbage(this.#housekeeping, signal));
      group.start((evictionSignal) => this.#evictions.run(evictionSignal));
      every(this.#config.containerLogMonitorIntervalMs, 'rotate logs', (rotationSignal) =>
        rotateLogs(this.#logRotation(), rotationSignal),
      );
      every(QOS_CGROUPS_MS, 'update cgroups', () => this.#parts.qosCgroups.update());
      every(CLAIMS_MS, 'give back resources', async (claimSignal) => {
        const uids = new Set(this.#parts.activePods().map(({ metadata }) => metadata.uid));
        await this.#parts.claims?.retain(uids, claimSignal);
      });
      every(IMAGE_GARBAGE_MS, 'collect images', () => this.#parts.imageCollector.collect(signal));
    });
  }

  async #watchPlugins(signal: AbortSignal): Promise<void> {
    const { plugins, host, clock, log } = this.#deps;
    const { drivers, claimDrivers } = this.#parts;
    if (!plugins || !drivers || !claimDrivers) return;
    const directory = `${this.#config.rootDirectory}/${PLUGIN_REGISTRY}`;
    await host.files.makeDirectory(directory, PLUGIN_DIRECTORY_MODE);
    const handlers = { CSIPlugin: drivers, DRAPlugin: claimDrivers };
    try {
      await new PluginWatcher({ host: plugins, directory, handlers, clock, log }).run(signal);
    } finally {
      drivers.close();
    }
  }

  #logRotation(): LogRotationDeps {
    const { runtime, host, clock, log } = this.#deps;
    const { podLogsDir, containerLogMaxSizeBytes: bytesMax, containerLogMaxFiles: filesMax } = this.#config;
    return { runtime, files: host.files, clock, log, podLogsDir, bytesMax, filesMax };
  }

  async #watchRuntime(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#relist(signal);
      } catch (error) {
        if (!signal.aborted) this.#deps.log.error('failed to look at the runtime', { error });
      }
      await this.#relistNow.wait(this.#deps.clock, RELIST_MS);
    }
  }

  async #repeat(
    ms: number,
    what: string,
    work: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      try {
        await work(signal);
      } catch (error) {
        if (!signal.aborted) this.#deps.log.error(`failed to ${what}`, { error });
      }
      await this.#deps.clock.sleep(ms, signal).catch(() => {});
    }
  }

  async #checkRuntime(signal: AbortSignal): Promise<void> {
    const { shared } = this.#parts;
    try {
      shared.runtimeInfo = await readRuntimeInfo(this.#deps.runtime, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const { message } = error as Error;
      shared.runtimeInfo = { ...shared.runtimeInfo, runtimeProblem: `container runtime is down: ${message}` };
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const { reader, syncPod } = this.#parts;
    const now = await reader.pods(signal);
    const changes = runtimeChanges(this.#seen, now);
    const before = this.#seen;
    this.#seen = now;
    for (const change of changes) {
      if (change.type !== 'ended') continue;
      const pod = now.get(change.uid) ?? before.get(change.uid)!;
      if (pod.containerIds.includes(change.id)) await removeOldAttempts(this.#housekeeping, pod, change.id, signal);
    }
    for (const uid of new Set(changes.map((change) => change.uid))) syncPod(uid);
  }

  #checkDeadlines(): void {
    const { pods, lifecycle, statuses, syncPod } = this.#parts;
    for (const pod of pods.all()) {
      const { uid } = pod.metadata;
      const phase = statuses.get(uid)?.phase;
      if (phase === 'Failed' || phase === 'Succeeded' || !lifecycle.isPastDeadline(pod)) continue;
      lifecycle.announceDeadline(pod);
      syncPod(uid);
    }
  }

  async #readManifests(): Promise<void> {
    const { staticPodPath: path, nodeName } = this.#config;
    const found = await readStaticPods(
      this.#deps.host.files,
      { path: path!, nodeName },
      this.#deps.clock,
      this.#deps.log,
    );
    this.#intake!.setStaticPods(found, this.#staticPods);
    this.#staticPods = found;
  }
}

async function isAppArmorEnabled(host: NodeHost): Promise<boolean> {
  try {
    const content = await host.files.readFile('/sys/module/apparmor/parameters/enabled', 1);
    return new TextDecoder().decode(content) === 'Y';
  } catch (error) {
    if (isFileError(error)) return false;
    throw error;
  }
}

function createApi(config: KubeletConfig, partsOf: () => KubeletParts | undefined): KubeletApi {
  const find = (
    parts: KubeletParts | undefined,
    pod: { readonly namespace: string; readonly name: string; readonly uid?: string },
  ): Pod | undefined => {
    const found = parts?.pods.byName(pod.namespace, pod.name);
    return pod.uid === undefined || found?.metadata.uid === pod.uid ? found : undefined;
  };
  return {
    pods: () => {
      const parts = partsOf();
      return (parts?.pods.all() ?? []).map((pod) => {
        const status = parts?.statuses.get(pod.metadata.uid) ?? pod.status;
        return status ? { ...pod, status } : pod;
      });
    },
    podLogsDir: config.podLogsDir,
    volumePath: (uid, volume) => partsOf()?.volumes.mounted(uid, volume)?.path,
    metrics: () => partsOf()?.meter.families(() => true) ?? [],
    runningContainer: async (wanted, container, signal) => {
      const parts = partsOf();
      const pod = find(parts, wanted);
      if (!parts || !pod) return undefined;
      const { containers } = await parts.reader.podStatus(pod.metadata, signal);
      return containers.find((record) => record.name === container && record.state === 'running')?.id;
    },
    readySandbox: async (wanted, signal) => {
      const parts = partsOf();
      const pod = find(parts, wanted);
      if (!parts || !pod) return undefined;
      return (await parts.reader.podStatus(pod.metadata, signal)).activeSandboxId;
    },
  };
}
