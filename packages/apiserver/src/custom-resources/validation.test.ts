import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { validateBySchema } from './validation.ts';

test('what has not changed is not held against an update', () => {
  const short: JSONSchemaProps = { type: 'string', maxLength: 2 };
  const keyed: JSONSchemaProps = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['k'],
    items: { type: 'object', properties: { k: { type: 'string' }, s: short } },
  };
  const schema: JSONSchemaProps = {
    type: 'object',
    properties: { s: short, plain: { type: 'array', items: short }, keyed },
  };
  const rows: [string, object, object, string[]][] = [
    ['the same', { s: 'long' }, { s: 'long' }, []],
    ['beside a change', { s: 'long', plain: ['a'] }, { s: 'long' }, []],
    ['another', { s: 'longer' }, { s: 'long' }, ['s']],
    ['items without identity', { plain: ['long', 'b'] }, { plain: ['long', 'a'] }, ['plain[0]']],
    ['items with keys', { keyed: [{ k: 'a' }, { k: 'b', s: 'long' }] }, { keyed: [{ k: 'b', s: 'long' }] }, []],
  ];
  for (const [name, value, old, fields] of rows) {
    const errors = validateBySchema(schema, value, undefined, old);
    assert.deepEqual(
      errors.map(({ field }) => field),
      fields,
      name,
    );
  }
});
