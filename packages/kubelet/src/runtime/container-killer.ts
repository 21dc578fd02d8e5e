import type { LifecycleHandler, Pod } from '@kts/api/types/core-v1';
import { childSignal, type Clock, type Logger } from '@kts/base';
import { GrpcError } from '@kts/grpc';
import { type RuntimeService } from '@kts/host-cri';
import type { NetworkProber } from '../host/node-host.ts';
import {
  containerReference,
  findContainer,
  hasRestartableInitContainer,
  type AnyContainer,
} from '../pod/containers.ts';
import type { PodEvents } from '../pod/pod-events.ts';
import type { KillReason } from './action-draft.ts';
import { CONTAINER_NAME_LABEL, readContainerAnnotations } from './container-labels.ts';
import { runLifecycleHook } from './lifecycle-hook.ts';
import type { PodRuntimeStatus } from './pod-runtime-status.ts';
import type { RuntimeReader } from './runtime-reader.ts';
import { TerminationOrder } from './termination-order.ts';

export interface KillRequest {
  readonly pod: Pod;
  readonly id: string;
  readonly name: string;
  /** Shown in the event; empty: `Stopping container <name>`. */
  readonly message: string;
  readonly reason: KillReason;
  /** Absent: what the pod says. */
  readonly graceSeconds?: number;
  readonly order?: TerminationOrder;
}

/** However little time is left, a container gets this much between the signal and the kill. */
const GRACE_SECONDS_MIN = 2;

/**
 * Stops containers, with their hooks and in the right order.
 *
 * Mirrors: pkg/kubelet/kuberuntime/kuberuntime_container.go, killContainer (v1.36)
 */
export class ContainerKiller {
  readonly #runtime: RuntimeService;
  readonly #reader: RuntimeReader;
  readonly #network: NetworkProber;
  readonly #clock: Clock;
  readonly #events: PodEvents;
  readonly #log: Logger;

  constructor(options: {
    readonly runtime: RuntimeService;
    readonly reader: RuntimeReader;
    readonly network: NetworkProber;
    readonly clock: Clock;
    readonly events: PodEvents;
    readonly log: Logger;
  }) {
    this.#runtime = options.runtime;
    this.#reader = options.reader;
    this.#network = options.network;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#log = options.log;
  }

  /**
   * Stops every running container of the pod, then its sandboxes, whatever the containers did. Rejects with an error
   * that names everything that failed.
   */
  async killPod(
    pod: Pod,
    status: PodRuntimeStatus,
    graceSeconds: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const running = status.containers.filter((record) => record.state === 'running');
    const order = hasRestartableInitContainer(pod)
      ? new TerminationOrder(
          pod,
          running.map((record) => record.name),
          this.#clock,
        )
      : undefined;
    const failures: string[] = [];
    const kill = async ({ id, name }: { readonly id: string; readonly name: string }): Promise<void> => {
      const grace = graceSeconds === undefined ? {} : { graceSeconds };
      try {
        await this.kill(
          { pod, id, name, message: '', reason: 'Unknown', ...grace, ...(order ? { order } : {}) },
          signal,
        );
      } catch (error) {
        failures.push(failedTo('KillContainer', name, error));
      }
    };
    // Upstream's order of events: the oldest container first, then from the newest on.
    await Promise.all([...running.slice(-1), ...running.slice(0, -1)].map(kill));
    for (const sandbox of status.sandboxes) {
      try {
        await this.#runtime.stopPodSandbox({ podSandboxId: sandbox.id }, { signal });
      } catch (error) {
        if (!GrpcError.is(error, 'NotFound')) failures.push(failedTo('KillPodSandbox', pod.metadata.uid, error));
      }
    }
    if (failures.length > 0) throw new Error(failures.length === 1 ? failures[0] : `[${failures.join(', ')}]`);
  }

  async kill(request: KillRequest, signal: AbortSignal): Promise<void> {
    const { pod, id, name, order } = request;
    const container = findContainer(pod, name) ?? (await this.#containerFromAnnotations(id, signal));
    const message = request.message || `Stopping container ${name}`;
    this.#events.record(containerReference(pod, name), 'Normal', 'Killing', message);
    let grace = request.graceSeconds ?? gracePeriod(pod, container, request.reason);
    const preStop = container.lifecycle?.preStop;
    if (preStop && grace > 0) grace -= await this.#runPreStop(request, container, preStop, grace, signal);
    if (order && grace > 0) grace -= Math.trunc(await order.waitForTurn(name, grace));
    try {
      await this.#runtime.stopContainer({ containerId: id, timeout: Math.max(grace, GRACE_SECONDS_MIN) }, { signal });
    } catch (error) {
      if (!GrpcError.is(error, 'NotFound')) throw error;
    }
    order?.ended(name);
  }

  /** Returns the whole seconds it took, at most the grace period. */
  async #runPreStop(
    request: KillRequest,
    container: AnyContainer,
    hook: LifecycleHandler,
    graceSeconds: number,
    signal: AbortSignal,
  ): Promise<number> {
    const { pod, id, name } = request;
    const start = this.#clock.monotonic();
    using child = childSignal(signal);
    const timer = this.#clock.after(graceSeconds * 1000, () => child.abort());
    try {
      await runLifecycleHook(
        hook,
        {
          runtime: this.#runtime,
          network: this.#network,
          clock: this.#clock,
          pod,
          container,
          containerId: id,
          podIPs: async () => (await this.#reader.podStatus(pod.metadata, signal)).ips,
        },
        child.signal,
      );
    } catch (error) {
      if (signal.aborted) throw error;
      if (!child.signal.aborted) {
        this.#log.error('PreStop hook failed', {
          pod: `${pod.metadata.namespace}/${pod.metadata.name}`,
          container: name,
          error,
        });
        this.#events.record(containerReference(pod, name), 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
      }
    } finally {
      timer.cancel();
    }
    return Math.trunc((this.#clock.monotonic() - start) / 1000);
  }

  /** What a container of a pod that nobody knows any more says about itself. */
  async #containerFromAnnotations(id: string, signal: AbortSignal): Promise<AnyContainer> {
    const { status } = await this.#runtime.containerStatus({ containerId: id }, { signal });
    const { preStop } = readContainerAnnotations(status?.annotations ?? {});
    return {
      name: status?.labels[CONTAINER_NAME_LABEL] ?? '',
      ...(preStop === undefined ? {} : { lifecycle: { preStop: JSON.parse(preStop) as LifecycleHandler } }),
    };
  }
}

function gracePeriod(pod: Pod, container: AnyContainer, reason: KillReason): number {
  if (pod.metadata.deletionGracePeriodSeconds !== undefined) return pod.metadata.deletionGracePeriodSeconds;
  const own = pod.spec.terminationGracePeriodSeconds;
  if (own === undefined) return GRACE_SECONDS_MIN;
  if (reason === 'StartupProbe') return container.startupProbe?.terminationGracePeriodSeconds ?? own;
  if (reason === 'LivenessProbe') return container.livenessProbe?.terminationGracePeriodSeconds ?? own;
  return own;
}

function failedTo(action: string, target: string, error: unknown): string {
  const text = Error.isError(error) ? error.message : String(error);
  return `failed to "${action}" for "${target}" with ${action}Error: ${JSON.stringify(text)}`;
}
