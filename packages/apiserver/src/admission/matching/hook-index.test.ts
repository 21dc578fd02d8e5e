import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  configMaps,
  horizontalPodAutoscalers,
  horizontalPodAutoscalersV1,
  pods,
  type ResourceDefinition,
} from '@kts/api';

import { ResourceCatalog } from '../../discovery/catalog.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { HookIndex } from './hook-index.ts';
import type { ResourceMatch } from './match-ways.ts';

interface Hook {
  readonly name: string;
  readonly match: ResourceMatch;
}

const hook = (name: string, group: string, resource: string): Hook => {
  const rule = { operations: ['CREATE'] as const, apiGroups: [group], apiVersions: ['v1'], resources: [resource] };
  return { name, match: { rules: [rule], excluded: [], equivalent: true, withoutRules: 'nothing' } };
};

const attributes = (definition: ResourceDefinition, extra: Partial<AdmissionAttributes> = {}): AdmissionAttributes =>
  ({ operation: 'CREATE', definition, subresource: '', namespace: 'default', ...extra }) as AdmissionAttributes;

const names = (index: HookIndex<Hook>, about: AdmissionAttributes) =>
  index.relevantTo(about).map(({ hook: { name }, index: place }) => `${place} ${name}`);

test('hooks are found by what a request is about', () => {
  const index = new HookIndex<Hook>(new ResourceCatalog([configMaps, pods]), ({ match }) => match);
  assert.equal(index.isEmpty, true);
  assert.deepEqual(names(index, attributes(pods)), []);
  index.set([hook('a', '', 'pods'), hook('b', '', 'configmaps'), hook('c', '', '*')]);
  assert.deepEqual(names(index, attributes(pods)), ['0 a', '2 c']);
  assert.deepEqual(names(index, attributes(configMaps)), ['1 b', '2 c']);
  assert.deepEqual(names(index, attributes(pods, { operation: 'DELETE' })), []);
  assert.deepEqual(names(index, attributes(pods, { subresource: 'status' })), []);
  index.set([]);
  assert.deepEqual(names(index, attributes(pods)), []);
});

test('what was found is found again, until hooks or resources change', () => {
  const catalog = new ResourceCatalog([horizontalPodAutoscalers]);
  const index = new HookIndex<Hook>(catalog, ({ match }) => match);
  index.set([hook('a', 'autoscaling', 'horizontalpodautoscalers')]);
  const about = attributes(horizontalPodAutoscalers);
  assert.deepEqual(names(index, about), []);
  assert.equal(index.relevantTo(about), index.relevantTo(about));
  catalog.add(horizontalPodAutoscalersV1);
  assert.deepEqual(names(index, about), ['0 a']);
  catalog.remove(horizontalPodAutoscalersV1);
  assert.deepEqual(names(index, about), []);
});
