import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FieldPath } from '@kts/apimachinery';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { isStructural, unstructurable, validateStructural } from './structural-rules.ts';

const string: JSONSchemaProps = { type: 'string' };
const object = (properties: Record<string, JSONSchemaProps>, extra: object = {}): JSONSchemaProps => ({
  type: 'object',
  properties,
  ...extra,
});

const cases: readonly (readonly [schema: JSONSchemaProps, ...errors: string[]])[] = [
  [object({ a: string })],
  [{}, 's.type: Required value: must not be empty at the root'],
  [string, 's.type: Invalid value: "string": must be object at the root'],
  [{ type: 'object', additionalProperties: string }, 's.additionalProperties: Forbidden: must not be used at the root'],
  [object({ list: { type: 'array' } }), 's.properties[list].items: Required value: must be specified'],
  [
    object({ list: { type: 'array', items: {} } }),
    's.properties[list].items.type: Required value: must not be empty for specified array items',
  ],
  [object({ kind: { type: 'integer' } }), 's.properties[kind].type: Invalid value: "integer": must be string'],
  [object({ metadata: object({ name: { type: 'string', pattern: 'a' } }) })],
  [
    object({ metadata: object({ labels: { type: 'object' } }) }),
    's.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
  ],
  [
    object({ a: string }, { anyOf: [{ properties: { b: { minLength: 1 } } }] }),
    's.properties[b]: Required value: because it is defined in s.anyOf[0].properties[b]',
  ],
  [
    object({ a: string }, { not: { properties: { a: { nullable: true } } } }),
    's.not.properties[a].nullable: Forbidden: must be false to be structural',
  ],
  [
    object({ a: { 'x-kubernetes-int-or-string': true, 'x-kubernetes-embedded-resource': true, type: 'object' } }),
    's.properties[a].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
    's.properties[a].x-kubernetes-embedded-resource: Invalid value: true: must be false if x-kubernetes-int-or-string is true',
  ],
];

test('a structural schema says where everything is', () => {
  for (const [schema, ...errors] of cases) {
    const found = validateStructural(schema, FieldPath.of('s'));
    assert.deepEqual(
      found.map(({ field, message }) => `${field}: ${message}`),
      errors,
      JSON.stringify(schema),
    );
    assert.equal(isStructural(schema), errors.length === 0);
  }
});

test('some keywords have no place in it', () => {
  assert.equal(unstructurable(object({ a: { $ref: 'x' } })), "OpenAPIV3Schema '$ref' is not supported");
  assert.equal(unstructurable(object({ a: string })), undefined);
});
