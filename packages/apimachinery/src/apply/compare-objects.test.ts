import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonValue } from '../scalars.ts';
import type { ListSchema, Schema } from '../schema.ts';
import { markSentEmpty } from '../sent-empty.ts';
import { compareObjects } from './compare-objects.ts';
import { encodeFieldsV1, fieldSetOfNames } from './field-set.ts';
import { isTyped } from './typed-value.ts';

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

test('a list that was sent empty is owned, although it is stored as null', () => {
  const after = { rules: null };
  assert.deepEqual(encodeFieldsV1(compareObjects(undefined, { rules: null }, after).modified), {});
  markSentEmpty(after, ['rules']);
  assert.deepEqual(encodeFieldsV1(compareObjects(undefined, { rules: null }, after).modified), { 'f:rules': {} });
});

test('elements that nothing tells apart belong to nobody', () => {
  const scalar = { type: 'scalar', format: 'string' } as const;
  const list = { type: 'list', items: { type: 'map', values: scalar }, listType: 'map', listMapKeys: ['name'] };
  const compare = (after: JsonValue) => compareObjects(list as ListSchema, [], after).untyped;
  assert.equal(compare([{ name: 'a' }]), undefined);
  assert.equal(compare([{ other: 'a' }]), true);
});

test('what is ignored is not compared', () => {
  const ignored = fieldSetOfNames(['a'], ['b', 'c']);
  const { modified, added } = compareObjects(
    undefined,
    { a: { b: 1 }, b: { c: 1, d: 1 } },
    { a: 2, b: { c: 2, d: 2, e: 1 } },
    ignored,
  );
  assert.deepEqual([modified, added].map(encodeFieldsV1), [{ 'f:b': { 'f:d': {} } }, { 'f:b': { 'f:e': {} } }]);
});

test('values are of their types or not', () => {
  const text = { type: 'scalar', format: 'string' } as const;
  const map = { type: 'map', values: text } as const;
  const list = { type: 'list', items: text } as const;
  const rows: readonly (readonly [Schema, JsonValue, boolean])[] = [
    [text, 'a', true],
    [text, 1, false],
    [text, null, true],
    [map, { a: 'b' }, true],
    [map, { a: 1 }, false],
    [map, ['a'], false],
    [list, ['a', null], true],
    [list, 'a', false],
    [{ ...list, listType: 'set' }, ['a', null], false],
  ];
  for (const [type, value, expected] of rows)
    assert.equal(isTyped(type, value), expected, JSON.stringify([type, value]));
});
