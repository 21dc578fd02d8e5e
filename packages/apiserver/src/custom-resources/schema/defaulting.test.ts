import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { applyDefaults } from './defaulting.ts';

const cases: readonly (readonly [name: string, schema: JSONSchemaProps, value: object, result: object])[] = [
  ['absent fields', { properties: { a: { type: 'string', default: 'x' } } }, {}, { a: 'x' }],
  ['not those that are there', { properties: { a: { type: 'string', default: 'x' } } }, { a: '' }, { a: '' }],
  ['nulls that are not allowed', { properties: { a: { type: 'string', default: 'x' } } }, { a: null }, { a: 'x' }],
  [
    'not nulls that are',
    { properties: { a: { type: 'string', nullable: true, default: 'x' } } },
    { a: null },
    { a: null },
  ],
  [
    'fields of objects that came to be by default',
    { properties: { a: { default: {}, properties: { b: { type: 'integer', default: 1 } } } } },
    {},
    { a: { b: 1 } },
  ],
  ['not fields of objects that are absent', { properties: { a: { properties: { b: { default: 1 } } } } }, {}, {}],
  [
    'fields of items and of map values',
    {
      properties: {
        list: { type: 'array', items: { type: 'object', properties: { b: { default: 1 } } } },
        map: { type: 'object', additionalProperties: { type: 'object', properties: { c: { default: 2 } } } },
      },
    },
    { list: [{}, { b: 3 }], map: { x: {} } },
    { list: [{ b: 1 }, { b: 3 }], map: { x: { c: 2 } } },
  ],
];

for (const [name, schema, value, result] of cases) {
  test(`defaults are for ${name}`, () => {
    const draft = structuredClone(value);
    applyDefaults(schema, draft);
    assert.deepEqual(draft, result);
  });
}

test('every object gets a default of its own', () => {
  const schema: JSONSchemaProps = { properties: { a: { default: { list: [] } } } };
  const [one, other] = [{}, {}] as { a?: { list: number[] } }[];
  applyDefaults(schema, one);
  one!.a!.list.push(1);
  applyDefaults(schema, other);
  assert.deepEqual(other, { a: { list: [] } });
});
