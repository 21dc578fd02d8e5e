import type { Pod, PodStatus, Probe } from '@kts/api/types/core-v1';
import type { Clock } from '@kts/base';
import { GrpcError } from '@kts/grpc';
import { type RuntimeService } from '@kts/host-cri';
import { expandReferences } from '../environment/expansion.ts';
import type { NetworkProber } from '../host/node-host.ts';
import { containerReference, type AnyContainer } from '../pod/containers.ts';
import type { PodEvents } from '../pod/pod-events.ts';
import { execCommand } from '../runtime/exec-command.ts';
import { httpProbeRequest, resolvePort } from './http-request.ts';
import type { ProbeType } from './probe-machine.ts';
import { requestHttp } from './request-http.ts';

type Finding =
  | { readonly result: 'success' }
  | { readonly result: 'warning' | 'failure'; readonly output: string }
  /** The probe itself did not work. */
  | { readonly result: 'error'; readonly output: string };

const TRIES = 3;
const EXEC_OUTPUT_MAX = 10 * 1024;
const TYPE_TEXT: Readonly<Record<ProbeType, string>> = {
  liveness: 'Liveness',
  readiness: 'Readiness',
  startup: 'Startup',
};

export interface ProbeTarget {
  readonly type: ProbeType;
  readonly probe: Probe;
  readonly pod: Pod;
  readonly status: PodStatus;
  readonly container: AnyContainer;
  /** The runtime's id. */
  readonly containerId: string;
}

/**
 * Asks containers how they are.
 *
 * Mirrors: pkg/kubelet/prober/prober.go, pkg/probe (v1.36)
 */
export class Prober {
  readonly #runtime: RuntimeService;
  readonly #network: NetworkProber;
  readonly #clock: Clock;
  readonly #events: PodEvents;

  constructor(options: {
    readonly runtime: RuntimeService;
    readonly network: NetworkProber;
    readonly clock: Clock;
    readonly events: PodEvents;
  }) {
    this.#runtime = options.runtime;
    this.#network = options.network;
    this.#clock = options.clock;
    this.#events = options.events;
  }

  /** `undefined`: it could not be found out. Rejects only if the signal is aborted. */
  async probe(target: ProbeTarget, signal: AbortSignal): Promise<'success' | 'failure' | undefined> {
    let finding = await this.#try(target, signal);
    for (let tries = 1; finding.result === 'error' && tries < TRIES; tries++) finding = await this.#try(target, signal);
    const type = TYPE_TEXT[target.type];
    switch (finding.result) {
      case 'success':
        return 'success';
      case 'warning':
        this.#record(target, 'ProbeWarning', `${type} probe warning: ${finding.output}`);
        return 'success';
      case 'failure':
        this.#record(target, 'Unhealthy', `${type} probe failed: ${finding.output}`);
        return 'failure';
      case 'error':
        this.#record(target, 'Unhealthy', `${type} probe errored and resulted in unknown state: ${finding.output}`);
        return undefined;
    }
  }

  #record(target: ProbeTarget, reason: string, message: string): void {
    this.#events.record(containerReference(target.pod, target.container.name), 'Warning', reason, message);
  }

  async #try(target: ProbeTarget, signal: AbortSignal): Promise<Finding> {
    const { probe } = target;
    try {
      if (probe.exec) return await this.#exec(target, signal);
      if (probe.httpGet) return await this.#http(target, signal);
      if (probe.tcpSocket) return await this.#tcp(target, signal);
      if (probe.grpc) return await this.#grpc(target, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return { result: 'error', output: Error.isError(error) ? error.message : String(error) };
    }
    return {
      result: 'error',
      output: `missing probe handler for ${target.pod.metadata.name}:${target.container.name}`,
    };
  }

  async #exec({ probe, container, containerId }: ProbeTarget, signal: AbortSignal): Promise<Finding> {
    const values = new Map((container.env ?? []).map((variable) => [variable.name, variable.value ?? '']));
    const command = (probe.exec?.command ?? []).map((text) => expandReferences(text, (name) => values.get(name)));
    const result = await execCommand(this.#runtime, containerId, command, probe.timeoutSeconds ?? 1, signal);
    if (result.error === undefined) return { result: 'success' };
    if (result.exitCode !== undefined) return { result: 'failure', output: result.output.slice(0, EXEC_OUTPUT_MAX) };
    return { result: result.timedOut ? 'failure' : 'error', output: result.error };
  }

  async #http({ probe, container, status }: ProbeTarget, signal: AbortSignal): Promise<Finding> {
    const request = httpProbeRequest(probe.httpGet!, container, status.podIP ?? '', 'probe', timeoutMs(probe));
    let answer;
    try {
      answer = await requestHttp(this.#network, this.#clock, request, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return { result: 'failure', output: (error as Error).message };
    }
    if (answer.statusCode < 200 || answer.statusCode >= 400) {
      return { result: 'failure', output: `HTTP probe failed with statuscode: ${answer.statusCode}` };
    }
    if (answer.statusCode < 300) return { result: 'success' };
    return { result: 'warning', output: `Probe terminated redirects, Response body: ${answer.body}` };
  }

  async #tcp({ probe, container, status }: ProbeTarget, signal: AbortSignal): Promise<Finding> {
    const port = resolvePort(probe.tcpSocket!.port, container);
    try {
      await this.#network.tcp(probe.tcpSocket!.host || (status.podIP ?? ''), port, timeoutMs(probe), signal);
      return { result: 'success' };
    } catch (error) {
      if (signal.aborted) throw error;
      return { result: 'failure', output: (error as Error).message };
    }
  }

  async #grpc({ probe, status }: ProbeTarget, signal: AbortSignal): Promise<Finding> {
    const { port, service = '' } = probe.grpc!;
    try {
      const request = { host: status.podIP ?? '', port, service, timeoutMs: timeoutMs(probe) };
      const health = await this.#network.grpc(request, signal);
      if (health === 'SERVING') return { result: 'success' };
      return { result: 'failure', output: `service unhealthy (responded with "${health}")` };
    } catch (error) {
      if (signal.aborted) throw error;
      return { result: 'failure', output: explainGrpc(error, probe) };
    }
  }
}

function explainGrpc(error: unknown, probe: Probe): string {
  if (GrpcError.is(error, 'Unimplemented')) {
    return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${error.description}`;
  }
  if (GrpcError.is(error, 'DeadlineExceeded')) {
    return `timeout: health rpc did not complete within ${probe.timeoutSeconds ?? 1}s`;
  }
  if (GrpcError.is(error)) return `error: health rpc probe failed: ${error.message}`;
  return (error as Error).message;
}

function timeoutMs(probe: Probe): number {
  return (probe.timeoutSeconds ?? 1) * 1000;
}
