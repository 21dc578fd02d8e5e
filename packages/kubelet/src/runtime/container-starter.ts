import type { Pod, Secret } from '@kts/api/types/core-v1';
import type { Clock, Logger } from '@kts/base';
import { GrpcError } from '@kts/grpc';
import { type ImageSpec, type PodSandboxConfig, type RuntimeService } from '@kts/host-cri';
import type { NodeHost } from '../host/node-host.ts';
import type { ImageManager } from '../images/image-manager.ts';
import { containerReference, describePod, type AnyContainer } from '../pod/containers.ts';
import type { PodEvents } from '../pod/pod-events.ts';
import type { StartFailure } from '../status/container-statuses.ts';
import type { ResizeState } from '../resize/resize-state.ts';
import { containerConfig } from './container-config.ts';
import type { ContainerKiller } from './container-killer.ts';
import { runLifecycleHook } from './lifecycle-hook.ts';
import type { ResourceSettings } from './linux-resources.ts';
import { findRecord, type PodRuntimeStatus } from './pod-runtime-status.ts';
import type { RunOptions } from './run-options.ts';
import type { RuntimeReader } from './runtime-reader.ts';
import { checkRunAsNonRoot, type SecuritySettings } from './security-context.ts';

export interface StartRequest {
  readonly pod: Pod;
  readonly container: AnyContainer;
  readonly status: PodRuntimeStatus;
  readonly sandboxId: string;
  readonly sandboxConfig: PodSandboxConfig;
  readonly podIPs: readonly string[];
  readonly pullSecrets: readonly Secret[];
  readonly imageVolumes: ReadonlyMap<string, ImageSpec>;
}

export interface ContainerStarterDeps {
  readonly runtime: RuntimeService;
  readonly reader: RuntimeReader;
  readonly images: ImageManager;
  readonly killer: ContainerKiller;
  readonly host: NodeHost;
  readonly clock: Clock;
  readonly events: PodEvents;
  readonly log: Logger;
  readonly options: RunOptions;
  readonly resizeState: ResizeState;
  readonly settings: { readonly resources: ResourceSettings; readonly security: SecuritySettings };
}

const LOG_DIRECTORY_MODE = 0o755;

/**
 * Brings one container to life: image, creation, start, postStart hook.
 *
 * Mirrors: pkg/kubelet/kuberuntime/kuberuntime_container.go, startContainer (v1.36)
 */
export class ContainerStarter {
  readonly #deps: ContainerStarterDeps;

  constructor(deps: ContainerStarterDeps) {
    this.#deps = deps;
  }

  /** Resolves with what went wrong; rejects only if the signal is aborted. */
  async start(request: StartRequest, signal: AbortSignal): Promise<StartFailure | undefined> {
    const { pod, container, sandboxId, sandboxConfig } = request;
    const { runtime } = this.#deps;
    const image = await this.#ensureImage(request, signal);
    if ('reason' in image) return image;

    let containerId: string;
    let config;
    try {
      config = await this.#config(request, image.imageRef, signal);
      this.#deps.resizeState.setActuated(pod, container);
    } catch (error) {
      return this.#fail(request, 'CreateContainerConfigError', error, signal);
    }
    try {
      ({ containerId } = await runtime.createContainer({ podSandboxId: sandboxId, config, sandboxConfig }, { signal }));
    } catch (error) {
      return this.#fail(request, 'CreateContainerError', error, signal);
    }
    this.#record(request, 'Normal', 'Created', 'Container created');
    try {
      await runtime.startContainer({ containerId }, { signal });
    } catch (error) {
      return this.#fail(request, 'RunContainerError', error, signal, containerId);
    }
    this.#record(request, 'Normal', 'Started', 'Container started');
    return this.#postStart(request, containerId, signal);
  }

