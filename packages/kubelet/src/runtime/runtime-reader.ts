import { GrpcError } from '@kts/grpc';
import { type Container, type ContainerStatus, type PodSandboxStatus, type RuntimeService } from '@kts/host-cri';
import type { FileSystem } from '../host/file-system.ts';
import {
  CONTAINER_NAME_LABEL,
  POD_NAME_LABEL,
  POD_NAMESPACE_LABEL,
  POD_UID_LABEL,
  readContainerAnnotations,
} from './container-labels.ts';
import { quotaToMilli, sharesToMilli } from './linux-resources.ts';
import type {
  ContainerRecord,
  ContainerRunState,
  PodRuntimeStatus,
  ReportedResources,
  SandboxRecord,
} from './pod-runtime-status.ts';
import { terminationMessage } from './termination-message.ts';

/** What a list of everything says about one pod: enough to see that something changed. */
export interface RuntimePodSummary {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly createdAtMs: number;
  /** State by id of sandboxes and containers. */
  readonly states: ReadonlyMap<string, ContainerRunState>;
  readonly sandboxIds: readonly string[];
  readonly containerIds: readonly string[];
  readonly hasRunning: boolean;
}

/** Reads what the runtime has, in the kubelet's terms. */
export class RuntimeReader {
  readonly #runtime: RuntimeService;
  readonly #files: FileSystem;

  constructor(runtime: RuntimeService, files: FileSystem) {
    this.#runtime = runtime;
    this.#files = files;
  }

  /** Every pod that has a sandbox or a container, by uid. */
  async pods(signal: AbortSignal): Promise<ReadonlyMap<string, RuntimePodSummary>> {
    const [{ items }, { containers }] = await Promise.all([
      this.#runtime.listPodSandbox({}, { signal }),
      this.#runtime.listContainers({}, { signal }),
    ]);
    const pods = new Map<string, Draft>();
    const draftOf = (uid: string, name: string, namespace: string, createdAtMs: number): Draft =>
      pods.getOrInsertComputed(uid, () => ({
        uid,
        name,
        namespace,
        createdAtMs,
        states: new Map(),
        sandboxIds: [],
        containerIds: [],
        hasRunning: false,
      }));
    for (const sandbox of items) {
      const { uid = '', name = '', namespace = '' } = sandbox.metadata ?? {};
      const draft = draftOf(uid, name, namespace, toMs(sandbox.createdAt));
      draft.sandboxIds.push(sandbox.id);
      draft.states.set(sandbox.id, sandbox.state === 'SANDBOX_READY' ? 'running' : 'exited');
      draft.hasRunning ||= sandbox.state === 'SANDBOX_READY';
    }
    for (const container of containers) {
      const uid = container.labels[POD_UID_LABEL];
      if (uid === undefined) continue;
      const { labels } = container;
      const draft = draftOf(
        uid,
        labels[POD_NAME_LABEL] ?? '',
        labels[POD_NAMESPACE_LABEL] ?? '',
        toMs(container.createdAt),
      );
      draft.containerIds.push(container.id);
      draft.states.set(container.id, runState(container.state));
      draft.hasRunning ||= container.state === 'CONTAINER_RUNNING';
    }
    return pods;
  }

