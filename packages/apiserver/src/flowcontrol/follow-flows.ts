import { flowSchemas, priorityLevelConfigurations } from '@kts/api';
import type { FlowSchema, PriorityLevelConfiguration } from '@kts/api/types/flowcontrol-v1';

import { followObjects, type FollowerOptions, type ObjectFollower } from '../follow/object-follower.ts';
import type { FlowClassifier } from './classifier.ts';
import type { FlowController } from './flow-controller.ts';
import type { FlowStatuses } from './flow-statuses.ts';

type FollowerDeps = Pick<FollowerOptions<never>, 'ask' | 'clock' | 'log'>;

/** Keeps the classifier, the levels and what their objects' status says up with the stored flow schemas and priority levels. */
export function followFlows(
  classifier: FlowClassifier,
  controller: FlowController | undefined,
  statuses: Pick<FlowStatuses, 'take'>,
  deps: FollowerDeps,
): readonly ObjectFollower[] {
  const schemas = new Map<string, FlowSchema>();
  const levels = new Map<string, PriorityLevelConfiguration>();
  const changed = (): void => {
    classifier.replace({ schemas: schemas.values(), levels: levels.values() });
    statuses.take({ schemas, levels });
  };
  return [
    followObjects({
      ...deps,
      resource: flowSchemas,
      onObject: ({ name }, schema) => {
        if (schema) schemas.set(name, schema);
        else schemas.delete(name);
        changed();
      },
    }),
    followObjects({
      ...deps,
      resource: priorityLevelConfigurations,
      onObject: ({ name }, level) => {
        if (level) levels.set(name, level);
        else levels.delete(name);
        changed();
        controller?.configure(levels.values());
      },
    }),
  ];
}
