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
  readonly #deleted = new Set<string>();

  wrote(service: ObjectKey, { metadata }: EndpointSlice): void {
    this.#written.set(metadata.uid, { service: keyText(service), generation: metadata.generation ?? 0 });
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
    this.#written.delete(metadata.uid);
    return this.#deleted.delete(metadata.uid);
  }

  /** The cache lacks something that was written, or shows something that was deleted. */
  isBehind(service: ObjectKey, cached: readonly EndpointSlice[]): boolean {
    const text = keyText(service);
    const generations = new Map(cached.map(({ metadata }) => [metadata.uid, metadata.generation ?? 0]));
    if (cached.some(({ metadata }) => this.#deleted.has(metadata.uid))) return true;
    return [...this.#written].some(
      ([uid, written]) => written.service === text && (generations.get(uid) ?? -1) < written.generation,
    );
  }
}
