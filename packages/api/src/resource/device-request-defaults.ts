/**
 * Defaults of what claims ask for.
 *
 * Mirrors: pkg/apis/resource/v1/defaults.go (v1.36)
 */
import type { Draft } from '@kts/apimachinery';
import type { DeviceToleration, ResourceClaimSpec } from '../gen/resource-v1.gen.ts';

/** Also of those that a claim has been allocated with. */
export function setTolerationDefaults(tolerations: Draft<DeviceToleration>[] | undefined): void {
  for (const toleration of tolerations ?? []) if (!toleration.operator) toleration.operator = 'Equal';
}

export function setClaimDefaults(spec: Draft<ResourceClaimSpec>): void {
  for (const { exactly, firstAvailable } of spec.devices?.requests ?? []) {
    for (const request of [...(exactly ? [exactly] : []), ...(firstAvailable ?? [])]) {
      if (!request.allocationMode) request.allocationMode = 'ExactCount';
      if (request.allocationMode === 'ExactCount' && !request.count) request.count = 1;
      setTolerationDefaults(request.tolerations);
    }
  }
}
