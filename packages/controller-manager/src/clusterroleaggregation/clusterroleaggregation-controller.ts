/**
 * Gives ClusterRoles the rules of those that they select.
 *
 * Mirrors: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go (v1.36)
 */
import { clusterRoles } from '@kts/api';
import type { ClusterRole, PolicyRule } from '@kts/api/types/rbac-v1';
import { deepEqual, labelSelectorMatcher } from '@kts/apimachinery';
import { defineController, watching, type AnyControllerDefinition } from '@kts/controlkit';

const FIELD_MANAGER = 'clusterrole-aggregation-controller';

interface Observed {
  readonly role: ClusterRole;
  readonly all: readonly ClusterRole[];
}

export const clusterRoleAggregationController: AnyControllerDefinition = defineController<
  ClusterRole,
  Observed,
  readonly PolicyRule[] | undefined
>({
  name: 'clusterrole-aggregation-controller',
  for: clusterRoles,
  watches: [
    watching(clusterRoles, {
      map: (_, { informers }) =>
        informers
          .get(clusterRoles)
          .list()
          .filter(({ aggregationRule }) => aggregationRule !== undefined)
          .map(({ metadata }) => ({ name: metadata.name })),
    }),
  ],
  observe: ({ name }, { informers }) => {
    const role = informers.get(clusterRoles).get({ name });
    return role?.aggregationRule && { role, all: informers.get(clusterRoles).list() };
  },
  plan: planRules,
  apply: async (rules, { role }, { client, signal }) => {
    if (!rules) return;
    const configuration = { metadata: { name: role.metadata.name }, rules };
    await client.apply(clusterRoles, configuration, { fieldManager: FIELD_MANAGER, force: true, signal });
  },
});

/** The rules that the role should have, each once; undefined if it has them. */
export function planRules({ role, all }: Observed): readonly PolicyRule[] | undefined {
  const rules: PolicyRule[] = [];
  const others = all
    .filter(({ metadata }) => metadata.name !== role.metadata.name)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const matcher = labelSelectorMatcher(selector);
    for (const { metadata, rules: offered } of others) {
      if (!matcher.matches(metadata.labels)) continue;
      for (const rule of offered ?? []) if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule);
    }
  }
  return deepEqual(rules, role.rules ?? []) ? undefined : rules;
}
