import { defineResource } from '../define-resource.ts';
import type { HorizontalPodAutoscaler } from '../gen/autoscaling-v1.gen.ts';

export const horizontalPodAutoscalersV1 = defineResource<HorizontalPodAutoscaler>(
  'autoscaling/v1',
  'horizontalpodautoscalers',
);
