import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { ResourceDefinition } from '@kts/api';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { customDefinitions } from '../custom-resources/custom-definition.ts';
import { thingDefinition, thingVersion } from '../testing/thing-definition.ts';
import { customSchemas, customTypeName } from './custom-schemas.ts';

const v3 = { prefix: '#/components/schemas/', v2: false };
const v2 = { prefix: '#/definitions/', v2: true };
const NAME = 'com.example.v1.Thing';

function definitionOf(spec: JSONSchemaProps): ResourceDefinition {
  const options = { since: 1, isTerminating: () => false, rules: () => undefined };
  return customDefinitions(thingDefinition([thingVersion(spec)]), options)[0]!;
}

interface Shown {
  readonly [keyword: string]: unknown;
  readonly properties: Readonly<Record<string, Record<string, unknown>>>;
}

function shown(spec: JSONSchemaProps, options = v3): Shown {
  return customSchemas(definitionOf(spec), options)[NAME] as unknown as Shown;
}

const specOf = (spec: JSONSchemaProps, options = v3): unknown => shown(spec, options).properties['spec'];

describe('the schemas of a custom kind', () => {
  test('are named after group, version and kind', () => {
    const definition = definitionOf({ type: 'object' });
    assert.equal(customTypeName(definition, 'Thing'), NAME);
    assert.deepEqual(Object.keys(customSchemas(definition, v3)), [NAME, `${NAME}List`]);
  });

  test('say what kind they are of, and have type and metadata', () => {
    const kind = shown({ type: 'object' });
    assert.deepEqual(kind['x-kubernetes-group-version-kind'], [{ group: 'example.com', version: 'v1', kind: 'Thing' }]);
    assert.deepEqual(Object.keys(kind.properties).sort(), ['apiVersion', 'kind', 'metadata', 'spec', 'status']);
    const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
    assert.deepEqual(kind.properties['metadata']!['allOf'], [{ $ref: `#/components/schemas/${meta}` }]);
    assert.equal(shown({ type: 'object' }, v2).properties['metadata']!['$ref'], `#/definitions/${meta}`);
  });

  test('say everything in version 3', () => {
    const spec: JSONSchemaProps = { type: 'object', nullable: true, anyOf: [{ required: ['a'] }], maxProperties: 3 };
    assert.deepEqual(specOf(spec), spec);
  });

  const reduced: readonly (readonly [name: string, spec: JSONSchemaProps, v2: object])[] = [
    [
      'junctors',
      { type: 'object', anyOf: [{ required: ['a'] }], maxProperties: 3 },
      { type: 'object', maxProperties: 3 },
    ],
    ['types of values that may be null', { type: 'string', nullable: true, maxLength: 3 }, { maxLength: 3 }],
    [
      'types of objects that keep everything',
      { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { a: { type: 'string' } } },
      { 'x-kubernetes-preserve-unknown-fields': true },
    ],
    [
      'required fields that may be null',
      {
        type: 'object',
        required: ['a', 'b'],
        properties: { a: { type: 'string', nullable: true }, b: { type: 'string' } },
      },
      { type: 'object', required: ['b'], properties: { a: {}, b: { type: 'string' } } },
    ],
  ];
  for (const [name, spec, result] of reduced) {
    test(`leave out ${name} in version 2`, () => assert.deepEqual(specOf(spec, v2), result));
  }

  test('say that a value is an integer or a string', () => {
    const either: JSONSchemaProps = { 'x-kubernetes-int-or-string': true };
    const anyOf = [{ type: 'integer' }, { type: 'string' }];
    assert.deepEqual(specOf(either), { ...either, anyOf });
    const pattern = [{ pattern: 'a' }];
    assert.deepEqual(specOf({ ...either, anyOf: pattern }), { ...either, allOf: [{ anyOf }, { anyOf: pattern }] });
  });
});
