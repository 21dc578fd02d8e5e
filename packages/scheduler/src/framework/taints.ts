import type { Taint, Toleration } from '@kts/api/types/core-v1';

/**
 * Whether a toleration covers a taint.
 *
 * Mirrors: staging/src/k8s.io/api/core/v1/toleration.go (v1.36)
 * Differs: the alpha operators Lt and Gt match nothing, as with their feature gate off.
 */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator ?? 'Equal') {
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '');
    case 'Exists':
      return true;
    case 'Gt':
    case 'Lt':
      return false;
  }
}

/** Whether none of the taints keeps the pod off the node. `PreferNoSchedule` never does. */
export function toleratesNode(
  tolerations: readonly Toleration[] | undefined,
  taints: readonly Taint[] | undefined,
): boolean {
  for (const taint of taints ?? []) {
    if (taint.effect !== 'PreferNoSchedule' && !tolerations?.some((toleration) => tolerates(toleration, taint))) {
      return false;
    }
  }
  return true;
}
