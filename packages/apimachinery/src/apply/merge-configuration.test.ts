import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject } from '../scalars.ts';
import type { ListSchema, MapSchema, ObjectSchema, Schema } from '../schema.ts';
import { ConfigurationError, mergeConfiguration } from './merge-configuration.ts';

const text = { type: 'scalar', format: 'string' } as Schema;
const object = (fields: Record<string, Schema>, extra: object = {}): ObjectSchema =>
  ({
    type: 'object',
    name: 'T',
    fields: new Map(Object.entries(fields).map(([name, schema]) => [name, { schema }])),
    ...extra,
  }) as unknown as ObjectSchema;
const list = (items: Schema, extra: object = {}): ListSchema => ({ type: 'list', items, ...extra }) as ListSchema;
const map = (values: Schema, extra: object = {}): MapSchema => ({ type: 'map', values, ...extra }) as MapSchema;

const SCHEMA = object({
  data: map(text),
  sealed: map(text, { mapType: 'atomic' }),
  args: list(text),
  tags: list(text, { listType: 'set' }),
  items: list(object({ name: text, value: text, args: list(text) }), { listType: 'map', listMapKeys: ['name'] }),
  whole: object({ a: text }, { structType: 'atomic' }),
});
const LIVE: JsonObject = { data: { a: '1' }, tags: ['x'], items: [{ name: 'one', value: '1' }] };

test('a configuration is laid over an object', () => {
  const rows: [string, JsonObject, JsonObject][] = [
    ['nothing', {}, LIVE],
    ['a key', { data: { b: '2' } }, { ...LIVE, data: { a: '1', b: '2' } }],
    ['a tag', { tags: ['y'] }, { ...LIVE, tags: ['x', 'y'] }],
    ['an item', { items: [{ name: 'one', value: '2' }] }, { ...LIVE, items: [{ name: 'one', value: '2' }] }],
    ['a new item', { items: [{ name: 'two' }] }, { ...LIVE, items: [{ name: 'one', value: '1' }, { name: 'two' }] }],
  ];
  for (const [name, configuration, expected] of rows) {
    assert.deepEqual(mergeConfiguration(SCHEMA, LIVE, configuration), expected, name);
  }
});

test('what does not fit or would be replaced as a whole is refused', () => {
  const atomic = 'invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ';
  const rows: [string, JsonObject, string][] = [
    [
      'unknown field',
      { nope: 'x' },
      'failed to convert patch object to typed object: .nope: field not declared in schema',
    ],
    ['list', { args: ['x'] }, `${atomic}.args`],
    ['map', { sealed: { a: 'b' } }, `${atomic}.sealed`],
    ['struct', { whole: { a: 'b' } }, `${atomic}.whole`],
    ['deep', { items: [{ name: 'one', args: ['x'] }], args: [] }, `${atomic}.items[0].args, .args`],
  ];
  for (const [name, configuration, message] of rows) {
    const merge = (): JsonObject => mergeConfiguration(SCHEMA, LIVE, configuration);
    assert.throws(merge, (error) => error instanceof ConfigurationError && error.message === message, name);
  }
});
