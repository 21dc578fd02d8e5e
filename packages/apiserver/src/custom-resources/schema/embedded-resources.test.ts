import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { coerceEmbedded, coerceMetadata, validateEmbedded } from './embedded-resources.ts';

const schema: JSONSchemaProps = {
  type: 'object',
  properties: { template: { type: 'object', 'x-kubernetes-embedded-resource': true } },
};

test('metadata is brought into the form that built-in kinds have', () => {
  const { metadata, unknown } = coerceMetadata({ name: 'a', creationTimestamp: null, labels: {}, x: 1 });
  assert.deepEqual([metadata, unknown], [{ name: 'a' }, ['x']]);
  assert.match(coerceMetadata({ name: 1 }).error!, /cannot unmarshal number into Go struct field ObjectMeta.name/);
});

test('so is that of embedded resources', () => {
  const draft = { template: { kind: 'K', apiVersion: 'v1', metadata: { name: 'a', x: 1 } } };
  assert.deepEqual(coerceEmbedded(schema, draft).unknown, ['template.metadata.x']);
  assert.deepEqual(draft.template.metadata, { name: 'a' });
});

test('embedded resources need a type and valid metadata', () => {
  const texts = (template: object): string[] =>
    validateEmbedded(schema, { template }).map(({ field, message }) => `${field}: ${message}`);
  assert.deepEqual(texts({ kind: 'K', apiVersion: 'v1', metadata: { name: 'a' } }), []);
  assert.deepEqual(texts({}), ['template.apiVersion: Required value', 'template.kind: Required value']);
  const [error, ...others] = texts({ kind: 'K', apiVersion: 'v1', metadata: { labels: { 'a b': '' } } });
  assert.match(error!, /^template\.metadata\.labels: Invalid value: "a b"/);
  assert.deepEqual(others, []);
});
