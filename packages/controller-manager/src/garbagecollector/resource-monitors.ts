import { builtinResources } from '@kts/api';
import { apiVersionOf, type KubeObject, type ResourceType } from '@kts/apimachinery';
import { childSignal, type ChildSignal } from '@kts/base';
import { createInformers, type ControllerDependencies, type Informer } from '@kts/controlkit';

import type { ServerResource } from '../discovery/server-resources.ts';

export interface MonitorHandlers {
  readonly onPut: (object: KubeObject, old?: KubeObject) => void;
  readonly onDelete: (object: KubeObject) => void;
}

interface Monitor {
  readonly informer: Informer<KubeObject>;
  readonly unsubscribe: () => void;
  /** Of custom resources, whose informers end with them; built-in ones have everybody's. */
  readonly own?: { readonly stop: ChildSignal; readonly done: Promise<void> };
}

const VERBS = ['delete', 'list', 'watch'];
/** Nobody owns anything through events, and there are many. */
const IGNORED: ReadonlySet<string> = new Set(['/events', 'events.k8s.io/events']);
const BUILTIN: ReadonlySet<string> = new Set(builtinResources.map(keyOf));

/** Watches every resource that can be collected. Those of the API server itself share their informers with all. */
export class ResourceMonitors {
  readonly #deps: ControllerDependencies;
  readonly #handlers: MonitorHandlers;
  readonly #monitors = new Map<string, Monitor>();

  constructor(deps: ControllerDependencies, handlers: MonitorHandlers) {
    this.#deps = deps;
    this.#handlers = handlers;
  }

  /** Starts and ends watches. What belongs to a group version that could not be asked stays as it is. */
  follow(resources: readonly ServerResource[], unknown: readonly string[], signal: AbortSignal): void {
    const wanted = new Map(resources.filter(isCollectable).map((resource) => [keyOf(resource), resource]));
    for (const [key, { informer }] of this.#monitors) {
      if (!wanted.has(key) && !unknown.includes(apiVersionOf(informer.type))) this.#end(key);
    }
    for (const [key, resource] of wanted) {
      if (!this.#monitors.has(key)) this.#monitors.set(key, this.#start(resource, signal));
    }
  }

  async synced(): Promise<void> {
    await Promise.all([...this.#monitors.values()].map(({ informer }) => informer.synced));
  }

  async stop(): Promise<void> {
    const own = [...this.#monitors.values()].flatMap((monitor) => monitor.own ?? []);
    for (const key of this.#monitors.keys()) this.#end(key);
    await Promise.all(own.map(({ done }) => done));
  }

  #start(resource: ServerResource, signal: AbortSignal): Monitor {
    const handlers = {
      onAdd: (object: KubeObject) => this.#handlers.onPut(object),
      onUpdate: (old: KubeObject, object: KubeObject) => this.#handlers.onPut(object, old),
      onDelete: (object: KubeObject) => this.#handlers.onDelete(object),
    };
    if (BUILTIN.has(keyOf(resource))) {
      const informer = this.#deps.informers.get(resource);
      return { informer, unsubscribe: informer.subscribe(handlers) };
    }
    const informers = createInformers(this.#deps);
    const informer = informers.get(resource);
    const unsubscribe = informer.subscribe(handlers);
    const stop = childSignal(signal);
    const done = informers.run(stop.signal).finally(() => stop[Symbol.dispose]());
    return { informer, unsubscribe, own: { stop, done } };
  }

  /** The objects of a resource that is gone are gone, too. */
  #end(key: string): void {
    const monitor = this.#monitors.get(key);
    if (!monitor) return;
    monitor.unsubscribe();
    monitor.own?.stop.abort();
    this.#monitors.delete(key);
    for (const object of monitor.informer.list()) this.#handlers.onDelete(object);
  }
}

function isCollectable(resource: ServerResource): boolean {
  return VERBS.every((verb) => resource.verbs.includes(verb)) && !IGNORED.has(`${resource.group}/${resource.plural}`);
}

function keyOf({ group, version, plural }: ResourceType): string {
  return `${group}/${version}/${plural}`;
}
