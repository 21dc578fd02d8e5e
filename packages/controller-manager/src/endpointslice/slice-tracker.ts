/**
 * Which slices this controller has written and its cache has not shown yet.
 *
 * Mirrors: staging/src/k8s.io/endpointslice/util/endpointslice_tracker.go (v1.36)
 */
import type { EndpointSlice } from '@kts/api/types/discovery-v1';
import { keyText, type ObjectKey } from '@kts/apimachinery';

export class SliceTracker {
  /** By uid. */
  readonly #written = new Map<string, { readonly service: string; readonly generation: number }>();
  /** Uids of what was written for a Service. */
  readonly #ofService = new Map<string, Set<string>>();
  readonly #deleted = new Set<string>();

  wrote(key: ObjectKey, { metadata }: EndpointSlice): void {
    const service = keyText(key);
    this.#written.set(metadata.uid, { service, generation: metadata.generation ?? 0 });
    this.#ofService.getOrInsertComputed(service, () => new Set()).add(metadata.uid);
  }

  deleted({ metadata }: EndpointSlice): void {
    this.#deleted.add(metadata.uid);
  }

  /** Whether the slice is as we left it. */
  isOwnWrite({ metadata }: EndpointSlice): boolean {
    return this.#written.get(metadata.uid)?.generation === (metadata.generation ?? 0);
  }

  /** The slice is gone. True if by us. */
  forget({ metadata }: EndpointSlice): boolean {
    const service = this.#written.get(metadata.uid)?.service ?? '';
    this.#written.delete(metadata.uid);
    const uids = this.#ofService.get(service);
    uids?.delete(metadata.uid);
    if (uids?.size === 0) this.#ofService.delete(service);
    return this.#deleted.delete(metadata.uid);
  }

  /** The cache lacks something that was written, or shows something that was deleted. */
  isBehind(service: ObjectKey, cached: readonly EndpointSlice[]): boolean {
    const generations = new Map(cached.map(({ metadata }) => [metadata.uid, metadata.generation ?? 0]));
    if (cached.some(({ metadata }) => this.#deleted.has(metadata.uid))) return true;
    const uids = this.#ofService.get(keyText(service)) ?? [];
    return [...uids].some((uid) => (generations.get(uid) ?? -1) < (this.#written.get(uid)?.generation ?? 0));
  }
}
