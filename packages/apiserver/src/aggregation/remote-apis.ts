import type { APIService } from '@kts/api/types/apiregistration-v1';

import { remoteApiOf, type RemoteApi } from './remote-api.ts';

/** A resource as another server tells of it. */
export interface RemoteResource {
  readonly name: string;
  readonly singularName?: string;
  readonly namespaced?: boolean;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs?: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** What another server has told of a group version. */
export interface RemoteDiscovery {
  readonly resources: readonly RemoteResource[];
  /** Where its OpenAPI document is, as its index says. */
  readonly openapiPath?: string;
  /** It told so at the last attempt. */
  readonly current: boolean;
}

/** The group versions that other servers answer for. Most clusters have few of them, or none. */
export class RemoteApis {
  readonly #byName = new Map<string, RemoteApi>();
  readonly #byGroupVersion = new Map<string, RemoteApi>();
  readonly #discovered = new Map<string, RemoteDiscovery>();
  readonly #listeners = new Set<(name: string) => void>();
  #generation = 0;

  /** Grows with every change that clients can discover. */
  get generation(): number {
    return this.#generation;
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0;
  }

  all(): Iterable<RemoteApi> {
    return this.#byName.values();
  }

  get(name: string): RemoteApi | undefined {
    return this.#byName.get(name);
  }

  find(group: string, version: string): RemoteApi | undefined {
    return this.#byGroupVersion.get(`${group}/${version}`);
  }

  /** The remote group version that a path is in. */
  ofPath(path: string): RemoteApi | undefined {
    if (this.isEmpty) return undefined;
    const [, prefix, first = '', second = ''] = path.split('/', 4);
    if (prefix === 'apis') return this.find(first, second);
    return prefix === 'api' ? this.find('', first) : undefined;
  }

  discovery({ name }: RemoteApi): RemoteDiscovery | undefined {
    return this.#discovered.get(name);
  }

  /** To be called for every APIService, and again whenever it has changed; undefined: it has gone. */
  set(name: string, service: APIService | undefined): void {
    const before = this.#byName.get(name);
    const after = service && remoteApiOf(service);
    if (!before && !after) return;
    if (before) this.#byGroupVersion.delete(`${before.group}/${before.version}`);
    if (after) {
      this.#byName.set(name, after);
      this.#byGroupVersion.set(`${after.group}/${after.version}`, after);
    } else {
      this.#byName.delete(name);
      this.#discovered.delete(name);
    }
    this.#generation++;
    for (const listener of this.#listeners) listener(name);
  }

  setDiscovery({ name }: RemoteApi, discovery: RemoteDiscovery): void {
    const before = this.#discovered.get(name);
    if (!this.#byName.has(name) || JSON.stringify(before) === JSON.stringify(discovery)) return;
    this.#discovered.set(name, discovery);
    this.#generation++;
  }

  /** Calls `listener` after every `set` of a remote group version. Answers how to stop that. */
  onChange(listener: (name: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
