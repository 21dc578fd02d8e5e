import type { Clock, Logger } from '@kts/base';
import { REGISTRATION_PROTOCOL, type PluginInfo } from './plugin-protocols.ts';
import type { PluginHost } from './plugin-host.ts';

/** What a kind of plugin does with one that registers. */
export interface PluginHandler {
  /** Rejects if the plugin is not wanted; it is told why. `endpoint` is the socket to work with. */
  register(name: string, endpoint: string, versions: readonly string[], signal: AbortSignal): Promise<void>;
  /** `endpoint` tells instances of a plugin apart. */
  unregister(name: string, endpoint: string, signal: AbortSignal): Promise<void>;
}

export interface PluginWatcherDeps {
  readonly host: PluginHost;
  /** Where plugins put their registration sockets. */
  readonly directory: string;
  /** By type, such as `CSIPlugin`. */
  readonly handlers: Readonly<Record<string, PluginHandler>>;
  readonly clock: Clock;
  readonly log: Logger;
}

const CHECK_MS = 1000;
const REGISTRATION_MS_MAX = 10_000;

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly endpoint: string;
}

/**
 * Finds plugins by their sockets, asks them what they are and hands them on; forgets them with their sockets.
 *
 * Mirrors: pkg/kubelet/pluginmanager (v1.36)
 * Differs: the directory is looked at every second instead of being watched.
 */
export class PluginWatcher {
  readonly #deps: PluginWatcherDeps;
  readonly #registered = new Map<string, Registered>();

  constructor(deps: PluginWatcherDeps) {
    this.#deps = deps;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    while (!signal.aborted) {
      try {
        await this.check(signal);
      } catch (error) {
        if (!signal.aborted) log.error('failed to look for plugins', { error });
      }
      await clock.sleep(CHECK_MS, signal).catch(() => {});
    }
  }

  /** Brings the registered plugins in line with the sockets that are there now. */
  async check(signal: AbortSignal): Promise<void> {
    const { host, directory, handlers } = this.#deps;
    const sockets = new Set(await host.sockets(directory));
    for (const [path, { type, name, endpoint }] of this.#registered) {
      if (sockets.has(path)) continue;
      this.#registered.delete(path);
      await handlers[type]!.unregister(name, endpoint, signal);
    }
    for (const path of sockets) if (!this.#registered.has(path)) await this.#register(path, signal);
  }

  async #register(path: string, signal: AbortSignal): Promise<void> {
    const { host, handlers, log } = this.#deps;
    const socket = host.connect(path, REGISTRATION_PROTOCOL);
    const options = { signal, timeoutMs: REGISTRATION_MS_MAX };
    try {
      const info = (await socket.call('Registration', 'getInfo', {}, options)) as PluginInfo;
      let problem = '';
      try {
        const handler = handlers[info.type];
        if (!handler) throw new Error(`no handler registered for plugin type: ${info.type} at socket ${path}`);
        const endpoint = info.endpoint || path;
        await handler.register(info.name, endpoint, info.supportedVersions, signal);
        this.#registered.set(path, { type: info.type, name: info.name, endpoint });
      } catch (error) {
        if (signal.aborted) throw error;
        problem = (error as Error).message;
        log.error('a plugin was not registered', { plugin: info.name, type: info.type, error });
      }
      const status = { pluginRegistered: problem === '', error: problem };
      await socket.call('Registration', 'notifyRegistrationStatus', status, options);
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn('a plugin does not answer', { socket: path, error });
    } finally {
      socket.close();
    }
  }
}
