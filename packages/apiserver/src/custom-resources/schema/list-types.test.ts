import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { validateListTypes } from './list-types.ts';

const set: JSONSchemaProps = { type: 'array', 'x-kubernetes-list-type': 'set' };
const map = (items: JSONSchemaProps, ...keys: string[]): JSONSchemaProps => ({
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
  items,
});
const item: JSONSchemaProps = {
  type: 'object',
  properties: { name: { type: 'string' }, port: { type: 'integer', default: 80 } },
};

const cases: readonly (readonly [schema: JSONSchemaProps, list: readonly unknown[], ...errors: string[]])[] = [
  [set, ['a', 'b']],
  [set, ['a', 'b', 'a'], 'list[2]: Duplicate value: "a"'],
  [set, [{ x: 1 }, { x: 1 }], 'list[1]: Duplicate value: {"x":1}'],
  [map(item, 'name'), [{ name: 'a' }, { name: 'b' }]],
  [map(item, 'name'), [{ name: 'a', port: 1 }, { name: 'a' }], 'list[1]: Duplicate value: {"name":"a"}'],
  [
    map(item, 'name', 'port'),
    [
      { name: 'a', port: 1 },
      { name: 'a', port: 2 },
    ],
  ],
  [{ type: 'array' }, ['a', 'a']],
];

test('duplicates are found in sets and maps', () => {
  for (const [schema, list, ...errors] of cases) {
    const found = validateListTypes({ type: 'object', properties: { list: schema } }, { list });
    assert.deepEqual(
      found.map(({ field, message }) => `${field}: ${message}`),
      errors,
      JSON.stringify(list),
    );
  }
});
