import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { builtinResources } from '@kts/api';

import {
  aggregatedDiscovery,
  apiGroupList,
  apiResourceList,
  compareVersions,
  discoveredGroups,
} from './discovery-documents.ts';

const groups = discoveredGroups(builtinResources);

describe('discovery documents', () => {
  it('list groups in the order in which clients prefer them', () => {
    const { groups: entries } = apiGroupList(groups) as { groups: { name: string }[] };
    assert.deepEqual(
      entries.slice(0, 4).map(({ name }) => name),
      ['apiregistration.k8s.io', 'apps', 'events.k8s.io', 'authentication.k8s.io'],
    );
  });

  it('prefer the newest stable version', () => {
    const autoscaling = groups.find(({ name }) => name === 'autoscaling');
    assert.deepEqual(
      autoscaling?.versions.map(({ version }) => version),
      ['v2', 'v1'],
    );
  });

  it('name the kind of subresources of another group', () => {
    const core = groups.find(({ name }) => name === '')!;
    const { resources } = apiResourceList('', core.versions[0]!) as { resources: Record<string, unknown>[] };
    const eviction = resources.find(({ name }) => name === 'pods/eviction');
    assert.deepEqual(eviction, {
      name: 'pods/eviction',
      singularName: '',
      namespaced: true,
      group: 'policy',
      version: 'v1',
      kind: 'Eviction',
      verbs: ['create'],
    });
  });

  it('hold every resource once in the aggregated form', () => {
    const { items } = aggregatedDiscovery(groups) as { items: { versions: { resources: unknown[] }[] }[] };
    const count = items.flatMap(({ versions }) => versions).reduce((sum, version) => sum + version.resources.length, 0);
    assert.equal(count, builtinResources.length);
  });

  const order: readonly [string, string][] = [
    ['v1', 'v2'],
    ['v2beta1', 'v1'],
    ['v1beta2', 'v2beta1'],
    ['v1alpha9', 'v1beta1'],
    ['v11', 'v12'],
    ['bar', 'v1alpha1'],
    ['foo', 'bar'],
  ];
  for (const [lower, higher] of order) {
    it(`puts ${higher} before ${lower}`, () => assert.ok(compareVersions(lower, higher) < 0));
  }
});
