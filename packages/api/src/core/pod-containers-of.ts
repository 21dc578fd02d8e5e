import type { FieldPath } from '@kts/apimachinery';
import type { Container, EphemeralContainer, PodSpec } from '../gen/core-v1.gen.ts';

/** What all three kinds of containers have in common. */
export type AnyContainer = Container | EphemeralContainer;

/** Every container of a pod with its path: init containers first, then regular, then ephemeral ones. */
export function containersOf(
  spec: PodSpec,
  path: FieldPath,
): readonly { readonly container: AnyContainer; readonly path: FieldPath }[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((field) =>
    (spec[field] ?? []).map((container, index) => ({ container, path: path.child(field).index(index) })),
  );
}

/** An init container that keeps running beside the regular ones: a sidecar. */
export function isSidecar(container: Pick<Container, 'restartPolicy'>): boolean {
  return container.restartPolicy === 'Always';
}