  async podStatus(
    pod: { readonly uid: string; readonly name: string; readonly namespace: string },
    signal: AbortSignal,
  ): Promise<PodRuntimeStatus> {
    const labelSelector = { [POD_UID_LABEL]: pod.uid };
    const [{ items }, { containers }] = await Promise.all([
      this.#runtime.listPodSandbox({ filter: { labelSelector } }, { signal }),
      this.#runtime.listContainers({ filter: { labelSelector } }, { signal }),
    ]);
    const newest = items.toSorted(byCreation);
    const statuses = await Promise.all(newest.map((one) => this.#sandboxStatus(one.id, signal)));
    const found = statuses.filter((status) => status !== undefined);
    const sandboxes = found.map(sandboxRecord);
    const active = sandboxes[0]?.ready ? sandboxes[0].id : undefined;
    const records = await Promise.all(containers.map((one) => this.#containerRecord(one, signal)));
    return {
      uid: pod.uid,
      name: pod.name,
      namespace: pod.namespace,
      ips: active === undefined ? [] : networkAddresses(found[0]!),
      sandboxes,
      containers: records
        .filter((record) => record !== undefined)
        .toSorted((a, b) => b.createdAtMs - a.createdAtMs || b.restartCount - a.restartCount),
      ...(active === undefined ? {} : { activeSandboxId: active }),
    };
  }

  async sandboxAddresses(sandboxId: string, signal: AbortSignal): Promise<readonly string[]> {
    const { status } = await this.#runtime.podSandboxStatus({ podSandboxId: sandboxId }, { signal });
    return status ? networkAddresses(status) : [];
  }

  async #sandboxStatus(id: string, signal: AbortSignal): Promise<PodSandboxStatus | undefined> {
    try {
      return (await this.#runtime.podSandboxStatus({ podSandboxId: id }, { signal })).status;
    } catch (error) {
      if (GrpcError.is(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #containerRecord(container: Container, signal: AbortSignal): Promise<ContainerRecord | undefined> {
    try {
      const { status } = await this.#runtime.containerStatus({ containerId: container.id }, { signal });
      if (!status) return undefined;
      const record = recordOf(status, container.podSandboxId);
      if (record.state !== 'exited') return record;
      return { ...record, message: await this.#message(status, record) };
    } catch (error) {
      if (GrpcError.is(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #message(status: ContainerStatus, record: ContainerRecord): Promise<string> {
    const { terminationMessagePath, terminationMessagePolicy } = readContainerAnnotations(status.annotations);
    const own = await terminationMessage(this.#files, {
      path: terminationMessagePath,
      mounts: record.mounts,
      logPath: record.logPath,
      fallBackToLogs:
        terminationMessagePolicy === 'FallbackToLogsOnError' &&
        record.exitCode !== 0 &&
        record.reason !== 'ContainerCannotRun',
    });
    return own && record.message ? `${record.message}: ${own}` : own || record.message;
  }
}

interface Draft {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly createdAtMs: number;
  readonly states: Map<string, ContainerRunState>;
  readonly sandboxIds: string[];
  readonly containerIds: string[];
  hasRunning: boolean;
}

const toMs = (nanoseconds: number): number => Math.floor(nanoseconds / 1e6);

function byCreation(a: { readonly createdAt: number }, b: { readonly createdAt: number }): number {
  return b.createdAt - a.createdAt;
}

function runState(state: Container['state']): ContainerRunState {
  switch (state) {
    case 'CONTAINER_CREATED':
      return 'created';
    case 'CONTAINER_RUNNING':
      return 'running';
    case 'CONTAINER_EXITED':
      return 'exited';
    case 'CONTAINER_UNKNOWN':
      return 'unknown';
  }
}

function sandboxRecord(status: PodSandboxStatus): SandboxRecord {
  return {
    id: status.id,
    attempt: status.metadata?.attempt ?? 0,
    ready: status.state === 'SANDBOX_READY',
    createdAtMs: toMs(status.createdAt),
    hostNetwork: status.linux?.namespaces?.options?.network === 'NODE',
    ...(status.network ? { ip: status.network.ip } : {}),
  };
}

function networkAddresses(status: PodSandboxStatus): readonly string[] {
  if (!status.network || status.network.ip === '') return [];
  return [status.network.ip, ...status.network.additionalIps.map(({ ip }) => ip)];
}

function recordOf(status: ContainerStatus, sandboxId: string): ContainerRecord {
  const { hash, restartCount } = readContainerAnnotations(status.annotations);
  const state = runState(status.state);
  const user = status.user?.linux;
  const resources = reportedResources(status);
  return {
    id: status.id,
    sandboxId,
    name: status.labels[CONTAINER_NAME_LABEL] ?? '',
    state,
    image: status.image?.image ?? '',
    imageRef: status.imageRef,
    imageId: status.imageId || status.imageRef,
    hash,
    restartCount,
    createdAtMs: status.createdAt / 1e6,
    startedAtMs: toMs(status.startedAt),
    finishedAtMs: toMs(status.finishedAt),
    exitCode: status.exitCode,
    reason: state === 'exited' ? status.reason : '',
    message: state === 'exited' ? status.message : '',
    ...(resources ? { resources } : {}),
    ...(user ? { user } : {}),
    mounts: status.mounts.map(({ hostPath = '', containerPath = '', propagation = 'PROPAGATION_PRIVATE' }) => ({
      hostPath,
      containerPath,
      propagation,
    })),
    logPath: status.logPath,
  };
}

function reportedResources(status: ContainerStatus): ReportedResources | undefined {
  const linux = status.resources?.linux;
  if (!linux) return undefined;
  const { cpuPeriod = 0, cpuQuota = 0, cpuShares = 0, memoryLimitInBytes = 0 } = linux;
  const cpuLimit = cpuPeriod > 0 ? quotaToMilli(cpuQuota, cpuPeriod) : 0;
  const cpuRequest = sharesToMilli(cpuShares);
  if (cpuLimit <= 0 && cpuRequest <= 0 && memoryLimitInBytes <= 0) return undefined;
  return {
    ...(cpuLimit > 0 ? { cpuLimitMilli: cpuLimit } : {}),
    ...(cpuRequest > 0 ? { cpuRequestMilli: cpuRequest } : {}),
    ...(memoryLimitInBytes > 0 ? { memoryLimitBytes: memoryLimitInBytes } : {}),
  };
}
