import type { Pod, Secret } from '@kts/api/types/core-v1';
import { formatDuration } from '@kts/apimachinery';
import type { Clock, Logger } from '@kts/base';
import { GrpcError } from '@kts/grpc';
import { type ImageSpec, type PodSandboxConfig, type RuntimeService } from '@kts/host-cri';
import type { ClaimManager } from '../claims/claim-manager.ts';
import type { NodeHost } from '../host/node-host.ts';
import type { Meter } from '../metering/meter.ts';
import type { ImageManager } from '../images/image-manager.ts';
import {
  containerReference,
  describePod,
  isRestartableInitContainer,
  podReference,
  type AnyContainer,
} from '../pod/containers.ts';
import type { PodEvents } from '../pod/pod-events.ts';
import { RetryLater, type SyncResult } from '../pod-worker/pod-workers.ts';
import type { PodResizer } from '../resize/pod-resizer.ts';
import type { StartFailure } from '../status/container-statuses.ts';
import type { BackOff } from './back-off.ts';
import type { ContainerKiller } from './container-killer.ts';
import type { ContainerStarter, StartRequest } from './container-starter.ts';
import type { PodActions } from './pod-actions.ts';
import type { PodRuntimeStatus } from './pod-runtime-status.ts';
import type { RunOptions } from './run-options.ts';
import type { RuntimeReader } from './runtime-reader.ts';
import { podLogDirectory, sandboxConfig } from './sandbox-config.ts';

export interface PodActionRunnerDeps {
  readonly runtime: RuntimeService;
  readonly reader: RuntimeReader;
  readonly images: ImageManager;
  readonly killer: ContainerKiller;
  readonly starter: ContainerStarter;
  readonly resizer: PodResizer;
  readonly host: NodeHost;
  readonly clock: Clock;
  readonly events: PodEvents;
  readonly log: Logger;
  readonly options: RunOptions;
  /** Absent: the node has no drivers of claims. */
  readonly claims: ClaimManager | undefined;
  /** Mounts an image that is there as a volume of the pod. Returns `false` if the runtime is to do it. */
  readonly mountImage: (pod: Pod, volume: string, image: string) => Promise<boolean>;
  readonly meter: Meter;
  readonly crashBackOff: BackOff;
  /** The pod is on its way out, so failures are no news. */
  readonly isTerminationRequested: (uid: string) => boolean;
}

export interface SyncOutcome {
  /** Containers that were tried: why they did not start, or `undefined` if they did. */
  readonly started: ReadonlyMap<string, StartFailure | undefined>;
  readonly next: SyncResult['next'];
  readonly resizeError?: string;
  /** What to try again later. */
  readonly error?: Error;
}

const LOG_DIRECTORY_MODE = 0o755;

/** One run over a pod; collects what happens. */
interface Run {
  readonly pod: Pod;
  readonly status: PodRuntimeStatus;
  readonly pullSecrets: readonly Secret[];
  readonly started: Map<string, StartFailure | undefined>;
  readonly problems: string[];
  acted: boolean;
  /** The earliest time when a container that waits may be started. */
  retryAt: number | undefined;
}

/**
 * Carries out what `computePodActions` decided.
 *
 * Mirrors: pkg/kubelet/kuberuntime/kuberuntime_manager.go, SyncPod (v1.36)
 */
export class PodActionRunner {
  readonly #deps: PodActionRunnerDeps;

  constructor(deps: PodActionRunnerDeps) {
    this.#deps = deps;
  }

  async run(
    pod: Pod,
    status: PodRuntimeStatus,
    actions: PodActions,
    pullSecrets: readonly Secret[],
    signal: AbortSignal,
  ): Promise<SyncOutcome> {
    const run: Run = { pod, status, pullSecrets, started: new Map(), problems: [], acted: false, retryAt: undefined };
    let reset = false;
    let resizeError: string | undefined;
    try {
      reset = await this.#stop(run, actions, signal);
      await this.#pruneInitContainers(run, actions, signal);
      resizeError = await this.#start(run, actions, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      run.problems.push(Error.isError(error) ? error.message : String(error));
    }
    const error = this.#summary(run);
    return {
      started: run.started,
      next: reset || changesResources(actions) ? 'again' : run.acted ? 'changed' : 'nothing',
      ...(resizeError === undefined ? {} : { resizeError }),
      ...(error ? { error } : {}),
    };
  }

  #summary(run: Run): Error | undefined {
    if (run.problems.length === 0) return undefined;
    const text = run.problems.length === 1 ? run.problems[0]! : `[${run.problems.join(', ')}]`;
    if (run.retryAt === undefined) return new Error(text);
    return new RetryLater(text, run.retryAt - this.#deps.clock.now());
  }

