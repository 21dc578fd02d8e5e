import { wasSentEmpty, type Draft } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import type { HorizontalPodAutoscaler, HPAScalingRules, MetricSpec } from '../gen/autoscaling-v2.gen.ts';
import { autoscalerCells } from './horizontalpodautoscaler-cells.ts';
import {
  cpuMetric,
  DEFAULT_CPU_UTILIZATION,
  withoutRoundTripAnnotations,
} from './horizontalpodautoscaler-conversion.ts';
import {
  validateAutoscaler,
  validateAutoscalerStatus,
  validateAutoscalerUpdate,
} from './horizontalpodautoscaler-validation.ts';

const POLICY_PERIOD_SECONDS = 15;
const DOUBLE_OR_ALL = { type: 'Percent', value: 100, periodSeconds: POLICY_PERIOD_SECONDS };
const SCALE_UP_RULES: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [{ type: 'Pods', value: 4, periodSeconds: POLICY_PERIOD_SECONDS }, DOUBLE_OR_ALL],
};
/** Without a window: the controller has its own. */
const SCALE_DOWN_RULES: HPAScalingRules = { selectPolicy: 'Max', policies: [DOUBLE_OR_ALL] };

/**
 * Replicas that follow a load.
 *
 * Mirrors: pkg/registry/autoscaling/horizontalpodautoscaler, pkg/apis/autoscaling/v2/defaults.go (v1.36)
 */
export const horizontalPodAutoscalers = defineResource<HorizontalPodAutoscaler>(
  'autoscaling/v2',
  'horizontalpodautoscalers',
  {
    generation: 'none',
    setDefaults: setAutoscalerDefaults,
    prepareForCreate: (draft) => {
      draft.status = { desiredReplicas: 0 };
    },
    validate: validateAutoscaler,
    validateUpdate: validateAutoscalerUpdate,
    validateStatusUpdate: validateAutoscalerStatus,
    cells: autoscalerCells,
  },
);

function setAutoscalerDefaults({ metadata, spec }: Draft<HorizontalPodAutoscaler>): void {
  if (metadata.annotations) metadata.annotations = { ...withoutRoundTripAnnotations(metadata.annotations) };
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) spec.metrics = [cpuMetric(DEFAULT_CPU_UTILIZATION) as Draft<MetricSpec>];
  if (!spec.behavior) return;
  spec.behavior.scaleUp = completeRules(spec.behavior.scaleUp, SCALE_UP_RULES);
  spec.behavior.scaleDown = completeRules(spec.behavior.scaleDown, SCALE_DOWN_RULES);
}

/** An empty list of policies stays one: it is an error. */
function completeRules(rules: Draft<HPAScalingRules> | undefined, defaults: HPAScalingRules): Draft<HPAScalingRules> {
  const complete = { ...(structuredClone(defaults) as Draft<HPAScalingRules>), ...rules };
  if (wasSentEmpty(rules, 'policies')) delete complete.policies;
  return complete;
}
