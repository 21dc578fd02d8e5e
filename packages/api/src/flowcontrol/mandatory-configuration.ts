/**
 * Specs that cannot be changed: without them a flood of requests could lock out the cluster's administrators.
 *
 * Mirrors: the mandatory objects of staging/src/k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap/default.go (v1.36)
 */
import type { FlowSchemaSpec, PriorityLevelConfigurationSpec, Subject } from '../gen/flowcontrol-v1.gen.ts';

export const EXEMPT = 'exempt';
export const CATCH_ALL = 'catch-all';

function forGroups(...names: readonly string[]): FlowSchemaSpec['rules'] {
  const subjects = names.map((name): Subject => ({ kind: 'Group', group: { name } }));
  const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] };
  return [{ subjects, resourceRules: [everything], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }];
}

export const MANDATORY_FLOW_SCHEMAS: Readonly<Record<string, FlowSchemaSpec>> = {
  [EXEMPT]: {
    priorityLevelConfiguration: { name: EXEMPT },
    matchingPrecedence: 1,
    rules: forGroups('system:masters')!,
  },
  [CATCH_ALL]: {
    priorityLevelConfiguration: { name: CATCH_ALL },
    matchingPrecedence: 10_000,
    distinguisherMethod: { type: 'ByUser' },
    rules: forGroups('system:unauthenticated', 'system:authenticated')!,
  },
};

/** What the exempt level has in `exempt` is the administrator's choice. */
export const MANDATORY_PRIORITY_LEVELS: Readonly<Record<string, PriorityLevelConfigurationSpec>> = {
  [EXEMPT]: { type: 'Exempt' },
  [CATCH_ALL]: {
    type: 'Limited',
    limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
  },
};
