import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiVersionOf } from '@kts/apimachinery';
import { builtinResources } from './builtin-resources.ts';
import { resourceFacts } from './facts.ts';
import { nodes, pods } from './index.ts';

test('every resource that is on by default has a definition, and no other', () => {
  const { groups, resources } = resourceFacts();
  const expected = Object.entries(resources).flatMap(([apiVersion, list]) => {
    const slash = apiVersion.indexOf('/');
    const group = slash < 0 ? '' : apiVersion.slice(0, slash);
    return groups[group]?.enabledByDefault[apiVersion.slice(slash + 1)]
      ? list.map((resource) => `${apiVersion}/${resource.name}`)
      : [];
  });
  const actual = builtinResources.map((resource) => `${apiVersionOf(resource)}/${resource.plural}`);
  assert.deepEqual(actual.toSorted(), expected.toSorted());
});

test('every stored resource says where and how it is stored', () => {
  for (const resource of builtinResources) {
    const stored = resource.verbs.includes('list') && resource.plural !== 'componentstatuses';
    assert.equal(resource.storagePrefix !== '', stored, resource.plural);
    assert.equal(resource.storageVersion !== '', stored, resource.plural);
  }
});

test('names and columns come from the facts', () => {
  assert.equal(nodes.storagePrefix, 'minions');
  assert.equal(nodes.namespaced, false);
  assert.deepEqual(pods.shortNames, ['po']);
  assert.equal(pods.schema.name, 'io.k8s.api.core.v1.Pod');
  assert.equal(pods.columns[1]!.name, 'Ready');
  assert.deepEqual(pods.subresources.find(({ name }) => name === 'eviction')?.group, 'policy');
});
