import type { Clock } from '@kts/base';
import { GrpcError } from '@kts/grpc';
import { Turns } from '@kts/host-cri/testing';
import type { HttpProbeRequest, NetworkProber } from '../host/node-host.ts';

export interface HttpScript {
  readonly status?: number;
  readonly body?: string;
  readonly delayMs?: number;
}
export interface GrpcScript {
  /** Of grpc.health.v1.HealthCheckResponse. */
  readonly status?: 0 | 1 | 2 | 3;
}

/** What answers on pods' addresses. */
export interface NetworkScript {
  /** By port and path. */
  readonly http?: Readonly<Record<string, Readonly<Record<string, HttpScript | readonly HttpScript[]>>>>;
  /** By service name. */
  readonly grpc?: Readonly<Record<string, GrpcScript | readonly GrpcScript[]>>;
}

export interface ScriptedNetworkOptions {
  readonly clock: Clock;
  readonly httpPorts: readonly number[];
  readonly grpcPort: number;
  readonly tcpPort: number;
  /** Told of every request that reaches a pod. */
  readonly onRequest: (method: '#http' | '#tcp' | '#grpc', request: object) => void;
}

const HEALTH = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** Plays what pods answer to probes and hooks; every other port refuses. */
export class ScriptedNetwork implements NetworkProber {
  readonly #options: ScriptedNetworkOptions;
  readonly #turns = new Turns();
  #script: NetworkScript = {};

  constructor(options: ScriptedNetworkOptions) {
    this.#options = options;
  }

  play(script: NetworkScript): void {
    this.#script = script;
  }

  http: NetworkProber['http'] = async (request, signal) => {
    const { host, port, path, timeoutMs } = request;
    if (!this.#options.httpPorts.includes(port)) throw refused(host, port);
    this.#options.onRequest('#http', { port, method: 'GET', path, headers: headersOf(request) });
    const answer = this.#turns.next(`http ${port}${path}`, this.#script.http?.[port]?.[path]) ?? {};
    await this.#delay(answer.delayMs ?? 0, timeoutMs, signal);
    return { statusCode: answer.status ?? 200, body: answer.body ?? '' };
  };

  tcp: NetworkProber['tcp'] = async (host, port) => {
    const open = [...this.#options.httpPorts, this.#options.grpcPort, this.#options.tcpPort];
    if (!open.includes(port)) throw refused(host, port);
    if (port === this.#options.tcpPort) this.#options.onRequest('#tcp', { port });
  };

  grpc: NetworkProber['grpc'] = async ({ host, port, service, timeoutMs }) => {
    if (port !== this.#options.grpcPort) {
      if (!this.#options.httpPorts.includes(port)) throw refused(host, port);
      throw new GrpcError('DeadlineExceeded', `health rpc did not complete within ${timeoutMs / 1000}s`);
    }
    const answer = this.#turns.next(`grpc ${service}`, this.#script.grpc?.[service]);
    if (!answer) throw new GrpcError('Unimplemented', 'no');
    this.#options.onRequest('#grpc', { port, service });
    return HEALTH[answer.status ?? 1];
  };

  async #delay(delayMs: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (delayMs === 0) return;
    const isLate = delayMs > timeoutMs;
    await this.#options.clock.sleep(isLate ? timeoutMs : delayMs, signal);
    if (isLate) throw new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)');
  }
}

function headersOf(request: HttpProbeRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value]));
}

function refused(host: string, port: number): Error {
  return new Error(`dial tcp ${host}:${port}: connect: connection refused`);
}
