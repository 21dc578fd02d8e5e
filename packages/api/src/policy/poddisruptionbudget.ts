import { defineResource } from '../define-resource.ts';
import type { PodDisruptionBudget } from '../gen/policy-v1.gen.ts';

export const podDisruptionBudgets = defineResource<PodDisruptionBudget>('policy/v1', 'poddisruptionbudgets');
