import type { Draft, KubeObject } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import type { HorizontalPodAutoscaler } from '../gen/autoscaling-v1.gen.ts';
import type { HorizontalPodAutoscaler as HorizontalPodAutoscalerV2 } from '../gen/autoscaling-v2.gen.ts';
import { autoscalerCells } from './horizontalpodautoscaler-cells.ts';
import { autoscalerToV1, autoscalerToV2, ROUND_TRIP_ANNOTATIONS } from './horizontalpodautoscaler-conversion.ts';
import {
  validateAutoscaler,
  validateAutoscalerStatus,
  validateAutoscalerUpdate,
} from './horizontalpodautoscaler-validation.ts';

/**
 * Autoscalers as they were when CPU was all they knew. Both versions share the objects, which are stored as v2.
 *
 * Mirrors: pkg/registry/autoscaling/horizontalpodautoscaler, pkg/apis/autoscaling/v1 (v1.36)
 */
export const horizontalPodAutoscalersV1 = defineResource<HorizontalPodAutoscaler>(
  'autoscaling/v1',
  'horizontalpodautoscalers',
  {
    generation: 'none',
    fieldAnnotations: ROUND_TRIP_ANNOTATIONS,
    setDefaults: setAutoscalerDefaults,
    prepareForCreate: (draft) => {
      draft.status = { currentReplicas: 0, desiredReplicas: 0 };
    },
    validate: (autoscaler) => validateAutoscaler(autoscalerToV2(autoscaler)),
    validateUpdate: (autoscaler, old) => validateAutoscalerUpdate(autoscalerToV2(autoscaler), autoscalerToV2(old)),
    validateStatusUpdate: (autoscaler) => validateAutoscalerStatus(autoscalerToV2(autoscaler)),
    cells: (autoscaler, now) => autoscalerCells(autoscalerToV2(autoscaler), now),
  },
  {
    toStorage: autoscalerToV2,
    fromStorage: (stored) => autoscalerToV1(stored as HorizontalPodAutoscalerV2 & KubeObject),
  },
);

/** There and back again: the metric that everyone gets, and annotations as they are written. */
function setAutoscalerDefaults(draft: Draft<HorizontalPodAutoscaler>): void {
  draft.spec.minReplicas ??= 1;
  const autoscaler = draft as unknown as HorizontalPodAutoscaler;
  Object.assign(draft, structuredClone(autoscalerToV1(autoscalerToV2(autoscaler))));
}
