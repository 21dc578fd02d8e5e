import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createEnvironment } from '../environment.ts';
import { describeValue } from '../testing/evaluate-text.ts';
import { schemaType, type OpenApiSchema } from './schema-type.ts';
import { fromJson } from './schema-value.ts';

const text: OpenApiSchema = { type: 'string' };
const integer: OpenApiSchema = { type: 'integer' };
const pair: OpenApiSchema = { type: 'object', properties: { k: text, v: integer } };

const SCHEMA: OpenApiSchema = {
  type: 'object',
  properties: {
    s: text,
    n: { type: 'number' },
    i: integer,
    b: { type: 'boolean' },
    port: { 'x-kubernetes-int-or-string': true },
    bytes: { type: 'string', format: 'byte' },
    time: { type: 'string', format: 'date-time' },
    date: { type: 'string', format: 'date' },
    wait: { type: 'string', format: 'duration' },
    'with-dash': text,
    nullable: { type: 'string', nullable: true },
    nulls: { type: 'array', items: { type: 'string', nullable: true } },
    map: { type: 'object', additionalProperties: integer },
    list: { type: 'array', items: integer },
    set: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    byKey: { type: 'array', items: pair, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    any: { 'x-kubernetes-preserve-unknown-fields': true },
  },
};

const OBJECT = {
  s: 'a',
  n: 1,
  i: 2,
  b: true,
  port: '80',
  bytes: 'YWI=',
  time: '2020-01-02T03:04:05Z',
  date: '2020-01-02',
  wait: '2 days',
  'with-dash': 'd',
  nullable: null,
  nulls: [null, 'x'],
  map: { 'a/b': 1 },
  list: [1, 2],
  set: ['a', 'b'],
  byKey: [
    { k: 'a', v: 1 },
    { k: 'b', v: 2 },
  ],
  free: { x: 1 },
  any: { y: 1 },
};

function evaluate(expression: string, changes: object = {}): string {
  const type = schemaType(SCHEMA, { name: 'selfType' })!;
  const compiled = createEnvironment({ variables: { self: type, other: type } }).compile(expression);
  if (!compiled.ok) return compiled.message.split('\n')[0]!;
  const [self, other] = [fromJson(OBJECT, type), fromJson({ ...OBJECT, ...changes }, type)];
  const result = compiled.program.evaluate(
    new Map([
      ['self', self],
      ['other', other],
    ]),
  );
  return result.ok ? describeValue(result.value) : `error: ${result.error.message}`;
}

const rows: readonly (readonly [expression: string, result: string, changes?: object])[] = [
  ['self.s', '"a"'],
  ['self.n', '1.0'],
  ['self.i', '2'],
  ['self.b', 'true'],
  ['self.port', '"80"'],
  ['other.port', '80', { port: 80 }],
  ['self.bytes', 'b[97 98]'],
  ['self.time', 'timestamp(2020-01-02T03:04:05Z)'],
  ['self.date', 'timestamp(2020-01-02T00:00:00Z)'],
  ['self.wait', 'duration(172800s)'],
  ['self.with__dash__dash', '"d"'],
  ['has(self.nullable)', 'false'],
  ['self.nullable', 'error: no such key: nullable'],
  ['self.nulls', '[null, "x"]'],
  ["self.map['a/b']", '1'],
  ["'a' in self.map", 'false'],
  ['self.map.size()', '1'],
  ['dyn(self.free).size()', '1'],
  ['self.free.x', "ERROR: <input>:1:10: undefined field 'x'"],
  ['self.any', "ERROR: <input>:1:5: undefined field 'any'"],
  ["self['s']", "ERROR: <input>:1:5: found no matching overload for '_[_]' applied to '(selfType, string)'"],
  ["dyn(self)['s']", '"a"'],
  ['dyn(self).nope', 'error: no such key: nope'],
  ['dyn(self).any', 'error: no such key: any'],
  ['dyn(self).map(k, k).size()', '17'],
  ['type(self) == map', 'true'],
  ['other.i', 'error: invalid data, expected int', { i: 'x' }],
  ['other.list', 'error: invalid data, expected an array for the provided schema with type=array', { list: {} }],
  ['other.wait', 'error: Invalid duration x: unable to parse x as duration', { wait: 'x' }],
  ['other.nulls', '[error]', { nulls: [1] }],
  // Equality
  ['self == other', 'true'],
  ['self == other', 'false', { s: 'b' }],
  ['self == other', 'false', { any: { y: 2 } }],
  ['self == other', 'true', { time: '2020-01-02T04:04:05+01:00' }],
  ['self.list == other.list', 'false', { list: [2, 1] }],
  ['self.set == other.set', 'true', { set: ['b', 'a'] }],
  ['self.set == other.set', 'false', { set: ['b', 'c'] }],
  ['self.set == other.set', 'false', { set: ['a', 'b', 'c'] }],
  ["self.set == ['b', 'a']", 'true'],
  ["['b', 'a'] == self.set", 'false'],
  ['self.byKey == other.byKey', 'true', { byKey: OBJECT.byKey.toReversed() }],
  [
    'self.byKey == other.byKey',
    'false',
    {
      byKey: [
        { k: 'a', v: 1 },
        { k: 'b', v: 3 },
      ],
    },
  ],
  ['self.map == other.map', 'false', { map: { 'a/b': 2 } }],
  ['self.map == other.map', 'false', { map: { c: 1 } }],
  // Concatenation
  ['self.list + other.list', '[1, 2, 2, 3]', { list: [2, 3] }],
  ['self.set + other.set', '["a", "b", "c"]', { set: ['b', 'c'] }],
  ["self.set + ['c', 'c', 'a']", '["a", "b", "c"]'],
  [
    'self.byKey + other.byKey',
    '[{"k": "a", "v": 1}, {"k": "b", "v": 3}, {"k": "c", "v": 4}]',
    {
      byKey: [
        { k: 'b', v: 3 },
        { k: 'c', v: 4 },
      ],
    },
  ],
  ['(self.set + other.set) == other.set', 'true', { set: ['c', 'b', 'a'] }],
  // Lists as others
  ['self.list[1]', '2'],
  ['self.list[2]', 'error: index out of bounds: 2'],
  ['2 in self.list', 'true'],
  ['self.list.sum()', '3'],
  ['self.byKey.exists(e, e.k == "b" && e.v == 2)', 'true'],
];

describe('JSON as values of a schema', () => {
  for (const [expression, result, changes] of rows) {
    it(`${expression}${changes ? ` with ${JSON.stringify(changes)}` : ''}`, () =>
      assert.equal(evaluate(expression, changes), result));
  }
});

describe('JSON without a schema', () => {
  const json: readonly (readonly [unknown, string])[] = [
    [1, '1'],
    [1.5, '1.5'],
    [2n ** 60n, String(2n ** 60n)],
    ['a', '"a"'],
    [null, 'null'],
    [[1, [true]], '[1, [true]]'],
    [{ a: { b: null }, c: undefined }, '{"a": {"b": null}}'],
    [undefined, 'error'],
  ];
  for (const [value, described] of json) {
    it(described, () => assert.equal(describeValue(fromJson(value)), described));
  }
});