  async #ensureImage(
    request: StartRequest,
    signal: AbortSignal,
  ): Promise<{ readonly imageRef: string } | StartFailure> {
    const { pod, container, sandboxConfig, pullSecrets } = request;
    const result = await this.#deps.images.ensure(
      {
        about: containerReference(pod, container.name),
        pod,
        image: container.image ?? '',
        policy: container.imagePullPolicy ?? 'IfNotPresent',
        pullSecrets,
        sandboxConfig,
        runtimeHandler: await this.#deps.options.runtimeHandler(pod, signal),
      },
      signal,
    );
    if (result.ok) return result;
    this.#record(request, 'Warning', 'Failed', `Error: ${result.reason}`);
    return result;
  }

  async #config(
    request: StartRequest,
    imageRef: string,
    signal: AbortSignal,
  ): Promise<ReturnType<typeof containerConfig>> {
    const { pod, container, status, podIPs } = request;
    const { options, images, host, settings } = this.#deps;
    const restartCount = await this.#restartCount(request);
    const target = 'targetContainerName' in container ? container.targetContainerName : undefined;
    const targetId = target ? findRecord(status, target)?.id : undefined;
    if (target && !targetId) throw new Error(`unable to find target container ${target}`);
    const { namespaces } = await options.sandboxSettings(pod, signal);
    const run = await options.containerOptions(pod, container, podIPs, request.imageVolumes, signal);
    const imageUser = await images.user(container.image ?? '', signal);
    const problem = checkRunAsNonRoot(describePod(pod), pod, container, imageUser);
    if (problem !== undefined) throw new Error(problem);
    await host.files.makeDirectory(`${request.sandboxConfig.logDirectory}/${container.name}`, LOG_DIRECTORY_MODE);
    return containerConfig(
      {
        pod,
        container,
        restartCount,
        image: { image: imageRef, userSpecifiedImage: container.image ?? '' },
        imageUser,
        environment: run.environment,
        mounts: run.mounts,
        devices: run.devices,
        cdiDevices: run.cdiDevices,
        annotations: run.annotations,
        namespaces,
        ...(targetId === undefined ? {} : { targetContainerId: targetId }),
      },
      settings,
    );
  }

  /** Goes on from what the runtime knows, or from the log files that are there. */
  async #restartCount(request: StartRequest): Promise<number> {
    const { container, status, sandboxConfig } = request;
    const record = findRecord(status, container.name);
    if (record) return record.restartCount + 1;
    const directory = `${sandboxConfig.logDirectory}/${container.name}`;
    const { files } = this.#deps.host;
    if ((await files.stat(directory)) === undefined) return 0;
    const counts = (await files.readDirectory(directory)).map((name) => /^(\d+)\.log/.exec(name)?.[1]);
    return Math.max(0, ...counts.map((count) => (count === undefined ? 0 : Number(count) + 1)));
  }

  async #postStart(request: StartRequest, containerId: string, signal: AbortSignal): Promise<StartFailure | undefined> {
    const { pod, container } = request;
    const hook = container.lifecycle?.postStart;
    if (!hook) return undefined;
    const { runtime, host, clock, reader, killer, log } = this.#deps;
    try {
      const podIPs = async (): Promise<readonly string[]> => (await reader.podStatus(pod.metadata, signal)).ips;
      const context = { runtime, network: host.network, clock, pod, container, containerId, podIPs };
      await runLifecycleHook(hook, context, signal);
      return undefined;
    } catch (error) {
      if (signal.aborted) throw error;
      const { message } = error as Error;
      log.error('failed to execute PostStartHook', { pod: pod.metadata.name, container: container.name, error });
      this.#record(request, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
      try {
        await killer.kill(
          { pod, id: containerId, name: container.name, message: 'FailedPostStartHook', reason: 'FailedPostStartHook' },
          signal,
        );
      } catch (killError) {
        if (signal.aborted) throw killError;
        log.error('failed to kill a container after its PostStartHook', {
          container: container.name,
          error: killError,
        });
      }
      return { reason: 'PostStartHookError', message };
    }
  }

  #fail(request: StartRequest, reason: string, error: unknown, signal: AbortSignal, containerId = ''): StartFailure {
    if (signal.aborted) throw error;
    const message = GrpcError.is(error) ? error.description : Error.isError(error) ? error.message : String(error);
    const shown = containerId ? message.replaceAll(containerId, request.container.name) : message;
    this.#record(request, 'Warning', 'Failed', `Error: ${shown}`);
    return { reason, message };
  }

  #record(request: StartRequest, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#deps.events.record(containerReference(request.pod, request.container.name), type, reason, message);
  }
}
