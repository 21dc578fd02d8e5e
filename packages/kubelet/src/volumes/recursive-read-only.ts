import type { VolumeMount } from '@kts/api/types/core-v1';

/**
 * Whether a mount is read-only with everything mounted below it. A text says why that cannot be done.
 *
 * Mirrors: pkg/kubelet/kubelet_pods.go, resolveRecursiveReadOnly (v1.36)
 */
export function resolveRecursiveReadOnly(mount: VolumeMount, supported: boolean): boolean | string {
  const { name, readOnly = false, mountPropagation = 'None', recursiveReadOnly = 'Disabled' } = mount;
  if (recursiveReadOnly === 'Disabled') return false;
  const wish = `volume "${name}" requested recursive read-only mode`;
  if (!readOnly) return `${wish}, but it is not read-only`;
  if (mountPropagation !== 'None') return `${wish}, but it is not compatible with propagation "${mountPropagation}"`;
  switch (recursiveReadOnly) {
    case 'IfPossible':
      return supported;
    case 'Enabled':
      return supported || `${wish}, but it is not supported by the runtime`;
    default:
      return `unknown recursive read-only mode "${recursiveReadOnly}"`;
  }
}
