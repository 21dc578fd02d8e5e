import type { Pod } from '@kts/api/types/core-v1';
import { keyText } from '@kts/apimachinery';
import { GrpcError } from '@kts/grpc';
import { type RuntimeService } from '@kts/host-cri';
import type { Clock, Logger } from '@kts/base';
import type { KubeletConfig } from '../config.ts';
import type { FileSystem } from '../host/file-system.ts';
import type { NodeHost } from '../host/node-host.ts';
import type { ContainerRecord } from '../runtime/pod-runtime-status.ts';
import type { RuntimePodSummary } from '../runtime/runtime-reader.ts';
import { isTerminalPhase } from '../status/status-update.ts';
import { podsCgroup, type KubeletParts } from './kubelet-parts.ts';

export interface HousekeepingDeps {
  readonly config: KubeletConfig;
  readonly parts: KubeletParts;
  readonly runtime: RuntimeService;
  readonly host: NodeHost;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Brings what is on the node in line with the pods that are wanted: ends what nobody wants, removes what is left over.
 *
 * Mirrors: pkg/kubelet/kubelet_pods.go, HandlePodCleanups (v1.36)
 */
export async function cleanUpPods(deps: HousekeepingDeps, signal: AbortSignal): Promise<void> {
  const { parts, log } = deps;
  const { pods, workers, probes, statuses, mirrors } = parts;
  const wanted = pods.all();
  const uids = new Set(wanted.map((pod) => pod.metadata.uid));
  const working = workers.retain(uids);
  const inRuntime = await parts.reader.pods(signal);

  probes.retain(
    new Set([...working].filter(([, work]) => work === 'sync' || work === 'terminating').map(([uid]) => uid)),
  );
  statuses.retain(new Set([...uids, ...pods.mirrors().map((pod) => pod.metadata.uid)]));
  parts.meter.forget('prober_probe_total', ({ pod_uid: uid = '' }) => !uids.has(uid));
  parts.devices?.retain(new Set([...uids].filter((uid) => !workers.isTerminated(uid))));
  for (const part of [parts.failures, parts.resizeState, parts.allocator]) part.retain(uids);
  await removeOrphanedDirectories(deps, uids, inRuntime, signal);
  for (const mirror of pods.orphanedMirrors()) {
    const fullName = `${mirror.metadata.name}_${mirror.metadata.namespace}`;
    if (!workers.isNameTerminating(fullName)) await mirrors.remove(mirror, signal);
  }
  restartForgotten(wanted, working, parts);
  for (const [uid, pod] of inRuntime) {
    if (!pod.hasRunning || workers.isTerminationRequested(uid) || uids.has(uid) || working.has(uid)) continue;
    log.info('ending a pod that nobody wants', { pod: keyText(pod), podUid: uid });
    workers.update({ type: 'kill', runtimePod: { uid, name: pod.name, namespace: pod.namespace } });
  }
  await removeOrphanedCgroups(deps, working);
}

/** Wanted pods without a worker start (again); ended ones are only to be deleted. */
function restartForgotten(wanted: readonly Pod[], working: ReadonlyMap<string, unknown>, parts: KubeletParts): void {
  for (const pod of wanted) {
    const { uid, deletionTimestamp } = pod.metadata;
    if (working.has(uid) || parts.shared.admitting.has(uid)) continue;
    const phase = parts.statuses.get(uid)?.phase ?? pod.status?.phase;
    if (!isTerminalPhase(phase)) parts.workers.update({ type: 'create', pod });
    else if (deletionTimestamp !== undefined) parts.workers.update({ type: 'kill', pod });
  }
}

async function removeOrphanedDirectories(
  { parts, log }: HousekeepingDeps,
  wanted: ReadonlySet<string>,
  inRuntime: ReadonlyMap<string, RuntimePodSummary>,
  signal: AbortSignal,
): Promise<void> {
  for (const uid of await parts.volumes.podsOnDisk()) {
    if (wanted.has(uid) || inRuntime.get(uid)?.hasRunning || parts.workers.couldHaveRunningContainers(uid)) continue;
    try {
      await parts.volumes.removePodDirectory(uid, signal);
    } catch (error) {
      log.error('failed to remove the directory of an orphaned pod', { podUid: uid, error });
    }
  }
}

async function removeOrphanedCgroups(
  { config, host, parts }: HousekeepingDeps,
  working: ReadonlyMap<string, unknown>,
): Promise<void> {
  const root = podsCgroup(config);
  for (const parent of [root, `${root}/burstable`, `${root}/besteffort`]) {
    for (const name of await host.cgroups.children(parent)) {
      const uid = name.startsWith('pod') ? name.slice('pod'.length) : undefined;
      if (uid !== undefined && !working.has(uid) && !parts.pods.get(uid))
        await host.cgroups.remove(`${parent}/${name}`);
    }
  }
}

/** How many ended attempts of a container are kept, for its logs and its last state. */
const DEAD_CONTAINERS_MAX = 1;

/**
 * Removes older attempts of the container that has just ended; of an evicted pod, all that have ended.
 *
 * Mirrors: pkg/kubelet/pod_container_deletor.go (v1.36)
 */
export async function removeOldAttempts(
  deps: HousekeepingDeps,
  pod: { readonly uid: string; readonly name: string; readonly namespace: string },
  endedId: string,
  signal: AbortSignal,
): Promise<void> {
  const { parts } = deps;
  const { containers } = await parts.reader.podStatus(pod, signal);
  const dead = containers.filter((record) => record.state === 'exited');
  const name = dead.find((record) => record.id === endedId)?.name;
  const removed = parts.workers.shouldContentBeRemoved(pod.uid)
    ? dead
    : dead.filter((record) => record.name === name).slice(DEAD_CONTAINERS_MAX);
  for (const record of removed) await removeContainer(deps, record, signal);
}

/** The log and what has been rotated away of it. */
async function removeLogs(files: FileSystem, logPath: string): Promise<void> {
  const directory = logPath.slice(0, logPath.lastIndexOf('/'));
  const own = logPath.slice(directory.length + 1);
  if ((await files.stat(directory))?.type !== 'directory') return;
  for (const name of await files.readDirectory(directory)) {
    if (name === own || name.startsWith(`${own}.`)) await files.remove(`${directory}/${name}`);
  }
}

/** With its logs. */
async function removeContainer(
  { runtime, host, log }: HousekeepingDeps,
  { id, logPath }: ContainerRecord,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (logPath !== '') await removeLogs(host.files, logPath);
    await runtime.removeContainer({ containerId: id }, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    if (!GrpcError.is(error, 'NotFound')) log.warn('failed to remove a container', { id, error });
  }
}

/**
 * Removes containers and sandboxes of pods that have ended, and what is left of older sandboxes.
 *
 * Mirrors: pkg/kubelet/kuberuntime/kuberuntime_gc.go (v1.36)
 */
export async function collectGarbage(deps: HousekeepingDeps, signal: AbortSignal): Promise<void> {
  const { parts, runtime, log } = deps;
  for (const [uid, summary] of await parts.reader.pods(signal)) {
    const gone = !parts.pods.get(uid) && !parts.workers.couldHaveRunningContainers(uid);
    const status = await parts.reader.podStatus(summary, signal);
    const live = new Set(
      status.containers.filter((record) => record.state === 'running').map((record) => record.sandboxId),
    );
    const seen = new Map<string, number>();
    const kept = new Set<string>();
    for (const record of status.containers) {
      if (record.state === 'running' || record.state === 'created') continue;
      const count = (seen.get(record.name) ?? 0) + 1;
      seen.set(record.name, count);
      if (gone || count > DEAD_CONTAINERS_MAX) await removeContainer(deps, record, signal);
      else kept.add(record.sandboxId);
    }
    for (const [index, sandbox] of status.sandboxes.entries()) {
      const needed = sandbox.ready || live.has(sandbox.id) || kept.has(sandbox.id) || (index === 0 && !gone);
      if (!needed || (gone && !sandbox.ready && !live.has(sandbox.id)))
        await removeSandbox(runtime, sandbox.id, log, signal);
    }
  }
  await removeOrphanedLogs(deps);
}

/** The logs of pods that are gone for good. */
async function removeOrphanedLogs({ config, host, parts }: HousekeepingDeps): Promise<void> {
  if ((await host.files.stat(config.podLogsDir))?.type !== 'directory') return;
  for (const name of await host.files.readDirectory(config.podLogsDir)) {
    // `<namespace>_<name>_<uid>`
    const uid = name.split('_')[2];
    if (uid === undefined || parts.pods.get(uid) || parts.workers.couldHaveRunningContainers(uid)) continue;
    await host.files.remove(`${config.podLogsDir}/${name}`);
  }
}

async function removeSandbox(runtime: RuntimeService, id: string, log: Logger, signal: AbortSignal): Promise<void> {
  try {
    await runtime.stopPodSandbox({ podSandboxId: id }, { signal });
    await runtime.removePodSandbox({ podSandboxId: id }, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    if (!GrpcError.is(error, 'NotFound')) log.warn('failed to remove a sandbox', { id, error });
  }
}
