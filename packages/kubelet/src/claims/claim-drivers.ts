import { resourceSlices } from '@kts/api';
import { isNotFound } from '@kts/apimachinery';
import { backoffMs, TaskGroup, type Clock, type Logger } from '@kts/base';
import type { Client } from '@kts/client';
import type { GrpcSocket } from '@kts/grpc';
import type { PluginHost } from '../plugins/plugin-host.ts';
import type { PluginHandler } from '../plugins/plugin-watcher.ts';
import { CLAIM_PROTOCOLS } from './claim-protocol.ts';

interface Instance {
  readonly endpoint: string;
  readonly socket: GrpcSocket;
}

export interface ClaimDriversDeps {
  readonly host: PluginHost;
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
}

/** How long a driver may be away before what it offers is taken back. */
const AWAY_MS_MAX = 30_000;
const RETRY = { initialMs: 1000, factor: 2, maxMs: 300_000 };

/**
 * The drivers of resource claims on this node. While one is replaced there may be two instances: the later one is used.
 *
 * Mirrors: pkg/kubelet/cm/dra/plugin/dra_plugin_manager.go (v1.36)
 * Differs: a driver is there as long as its registration socket is, whether it is connected or not; the health of devices
 * is not followed.
 */
export class ClaimDrivers implements PluginHandler {
  readonly #deps: ClaimDriversDeps;
  readonly #instances = new Map<string, readonly Instance[]>();
  /** When a driver that is away went; it is told apart from a later absence. */
  readonly #away = new Map<string, symbol>();
  #tasks: TaskGroup | undefined;

  constructor(deps: ClaimDriversDeps) {
    this.#deps = deps;
  }

  /** Rejects requests for a driver that is not there. */
  get(name: string): GrpcSocket {
    const instance = this.#instances.get(name)?.at(-1);
    if (!instance) throw new Error(`DRA driver ${name} is not registered`);
    return instance.socket;
  }

  async register(name: string, endpoint: string, versions: readonly string[]): Promise<void> {
    const version = versions.find((one) => CLAIM_PROTOCOLS.has(one));
    if (version === undefined) {
      const list = (names: Iterable<string>): string => `[${[...names].map((one) => JSON.stringify(one)).join(' ')}]`;
      const problem =
        versions.length === 0
          ? 'empty list of supported gRPC services (aka supported versions)'
          : `none of services supported by the plugin (${list(versions)}) are supported by the kubelet (${list(CLAIM_PROTOCOLS.keys())})`;
      throw new Error(
        `invalid supported gRPC versions of DRA driver plugin ${name} at endpoint ${endpoint}: ${problem}`,
      );
    }
    const known = this.#instances.get(name) ?? [];
    if (known.some((one) => one.endpoint === endpoint)) {
      throw new Error(`endpoint ${endpoint} already registered for DRA driver plugin ${name}`);
    }
    const socket = this.#deps.host.connect(endpoint, CLAIM_PROTOCOLS.get(version)!);
    this.#instances.set(name, [...known, { endpoint, socket }]);
    this.#away.delete(name);
  }

  async unregister(name: string, endpoint: string): Promise<void> {
    const known = this.#instances.get(name) ?? [];
    for (const instance of known) if (instance.endpoint === endpoint) instance.socket.close();
    const left = known.filter((instance) => instance.endpoint !== endpoint);
    if (left.length > 0) {
      this.#instances.set(name, left);
      return;
    }
    this.#instances.delete(name);
    const absence = Symbol(name);
    this.#away.set(name, absence);
    this.#tasks?.start(async (signal) => {
      await this.#deps.clock.sleep(AWAY_MS_MAX, signal);
      if (this.#away.get(name) === absence) await this.#withdraw(signal, name);
    });
  }

  /** What drivers offered before the kubelet started is taken back: they may not come again. */
  async run(signal: AbortSignal): Promise<void> {
    const tasks = new TaskGroup(signal);
    this.#tasks = tasks;
    tasks.start((inner) => this.#withdraw(inner));
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    await tasks.done();
    for (const { socket } of [...this.#instances.values()].flat()) socket.close();
  }

  /** Deletes the node's slices, of one driver or of all, until that succeeds. */
  async #withdraw(signal: AbortSignal, driver?: string): Promise<void> {
    const { client, clock, log, nodeName } = this.#deps;
    const fieldSelector = `spec.nodeName=${nodeName}${driver === undefined ? '' : `,spec.driver=${driver}`}`;
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        await client.deleteCollection(resourceSlices, { fieldSelector }, { signal });
        return;
      } catch (error) {
        if (signal.aborted || isNotFound(error)) return;
        log.debug(2, 'failed to delete resource slices, will try again', { fieldSelector, error });
        await clock.sleep(backoffMs(RETRY, tries), signal);
      }
    }
  }
}