  /** Returns whether containers were removed to be made anew. */
  async #stop(run: Run, actions: PodActions, signal: AbortSignal): Promise<boolean> {
    const { pod, status } = run;
    const { killer, events, runtime } = this.#deps;
    if (actions.createSandbox && actions.sandboxId !== '') {
      const message = 'Pod sandbox changed, it will be killed and re-created.';
      events.record(podReference(pod), 'Normal', 'SandboxChanged', message);
    }
    if (actions.killPod) {
      if (status.containers.some((record) => record.state === 'running') || status.sandboxes.length > 0)
        run.acted = true;
      await killer.killPod(pod, status, undefined, signal);
      return false;
    }
    for (const kill of actions.containersToKill) {
      run.acted = true;
      await killer.kill({ pod, ...kill }, signal);
    }
    for (const { id, name, kill } of actions.containersToReset) {
      run.acted = true;
      const reason = 'RestartAllContainers';
      if (kill) await killer.kill({ pod, id, name, message: 'killing', reason, graceSeconds: 0 }, signal);
      await runtime.removeContainer({ containerId: id }, { signal });
    }
    return actions.containersToReset.length > 0;
  }

  /** Keeps the newest ended attempt of each init container, or none if the sandbox is made anew. */
  async #pruneInitContainers(run: Run, actions: PodActions, signal: AbortSignal): Promise<void> {
    const names = new Set((run.pod.spec.initContainers ?? []).map((container) => container.name));
    const seen = new Set<string>();
    for (const record of run.status.containers) {
      if (!names.has(record.name)) continue;
      const ended = record.state === 'exited' || record.state === 'unknown';
      if (!actions.createSandbox && !ended) continue;
      const keep = !actions.createSandbox && !seen.has(record.name);
      seen.add(record.name);
      if (keep) continue;
      try {
        await this.#deps.runtime.removeContainer({ containerId: record.id }, { signal });
      } catch (error) {
        if (signal.aborted) throw error;
        this.#deps.log.warn('failed to remove an init container', { container: record.name, error });
      }
    }
  }

  async #start(run: Run, actions: PodActions, signal: AbortSignal): Promise<string | undefined> {
    const { pod, status } = run;
    const { options, resizer } = this.#deps;
    const wanted =
      actions.ephemeralContainersToStart.length +
      actions.initContainersToStart.length +
      actions.containersToStart.length;
    const resizes = changesResources(actions);
    if (wanted === 0 && !actions.createSandbox && !resizes) return undefined;

    if (actions.createSandbox && !(await this.#prepareClaims(run, signal))) return undefined;
    const created = actions.createSandbox ? await this.#createSandbox(run, actions.attempt, signal) : undefined;
    if (actions.createSandbox && !created) return undefined;
    const settings = created?.settings ?? (await options.sandboxSettings(pod, signal));
    const config = created?.config ?? sandboxConfig(pod, actions.attempt, settings);
    const sandboxId = created?.id ?? actions.sandboxId;
    const podIPs = created?.ips ?? status.ips;
    const imageVolumes = await this.#imageVolumes(run, config, signal);
    const start = (container: AnyContainer): Promise<boolean> => {
      const { pullSecrets } = run;
      const request = { pod, container, status, sandboxId, sandboxConfig: config, podIPs, pullSecrets, imageVolumes };
      return this.#startContainer(run, request, signal);
    };
    for (const container of actions.ephemeralContainersToStart) await start(container);
    for (const container of actions.initContainersToStart) {
      if (!(await start(container)) && !isRestartableInitContainer(container)) return undefined;
    }
    const resizeError = resizes ? await resizer.resize(pod, actions, sandboxId, signal) : undefined;
    if (resizes) run.acted = true;
    if (resizeError !== undefined) run.problems.push(resizeError);
    for (const container of actions.containersToStart) await start(container);
    return resizeError;
  }

  /** `false`: it failed, which has been recorded. */
  async #prepareClaims(run: Run, signal: AbortSignal): Promise<boolean> {
    const { claims, events } = this.#deps;
    try {
      await claims?.prepare(run.pod, signal);
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      const message = `Failed to prepare dynamic resources: ${(error as Error).message}`;
      run.problems.push(message);
      events.record(podReference(run.pod), 'Warning', 'FailedPrepareDynamicResources', message);
      return false;
    }
  }

  /** `undefined`: it failed, which has been recorded. */
  async #createSandbox(
    run: Run,
    attempt: number,
    signal: AbortSignal,
  ): Promise<
    | {
        readonly id: string;
        readonly ips: readonly string[];
        readonly config: PodSandboxConfig;
        readonly settings: Awaited<ReturnType<RunOptions['sandboxSettings']>>;
      }
    | undefined
  > {
    const { pod } = run;
    const { runtime, options, host, events, reader, isTerminationRequested } = this.#deps;
    try {
      const settings = await options.sandboxSettings(pod, signal);
      const config = sandboxConfig(pod, attempt, settings);
      await host.files.makeDirectory(podLogDirectory(settings.podLogsDir, pod), LOG_DIRECTORY_MODE);
      const runtimeHandler = await options.runtimeHandler(pod, signal);
      this.#deps.meter.count('kubelet_started_pods_total');
      const { podSandboxId: id } = await runtime.runPodSandbox({ config, runtimeHandler }, { signal });
      run.acted = true;
      const ips = pod.spec.hostNetwork ? run.status.ips : await reader.sandboxAddresses(id, signal);
      return { id, ips, config, settings };
    } catch (error) {
      if (signal.aborted) throw error;
      const { message } = error as Error;
      run.problems.push(
        `failed to "CreatePodSandbox" for "${describePod(pod)}" with CreatePodSandboxError: ${JSON.stringify(message)}`,
      );
      if (!isTerminationRequested(pod.metadata.uid)) {
        events.record(
          podReference(pod),
          'Warning',
          'FailedCreatePodSandBox',
          `Failed to create pod sandbox: ${message}`,
        );
      }
      return undefined;
    }
  }

  /** Returns whether it runs. */
  async #startContainer(run: Run, request: StartRequest, signal: AbortSignal): Promise<boolean> {
    const { container } = request;
    const waiting = this.#crashLoop(run, container);
    const failure = waiting ?? (await this.#deps.starter.start(request, signal));
    run.started.set(container.name, failure);
    if (!failure) {
      this.#deps.meter.count('kubelet_started_containers_total', { container_type: containerType(run.pod, container) });
      run.acted = true;
      return true;
    }
    const { reason, message } = failure;
    run.problems.push(`failed to "StartContainer" for "${container.name}" with ${reason}: ${JSON.stringify(message)}`);
    return false;
  }

  /** Holds a container back that ended a short while ago. */
  #crashLoop(run: Run, container: AnyContainer): StartFailure | undefined {
    const { pod, status } = run;
    const { crashBackOff, clock, events } = this.#deps;
    const record = status.containers.find((one) => one.name === container.name && one.state === 'exited');
    if (!record) return undefined;
    const key = `${describePod(pod)}_${container.name}_${container.image ?? ''}_${JSON.stringify(container.resources ?? {})}`;
    const now = clock.now();
    if (!crashBackOff.isWaiting(key, record.finishedAtMs, now)) {
      crashBackOff.next(key, record.finishedAtMs, now);
      return undefined;
    }
    const wait = crashBackOff.waitMs(key);
    events.record(
      containerReference(pod, container.name),
      'Warning',
      'BackOff',
      `Back-off restarting failed container ${container.name} in pod ${describePod(pod)}`,
    );
    const until = record.finishedAtMs + wait;
    run.retryAt = Math.min(run.retryAt ?? until, until);
    const duration = formatDuration(BigInt(wait) * 1_000_000n);
    const message = `back-off ${duration} restarting failed container=${container.name} pod=${describePod(pod)}`;
    return { reason: 'CrashLoopBackOff', message };
  }

  /**
   * Pulls the images of image volumes. Returns those for the runtime to mount.
   *
   * Differs: where the runtime has no image volumes, the kubelet mounts them, because many machines have such a runtime.
   */
  async #imageVolumes(
    run: Run,
    config: PodSandboxConfig,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ImageSpec>> {
    const { pod, pullSecrets } = run;
    const volumes = new Map<string, ImageSpec>();
    for (const { name, image } of pod.spec.volumes ?? []) {
      if (!image) continue;
      const runtimeHandler = await this.#deps.options.runtimeHandler(pod, signal);
      const result = await this.#deps.images.ensure(
        {
          about: podReference(pod),
          pod,
          image: image.reference ?? '',
          policy: (image.pullPolicy as 'Always' | 'IfNotPresent' | 'Never' | undefined) ?? 'IfNotPresent',
          pullSecrets,
          sandboxConfig: config,
          runtimeHandler,
        },
        signal,
      );
      if (!result.ok) throw new GrpcError('Unknown', result.message);
      if (await this.#deps.mountImage(pod, name, result.imageRef)) continue;
      volumes.set(name, {
        image: result.imageRef,
        userSpecifiedImage: image.reference ?? '',
        runtimeHandler,
        annotations: pod.metadata.annotations ?? {},
      });
    }
    return volumes;
  }
}

function containerType(pod: Pod, container: AnyContainer): string {
  if (pod.spec.containers.some(({ name }) => name === container.name)) return 'container';
  return pod.spec.initContainers?.some(({ name }) => name === container.name)
    ? 'init_container'
    : 'ephemeral_container';
}

/** Resources of running containers change, which the runtime does not report by itself. */
function changesResources(actions: PodActions): boolean {
  return (
    actions.cpuResizes.length > 0 ||
    actions.memoryResizes.length > 0 ||
    actions.updatePodResources ||
    actions.updatePodLevelResources
  );
}
