import { defineResource } from '../define-resource.ts';
import type { HorizontalPodAutoscaler } from '../gen/autoscaling-v2.gen.ts';

export const horizontalPodAutoscalers = defineResource<HorizontalPodAutoscaler>(
  'autoscaling/v2',
  'horizontalpodautoscalers',
);
