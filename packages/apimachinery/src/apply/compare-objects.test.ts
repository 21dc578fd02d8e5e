import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonValue } from '../scalars.ts';
import { compareObjects } from './compare-objects.ts';
import { encodeFieldsV1 } from './field-set.ts';

const cases: readonly (readonly [
  before: JsonValue,
  after: JsonValue,
  removed: object,
  modified: object,
  added: object,
])[] = [
  [{ a: 1 }, { a: 1 }, {}, {}, {}],
  [{ a: 1 }, { a: 2 }, {}, { 'f:a': {} }, {}],
  [{ a: 1 }, { b: 1 }, { 'f:a': {} }, {}, { 'f:b': {} }],
  [{ a: 1 }, { a: { b: 1 } }, {}, { 'f:a': {} }, { 'f:a': { 'f:b': {} } }],
  [{ a: { b: 1 } }, { a: 1 }, { 'f:a': { 'f:b': {} } }, { 'f:a': {} }, {}],
  [{ a: [1] }, { a: [2] }, {}, { 'f:a': {} }, {}],
];

test('without a schema the values say what they are', () => {
  for (const [before, after, ...sets] of cases) {
    const { removed, modified, added } = compareObjects(undefined, before, after);
    assert.deepEqual([removed, modified, added].map(encodeFieldsV1), sets, JSON.stringify([before, after]));
  }
});
