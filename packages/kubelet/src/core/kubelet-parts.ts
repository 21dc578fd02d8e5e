import type { Node, Pod, Service } from '@kts/api/types/core-v1';
import type { Clock, Logger, Random } from '@kts/base';
import type { Client } from '@kts/client';
import type { ImageService, RuntimeService } from '@kts/host-cri';
import { nodes, services } from '@kts/api';
import type { EventRecorder, Informers } from '@kts/controlkit';
import { ClaimDrivers } from '../claims/claim-drivers.ts';
import { ClaimManager } from '../claims/claim-manager.ts';
import type { KubeletConfig } from '../config.ts';
import { CsiDrivers } from '../csi/csi-drivers.ts';
import { CsiMounter } from '../csi/csi-mounter.ts';
import type { PressureCondition } from '../eviction/thresholds.ts';
import { DeviceManager } from '../devices/device-manager.ts';
import type { NodeHost } from '../host/node-host.ts';
import { ImageCollector } from '../images/image-garbage.ts';
import { ImageManager } from '../images/image-manager.ts';
import { PullRecords } from '../images/pull-records.ts';
import { Semaphore } from '../images/semaphore.ts';
import { Meter } from '../metering/meter.ts';
import { metered } from '../metering/metered-service.ts';
import { nodeAllocatable } from '../node/node-status.ts';
import { NodeReporter } from '../node/node-reporter.ts';
import type { PodEvents } from '../pod/pod-events.ts';
import { qosClass } from '../pod/qos-class.ts';
import type { ResourceList } from '../pod/resource-list.ts';
import type { PluginHost } from '../plugins/plugin-host.ts';
import { PodWorkers } from '../pod-worker/pod-workers.ts';
import { ProbeManager } from '../probes/probe-manager.ts';
import { Prober } from '../probes/prober.ts';
import { PodResizer } from '../resize/pod-resizer.ts';
import { ResizeAllocator } from '../resize/resize-allocator.ts';
import { ResizeState } from '../resize/resize-state.ts';
import { BackOff } from '../runtime/back-off.ts';
import { ContainerKiller } from '../runtime/container-killer.ts';
import { ContainerStarter } from '../runtime/container-starter.ts';
import { hugepageSizeName, type ResourceSettings } from '../runtime/linux-resources.ts';
import { PodActionRunner } from '../runtime/pod-action-runner.ts';
import { QosCgroups } from '../runtime/qos-cgroups.ts';
import { RuntimeReader } from '../runtime/runtime-reader.ts';
import { UserNamespaces } from '../runtime/user-namespaces.ts';
import { MirrorPods } from '../sources/mirror-pods.ts';
import { ObjectReader } from '../sources/object-reader.ts';
import { isTerminalPhase } from '../status/status-update.ts';
import { StatusManager } from '../status/status-manager.ts';
import { ServiceAccountTokens } from '../volumes/service-account-tokens.ts';
import { VolumeManager } from '../volumes/volume-manager.ts';
import { PodLifecycle } from './pod-lifecycle.ts';
import { PodManager } from './pod-manager.ts';
import { KubeletRunOptions } from './run-options.ts';
import { mountsImages, UNKNOWN_RUNTIME, type RuntimeInfo } from './runtime-info.ts';
import { StartFailures } from './start-failures.ts';

export interface PartsDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  readonly host: NodeHost;
  /** Absent: the node has no plugins. */
  readonly plugins?: PluginHost;
  readonly recorder: EventRecorder;
  readonly informers: Informers;
  /** Asks for a look at the runtime. */
  readonly onRuntimeChanged: () => void;
  /** Ends everything that the parts do by themselves. */
  readonly signal: AbortSignal;
}

const CRASH_BACK_OFF_MS = 10_000;
const PULLS_UNLIMITED = 1_000_000;
const PROBE_RESULTS = { success: 'successful', failure: 'failed', unknown: 'unknown' };

/** What changes while the kubelet runs and that many parts look at. */
interface Shared {
  runtimeInfo: RuntimeInfo;
  hostIPs: readonly string[];
  /** What the node has too little of, in alphabetical order. */
  pressures: readonly PressureCondition[];
  /** Uids of pods whose devices are being prepared: they are not started yet. */
  readonly admitting: Set<string>;
}

export type KubeletParts = Awaited<ReturnType<typeof assembleParts>>;

