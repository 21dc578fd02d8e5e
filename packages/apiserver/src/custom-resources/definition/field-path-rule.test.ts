import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { resolveFieldPath } from './field-path-rule.ts';

const schema: JSONSchemaProps = {
  type: 'object',
  properties: {
    a: { type: 'object', properties: { 'b.c': { type: 'string' } } },
    map: { type: 'object', additionalProperties: { type: 'object', properties: { x: { type: 'string' } } } },
    list: { type: 'array', items: { type: 'string' } },
  },
};

const cases: readonly (readonly [text: string, path: string | undefined])[] = [
  ['.a', 'a'],
  ["['a']", 'a'],
  [".a['b.c']", 'a.b.c'],
  ['.map.key.x', 'map[key].x'],
  [".map['a key'].x", 'map[a key].x'],
  ['a', undefined],
  ['.b', undefined],
  ['.a.b', undefined],
  ['.list[0]', undefined],
  ['.a[', undefined],
  ["['a", undefined],
];

test('paths lead to fields that the schema has', () => {
  for (const [text, path] of cases) {
    const result = resolveFieldPath(text, schema);
    assert.equal('path' in result ? result.path?.toString() : undefined, path, text);
  }
});
