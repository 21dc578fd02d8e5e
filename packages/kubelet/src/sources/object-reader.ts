import { isNotFound, type KubeObject, type ResourceType } from '@kts/apimachinery';
import { configMaps, secrets } from '@kts/api';
import type { Secret } from '@kts/api/types/core-v1';
import type { Client } from '@kts/client';
import type { NamespaceObjects } from '../environment/container-environment.ts';

/** Reads the objects that pods refer to, when they are needed. Immutable ones are read once. */
export class ObjectReader {
  readonly #client: Client;
  readonly #immutable = new Map<string, KubeObject>();

  constructor(client: Client) {
    this.#client = client;
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

  async #read<T extends KubeObject & { readonly immutable?: boolean }>(
    type: ResourceType<T>,
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    const key = `${type.plural}/${namespace}/${name}`;
    const known = this.#immutable.get(key);
    if (known) return known as T;
    try {
      const object = await this.#client.get(type, { namespace, name }, { signal });
      if (object.immutable) this.#immutable.set(key, object);
      return object;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Forgets objects of a namespace, because a new pod must see the world as it is now. */
  forget(namespace: string): void {
    for (const key of this.#immutable.keys()) if (key.split('/')[1] === namespace) this.#immutable.delete(key);
  }
}
