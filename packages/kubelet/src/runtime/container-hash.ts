import { fnv1a32 } from '@kts/base';
import type { AnyContainer } from '../pod/containers.ts';

/**
 * Identifies the part of a container's spec whose change needs a new container: its name and image. It is kept in an
 * annotation of the container, so that a restarted kubelet recognises what runs.
 *
 * Mirrors: pkg/kubelet/container/helpers.go, HashContainer (v1.36)
 */
export function containerHash(container: AnyContainer): string {
  const json = JSON.stringify({ image: container.image ?? '', name: container.name });
  return fnv1a32(goByteSlice(json)).toString(16);
}

/** Upstream hashes the printed form of the byte slice, not the bytes. */
function goByteSlice(text: string): string {
  return `([]uint8)[${new TextEncoder().encode(text).join(' ')}]`;
}
