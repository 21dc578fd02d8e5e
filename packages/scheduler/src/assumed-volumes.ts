import type { PersistentVolume, PersistentVolumeClaim } from '@kts/api/types/core-v1';
import { keyText, type KubeObject, type ObjectKey } from '@kts/apimachinery';
import type { Assumptions } from './framework/binding.ts';
import type { Lister, Listers } from './framework/snapshot.ts';

/**
 * Listers that show volumes and claims as they were assumed, until the cache has caught up.
 *
 * Mirrors: pkg/scheduler/framework/plugins/volumebinding/passive_assume_cache.go (v1.36)
 */
export function assumeVolumes(listers: Listers): { readonly listers: Listers; readonly assumptions: Assumptions } {
  const volumes = new Overlay<PersistentVolume>(listers.persistentVolumes);
  const claims = new Overlay<PersistentVolumeClaim>(listers.persistentVolumeClaims);
  return {
    listers: { ...listers, persistentVolumes: volumes, persistentVolumeClaims: claims },
    assumptions: {
      assumeVolume: (volume) => volumes.assume(volume),
      assumeClaim: (claim) => claims.assume(claim),
      forgetVolume: (name) => volumes.forget({ name }),
      forgetClaim: ({ metadata }) => claims.forget(metadata),
    },
  };
}

class Overlay<T extends KubeObject> implements Lister<T> {
  readonly #real: Lister<T>;
  /** Each with the version it was derived from: a later one in the cache replaces it. */
  readonly #assumed = new Map<string, T>();

  constructor(real: Lister<T>) {
    this.#real = real;
  }

  get(key: ObjectKey): T | undefined {
    return this.#current(keyText(key), this.#real.get(key));
  }

  list(namespace?: string): readonly T[] {
    const real = this.#real.list(namespace);
    return this.#assumed.size === 0 ? real : real.map((item) => this.#current(keyText(item.metadata), item)!);
  }

  assume(item: T): void {
    this.#assumed.set(keyText(item.metadata), item);
  }

  forget(key: ObjectKey): void {
    this.#assumed.delete(keyText(key));
  }

  #current(key: string, real: T | undefined): T | undefined {
    const assumed = this.#assumed.get(key);
    if (assumed === undefined) return real;
    if (real !== undefined && real.metadata.resourceVersion === assumed.metadata.resourceVersion) return assumed;
    this.#assumed.delete(key);
    return real;
  }
}