/** Makes the kubelet's parts and connects them. Nothing runs yet. */
export async function assembleParts(config: KubeletConfig, deps: PartsDeps) {
  const { client, clock, random, log, host, recorder, informers, signal } = deps;
  const meter = new Meter();
  const runtime = metered(deps.runtime, meter, clock);
  const images = metered(deps.images, meter, clock);
  const machine = await host.machine.info();
  const shared: Shared = { runtimeInfo: UNKNOWN_RUNTIME, hostIPs: [], pressures: [], admitting: new Set() };
  const events: PodEvents = {
    record: (about, type, reason, message) => {
      if (!about.fieldPath?.startsWith('implicitly required')) recorder.event(about, type, reason, message);
    },
  };
  const resources: ResourceSettings = {
    memoryBytes: machine.memoryBytes,
    hugepageSizes: Object.keys(machine.hugePages).map((size) => hugepageSizeName(Number(size))),
    enforceCpuQuota: config.cpuCFSQuota,
    cpuPeriodUs: config.cpuCFSQuotaPeriodMs * 1000,
    cgroupVersion: host.cgroups.version,
    swapController: host.cgroups.swapController,
    singleProcessOomKill: config.singleProcessOOMKill,
  };
  const runtimeInfo = (): RuntimeInfo => shared.runtimeInfo;
  const hostIPs = (): readonly string[] => shared.hostIPs;
  const serviceInformer = informers.get(services);
  const nodeInformer = informers.get(nodes, { fieldSelector: `metadata.name=${config.nodeName}` });
  const node = (): Node | undefined => nodeInformer.get({ name: config.nodeName }) ?? reporter.node;
  const allocatable = (): ResourceList =>
    node()?.status?.allocatable ?? nodeAllocatable(config, node()?.status?.capacity ?? {});

  // Upstream names nodes in events by their name, not by their uid.
  const nodeReference = { kind: 'Node', name: config.nodeName, uid: config.nodeName };
  const reporter = new NodeReporter({
    config,
    client,
    clock,
    log,
    machine: host.machine,
    images,
    runtimeInfo,
    pressures: () => shared.pressures,
    volumesInUse: () => csi?.inUse() ?? [],
    devices: () => devices?.amounts() ?? { capacity: {}, allocatable: {} },
    onEvent: (reason, message) => recorder.event(nodeReference, 'Normal', reason, message),
  });
  const imageCollector = new ImageCollector({
    config,
    runtime,
    images,
    machine: host.machine,
    clock,
    log,
    onShortage: (message) => recorder.event(nodeReference, 'Warning', 'FreeDiskSpaceFailed', message),
  });
  const pods = new PodManager();
  const reader = new RuntimeReader(runtime, host.files);
  const objects = new ObjectReader({ client, clock, random, log });
  const tokens = new ServiceAccountTokens(client, clock, random);
  const { nodeName, rootDirectory } = config;
  const devices =
    deps.plugins &&
    new DeviceManager({
      host: deps.plugins,
      files: host.files,
      clock,
      log,
      rootDirectory,
      onChanged: () => reporter.reportSoon(),
    });
  const claimDrivers = deps.plugins && new ClaimDrivers({ host: deps.plugins, client, clock, log, nodeName });
  const claims =
    claimDrivers && new ClaimManager({ drivers: claimDrivers, client, files: host.files, log, rootDirectory });
  const drivers = deps.plugins && new CsiDrivers({ host: deps.plugins, client, nodeName });
  const csi =
    drivers &&
    new CsiMounter({
      drivers,
      client,
      files: host.files,
      rootDirectory,
      nodeName,
      node,
      token: (pod, audience, seconds, tokenSignal) => tokens.token(pod, audience, seconds, tokenSignal),
    });
  const volumes = new VolumeManager({
    host,
    client,
    clock,
    random,
    log,
    events,
    objects,
    rootDirectory,
    allocatable,
    tokens,
    csi,
  });
  const userNamespaces = new UserNamespaces(host.files, (uid) => volumes.podDirectory(uid), config.maxPods);
  const limit = config.serializeImagePulls ? 1 : (config.maxParallelImagePulls ?? PULLS_UNLIMITED);
  const records = new PullRecords(host.files, config.rootDirectory);
  const imageManager = new ImageManager({ images, clock, events, records, pulls: new Semaphore(limit) });
  const killer = new ContainerKiller({ runtime, reader, network: host.network, clock, events, log });
  const failures = new StartFailures();
  const resizeState = new ResizeState();
  const allocator = new ResizeAllocator(clock, events);
  const cgroupOf = (pod: Pod): string => podCgroup(config, pod);
  const options = new KubeletRunOptions({
    config,
    client,
    clock,
    random,
    host,
    events,
    volumes,
    objects,
    userNamespaces,
    resources,
    runtimeInfo,
    hostIPs,
    allocatable,
    services: (): readonly Service[] => serviceInformer.list(),
    cgroupOf,
    devices,
    claims,
  });
  const security = {
    seccompRoot: `${config.rootDirectory}/seccomp`,
    seccompDefault: config.seccompDefault,
    extraMaskedPaths: [],
  };
  const starter = new ContainerStarter({
    runtime,
    reader,
    images: imageManager,
    killer,
    host,
    clock,
    events,
    log,
    options,
    resizeState,
    settings: { resources, security },
  });
  const resizer = new PodResizer({ runtime, cgroups: host.cgroups, state: resizeState, settings: resources, cgroupOf });
  const isTerminationRequested = (uid: string): boolean => workers.isTerminationRequested(uid);
  const runner = new PodActionRunner({
    runtime,
    reader,
    images: imageManager,
    killer,
    starter,
    resizer,
    host,
    clock,
    events,
    log,
    options,
    claims,
    mountImage: async (pod, volume, image) =>
      !mountsImages(shared.runtimeInfo) && (await volumes.mountImage(pod, volume, image)),
    meter,
    crashBackOff: new BackOff(CRASH_BACK_OFF_MS, config.maxContainerRestartPeriodMs),
    isTerminationRequested,
  });
  const statuses = new StatusManager({
    client,
    clock,
    log,
    onTerminated: ({ containerType, exitCode, reason }) =>
      meter.count('kubelet_terminated_containers_total', {
        container_type: containerType,
        exit_code: String(exitCode),
        reason,
      }),
    lookup: {
      byUid: (uid) => pods.get(uid),
      mirrorOf: (uid) => pods.mirrorOf(uid),
      couldHaveRunningContainers: (uid) => workers.couldHaveRunningContainers(uid),
    },
  });
  const syncPod = (uid: string): void => {
    const pod = pods.get(uid);
    if (pod) workers.update({ type: 'sync', pod });
  };
  const probes = new ProbeManager({
    prober: new Prober({ runtime, network: host.network, clock, events }),
    onOutcome: (pod, container, type, outcome) =>
      meter.count('prober_probe_total', {
        probe_type: `${type.charAt(0).toUpperCase()}${type.slice(1)}`,
        result: PROBE_RESULTS[outcome ?? 'unknown'],
        container,
        pod: pod.metadata.name,
        namespace: pod.metadata.namespace,
        pod_uid: pod.metadata.uid,
      }),
    clock,
    random,
    runtimeName: () => shared.runtimeInfo.name,
    signal,
    statusOf: (uid) => statuses.get(uid),
    podOf: (uid) => pods.get(uid),
    onVerdict: (uid, type, containerID, verdict) => {
      if (type === 'readiness') statuses.setContainerReady(uid, containerID, verdict === 'success');
      if (type === 'startup') statuses.setContainerStarted(uid, containerID, verdict === 'success');
      if (type !== 'liveness' || verdict === 'failure') syncPod(uid);
    },
  });
  const qosCgroups: QosCgroups = new QosCgroups(host.cgroups, () => ({
    root: podsCgroup(config),
    pods: activePods(),
    capacity: node()?.status?.capacity ?? {},
    reserved: [config.kubeReserved, config.systemReserved],
  }));
  const mirrors = new MirrorPods({ client, pods, log, node });
  const lifecycle = new PodLifecycle({
    signal,
    clock,
    host,
    events,
    reader,
    killer,
    runner,
    probes,
    statuses,
    volumes,
    claims,
    objects,
    userNamespaces,
    allocator,
    resizeState,
    failures,
    resources,
    qosCgroups,
    podPidsLimit: config.podPidsLimit,
    handlerOf: (pod, syncSignal) => options.runtimeHandler(pod, syncSignal),
    runtimeInfo,
    hostIPs,
    cgroupOf,
    isTerminationRequested,
    reconcileMirror: (pod, syncSignal) => mirrors.reconcile(pod, syncSignal),
  });
  const workers: PodWorkers = new PodWorkers({
    syncer: lifecycle,
    clock,
    random,
    log,
    resyncMs: config.syncFrequencyMs,
    signal,
    latestPod: (uid) => pods.get(uid),
    onChanged: deps.onRuntimeChanged,
    onSynced: (type, ms) => meter.observe('kubelet_pod_worker_duration_seconds', { operation_type: type }, ms / 1000),
  });
  const activePods = (): readonly Pod[] =>
    pods.all().filter(({ metadata: { uid }, status }) => {
      if (workers.isTerminated(uid)) return false;
      const ended = isTerminalPhase(status?.phase) || isTerminalPhase(statuses.get(uid)?.phase);
      return !ended || workers.isTerminationRequested(uid);
    });
  return {
    meter,
    qosCgroups,
    devices,
    claimDrivers,
    claims,
    drivers,
    csi,
    shared,
    events,
    activePods,
    node,
    allocatable,
    reporter,
    nodeReference,
    imageCollector,
    pods,
    reader,
    objects,
    volumes,
    userNamespaces,
    imageManager,
    killer,
    failures,
    resizeState,
    allocator,
    statuses,
    probes,
    mirrors,
    lifecycle,
    workers,
    syncPod,
    cgroupOf,
  };
}

/** The cgroup of all pods. */
export function podsCgroup(config: KubeletConfig): string {
  return `${config.cgroupRoot.replace(/\/$/, '')}/kubepods`;
}

/** The cgroup of a pod below the one of its quality of service. */
export function podCgroup(config: KubeletConfig, pod: Pod): string {
  const root = podsCgroup(config);
  const name = `pod${pod.metadata.uid}`;
  switch (qosClass(pod)) {
    case 'Guaranteed':
      return `${root}/${name}`;
    case 'Burstable':
      return `${root}/burstable/${name}`;
    case 'BestEffort':
      return `${root}/besteffort/${name}`;
  }
}
