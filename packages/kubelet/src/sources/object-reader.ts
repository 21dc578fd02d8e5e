import type { KubeObject, ResourceType } from '@kts/apimachinery';
import { configMaps, secrets } from '@kts/api';
import type { Secret } from '@kts/api/types/core-v1';
import { childSignal, onAbort, TaskGroup } from '@kts/base';
import { ReflectingInformer, type InformerDependencies } from '@kts/controlkit';

import type { NamespaceObjects } from '../environment/container-environment.ts';

/** How long a first read waits for the API server. */
const SYNC_MS_MAX = 1000;
/** Pods look at what they refer to at least every ninety seconds; what nobody has read for longer nobody refers to. */
const UNUSED_MS_MAX = 300_000;
const SWEEP_MS = 60_000;

interface Watched {
  readonly informer: Pick<ReflectingInformer<KubeObject>, 'run' | 'get' | 'hasSynced' | 'synced'>;
  /** In lower case, as messages name it. */
  readonly kind: string;
  readonly stop: AbortController;
  readAt: number;
}

/**
 * The config maps and secrets that the node's pods refer to. Each is watched by itself from its first read on, which is
 * all that a kubelet is allowed to see, and as long as somebody reads it.
 *
 * Mirrors: pkg/kubelet/util/manager/watch_based_manager.go (v1.36)
 * Differs: a watch ends when nobody has read its object for some minutes, not when the last pod goes that refers to it;
 * immutable objects are watched like others.
 */
export class ObjectReader {
  readonly #deps: InformerDependencies;
  readonly #watched = new Map<string, Watched>();
  #group: TaskGroup | undefined;

  constructor(deps: InformerDependencies) {
    this.#deps = deps;
  }

  inNamespace(namespace: string, signal: AbortSignal): NamespaceObjects {
    return {
      configMap: (name) => this.#read(configMaps, namespace, name, signal),
      secret: (name) => this.#read(secrets, namespace, name, signal),
    };
  }

  secret(namespace: string, name: string, signal: AbortSignal): Promise<Secret | undefined> {
    return this.#read(secrets, namespace, name, signal);
  }

  /** Keeps the watches going. Reads wait for it to begin. */
  async run(signal: AbortSignal): Promise<void> {
    const group = new TaskGroup(signal);
    this.#group = group;
    for (const watched of this.#watched.values()) this.#start(watched);
    group.start(async (groupSignal) => {
      while (!groupSignal.aborted) {
        this.#endUnused();
        await this.#deps.clock.sleep(SWEEP_MS, groupSignal).catch(() => {});
      }
    });
    await group.done();
  }

  async #read<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    const key = `${type.plural}/${namespace}/${name}`;
    let watched = this.#watched.get(key);
    if (!watched) {
      watched = this.#watch(type, namespace, name);
      this.#watched.set(key, watched);
    }
    const { clock } = this.#deps;
    watched.readAt = clock.monotonic();
    const { informer } = watched;
    if (!informer.hasSynced) await this.#synced(watched, signal);
    return informer.get({ namespace, name }) as T | undefined;
  }

  #watch<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string): Watched {
    const selection = { namespace, fieldSelector: `metadata.name=${name}` };
    const informer = new ReflectingInformer(type, selection, this.#deps);
    const watched = { informer, kind: type.kind.toLowerCase(), stop: new AbortController(), readAt: 0 };
    this.#start(watched);
    return watched;
  }

  #start({ informer, stop }: Watched): void {
    this.#group?.start(async (signal) => {
      using child = childSignal(signal);
      using _subscription = onAbort(stop.signal, () => child.abort());
      await informer.run(child.signal);
    });
  }

  /** Rejects if the API server takes too long, or will not tell. */
  async #synced({ informer, kind }: Watched, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = this.#deps.clock.after(SYNC_MS_MAX, () => {
      reject(new Error(`failed to sync ${kind} cache: timed out waiting for the condition`));
    });
    using _subscription = onAbort(signal, () => reject(signal.reason as Error));
    void informer.synced.then(resolve);
    try {
      await promise;
    } finally {
      timer.cancel();
    }
    if (!informer.hasSynced) throw new Error(`failed to sync ${kind} cache: the kubelet is stopping`);
  }

  #endUnused(): void {
    const now = this.#deps.clock.monotonic();
    for (const [key, { stop, readAt }] of this.#watched) {
      if (now - readAt <= UNUSED_MS_MAX) continue;
      this.#watched.delete(key);
      stop.abort();
    }
  }
}
