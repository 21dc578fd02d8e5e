import type { Draft } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import type { PriorityLevelConfiguration } from '../gen/flowcontrol-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateFlowConditions } from './flow-schema-validation.ts';
import { validatePriorityLevel } from './priority-level-validation.ts';

const DEFAULT_SHARES = 30;
const DEFAULT_QUEUING = { queues: 64, handSize: 8, queueLengthLimit: 50 };
const NONE = '<none>';

/**
 * A share of the API server's attention.
 *
 * Mirrors: pkg/registry/flowcontrol/prioritylevelconfiguration, pkg/apis/flowcontrol/v1 (v1.36)
 */
export const priorityLevelConfigurations = defineResource<PriorityLevelConfiguration>(
  'flowcontrol.apiserver.k8s.io/v1',
  'prioritylevelconfigurations',
  {
    setDefaults: setPriorityLevelDefaults,
    prepareForCreate: (draft) => {
      draft.status = {};
    },
    validate: validatePriorityLevel,
    validateUpdate: validatePriorityLevel,
    validateStatusUpdate: ({ status }) => validateFlowConditions(status?.conditions),
    cells: ({ metadata, spec }, now) => {
      const queuing = spec.limited?.limitResponse?.queuing;
      return [
        metadata.name,
        spec.type,
        spec.limited?.nominalConcurrencyShares ?? NONE,
        queuing?.queues ?? NONE,
        queuing?.handSize ?? NONE,
        queuing?.queueLengthLimit ?? NONE,
        age(metadata.creationTimestamp, now),
      ];
    },
  },
);

function setPriorityLevelDefaults({ spec: { exempt, limited } }: Draft<PriorityLevelConfiguration>): void {
  if (exempt) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  if (!limited) return;
  limited.nominalConcurrencyShares ??= DEFAULT_SHARES;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (!queuing) return;
  for (const field of ['queues', 'handSize', 'queueLengthLimit'] as const) {
    if (!queuing[field]) queuing[field] = DEFAULT_QUEUING[field];
  }
}
