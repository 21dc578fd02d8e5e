import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { builtinResources, resourceFacts, type ResourceFacts } from '@kts/api';

import {
  aggregatedDiscovery,
  apiGroupList,
  apiResourceList,
  compareVersions,
  discoveredGroups,
} from './discovery-documents.ts';

const groups = discoveredGroups(builtinResources);

/** What upstream says of a resource and its subresources, by name. */
function entriesOf(facts: ResourceFacts, home: string): readonly [string, object][] {
  const { name, singular, kind, namespaced, verbs, subresources = {} } = facts;
  const { shortNames, categories, storageVersionHash } = facts;
  const own = {
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames ? { shortNames } : {}),
    ...(categories ? { categories } : {}),
    ...(storageVersionHash ? { storageVersionHash } : {}),
  };
  return [
    [name, own],
    ...Object.entries(subresources).map(([subresource, { group, version, kind, verbs }]): [string, object] => {
      const elsewhere = `${group}/${version}` === home ? {} : { ...(group ? { group } : {}), version };
      return [`${name}/${subresource}`, { singularName: '', namespaced, ...elsewhere, kind, verbs }];
    }),
  ];
}

describe('discovery as of a fresh server of upstream', () => {
  const facts = resourceFacts();
  const served = Object.entries(facts.groups).flatMap(([group, { versions, enabledByDefault }]) =>
    versions.filter((version) => enabledByDefault[version]).map((version) => [group, version] as const),
  );
  for (const [group, version] of served) {
    it(`serves ${group}/${version} with every resource, verb and short name`, () => {
      const found = groups.find(({ name }) => name === group)?.versions.find((one) => one.version === version);
      assert.ok(found);
      const { resources } = apiResourceList(group, found) as { resources: Record<string, unknown>[] };
      const shown = resources.map(({ name, ...rest }) => [name as string, rest] as const);
      const known = facts.resources[group ? `${group}/${version}` : version]!.flatMap((one) =>
        entriesOf(one, `${group}/${version}`),
      );
      assert.deepEqual(Object.fromEntries(shown), Object.fromEntries(known));
    });
  }

  it('serves nothing else, and prefers the versions that upstream does', () => {
    const shown = groups.flatMap(({ name, versions }) => versions.map(({ version }) => `${name}/${version}`));
    assert.deepEqual(shown.toSorted(), served.map(([group, version]) => `${group}/${version}`).toSorted());
    for (const { name, versions } of groups) {
      assert.equal(versions[0]!.version, facts.groups[name]!.preferredVersion, name);
    }
  });
});

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
