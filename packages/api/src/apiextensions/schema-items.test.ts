import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decodeObject } from '@kts/apimachinery';

import { schemaOf } from '../schema-registry.ts';

const SCHEMA = schemaOf('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps');

test('items that are neither a schema nor schemas are none', () => {
  const rows: readonly [unknown, unknown][] = [
    [{ type: 'string' }, { type: 'string' }],
    [[{ type: 'string' }], [{ type: 'string' }]],
    [[], undefined],
    [false, undefined],
    [1, undefined],
    ['a', undefined],
  ];
  for (const [items, expected] of rows) {
    const { object, error } = decodeObject(SCHEMA, { type: 'array', items });
    assert.equal(error, undefined);
    assert.deepEqual((object as { items?: unknown } | null)?.items, expected, JSON.stringify(items));
  }
});
