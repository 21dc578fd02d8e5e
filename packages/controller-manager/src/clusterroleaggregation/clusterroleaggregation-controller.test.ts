import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { clusterRoles } from '@kts/api';
import type { ClusterRole, PolicyRule } from '@kts/api/types/rbac-v1';

import { startControllers } from '../testing/controller-harness.ts';
import { planRules } from './clusterroleaggregation-controller.ts';

const READ: PolicyRule = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
const WRITE: PolicyRule = { ...READ, verbs: ['create'] };
const LABELS = { aggregate: 'yes' };

function role(name: string, rules: readonly PolicyRule[], fields: Partial<ClusterRole> = {}): ClusterRole {
  const metadata = { name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { metadata: { ...metadata, labels: LABELS }, rules, ...fields };
}

describe('planRules', () => {
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: LABELS }] };
  const all = (rules: readonly PolicyRule[]): ClusterRole => role('all', rules, { aggregationRule });

  it('takes each rule once, in the order of the names', () => {
    const observed = { role: all([]), all: [role('b', [WRITE, READ]), role('a', [READ])] };
    assert.deepEqual(planRules(observed), [READ, WRITE]);
  });
  it('does nothing if that is so already', () => {
    assert.equal(planRules({ role: all([READ]), all: [role('a', [READ])] }), undefined);
  });
  it('leaves the role itself out', () => {
    assert.deepEqual(planRules({ role: all([READ]), all: [all([READ])] }), []);
  });
});

describe('the ClusterRole aggregation controller', () => {
  it('follows the roles that are selected', async () => {
    await using cluster = await startControllers(['clusterrole-aggregation-controller']);
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: LABELS }] };
    await cluster.client.create(clusterRoles, { metadata: { name: 'all' }, rules: [], aggregationRule });
    await cluster.client.create(clusterRoles, { metadata: { name: 'read', labels: LABELS }, rules: [READ] });
    await cluster.settle();
    assert.deepEqual((await cluster.client.get(clusterRoles, { name: 'all' })).rules, [READ]);
  });
});
