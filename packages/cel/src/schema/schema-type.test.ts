import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { formatType } from '../types/format-type.ts';
import { REQUEST_SIZE_MAX, schemaType, type OpenApiSchema } from './schema-type.ts';

const text: OpenApiSchema = { type: 'string' };
const WHOLE = REQUEST_SIZE_MAX - 2;

const rows: readonly (readonly [
  title: string,
  schema: OpenApiSchema,
  type: string | undefined,
  sizeMax?: number | undefined,
  serializedMin?: number,
])[] = [
  ['a string', text, 'string', WHOLE, 2],
  ['a string with a length', { type: 'string', maxLength: 10 }, 'string', 40, 2],
  ['a string with an impossible length', { type: 'string', maxLength: -1 }, 'string', 0, 2],
  ['an enumeration', { type: 'string', enum: ['a', 'bcd'] }, 'string', 3, 2],
  ['bytes', { type: 'string', format: 'byte', maxLength: 10 }, 'bytes', 10, 2],
  ['a duration', { type: 'string', format: 'duration' }, 'duration', 32, 3],
  ['a date', { type: 'string', format: 'date' }, 'timestamp', 12, 12],
  ['a time', { type: 'string', format: 'date-time' }, 'timestamp', 32, 21],
  ['another format', { type: 'string', format: 'uuid' }, 'string', WHOLE, 2],
  ['a number', { type: 'number' }, 'double', undefined, 1],
  ['an integer', { type: 'integer' }, 'int', undefined, 1],
  ['a boolean', { type: 'boolean' }, 'bool', undefined, 4],
  ['int or string', { 'x-kubernetes-int-or-string': true }, 'dyn', WHOLE, 1],
  ['int or string with a length', { 'x-kubernetes-int-or-string': true, maxLength: 5 }, 'dyn', 20, 1],
  ['a list', { type: 'array', items: text }, 'list(string)', Math.floor(WHOLE / 3), 2],
  ['a list with a length', { type: 'array', items: text, maxItems: 7 }, 'list(string)', 7, 2],
  ['a list of objects', { type: 'array', items: { type: 'object' } }, 'list(root.@idx)', Math.floor(WHOLE / 3), 2],
  ['a list of anything', { type: 'array' }, undefined],
  ['a map', { type: 'object', additionalProperties: text }, 'map(string, string)', Math.floor(WHOLE / 8), 2],
  [
    'a map with a size',
    { type: 'object', additionalProperties: { type: 'object' }, maxProperties: 3 },
    'map(string, root.@elem)',
    3,
    2,
  ],
  ['a map of what cannot be seen', { type: 'object', additionalProperties: {} }, undefined],
  ['a map of anything', { type: 'object', additionalProperties: true }, 'root', undefined, 2],
  ['an object', { type: 'object', properties: { a: text } }, 'root', undefined, 2],
  [
    'an object with required properties',
    { type: 'object', required: ['a', 'b'], properties: { a: text, b: { type: 'integer', default: 1 } } },
    'root',
    undefined,
    9,
  ],
  ['nothing in particular', { 'x-kubernetes-preserve-unknown-fields': true }, undefined],
];

describe('the type of a schema', () => {
  for (const [title, schema, name, sizeMax, serializedMin] of rows) {
    it(title, () => {
      const type = schemaType(schema, { name: 'root' });
      assert.equal(type && formatType(type), name);
      assert.equal(type?.sizeMax, sizeMax);
      assert.equal(type?.serializedMin, serializedMin);
    });
  }

  it('has fields by their escaped names', () => {
    const type = schemaType({ type: 'object', properties: { 'a-b': text, 'c d': text, e: {} } }, { name: 'root' });
    assert.ok(type?.kind === 'object');
    assert.deepEqual(
      [...type.fields],
      [['a__dash__b', { type: { kind: 'string', serializedMin: 2, sizeMax: WHOLE }, jsonName: 'a-b' }]],
    );
  });

  it('of a resource has its kind, version and some metadata', () => {
    const type = schemaType({ properties: { spec: text } }, { name: 'root', resourceRoot: true });
    assert.ok(type?.kind === 'object');
    assert.deepEqual([...type.fields.keys()].toSorted(), ['apiVersion', 'kind', 'metadata', 'spec']);
    const metadata = type.fields.get('metadata')!.type;
    assert.ok(metadata.kind === 'object');
    assert.deepEqual([...metadata.fields.keys()], ['name', 'generateName']);
  });

  it('follows references, but not into themselves', () => {
    const node: OpenApiSchema = { type: 'object', properties: { name: text, next: { allOf: [{ $ref: 'node' }] } } };
    const type = schemaType({ $ref: 'node' }, { name: 'root', resolve: (ref) => (ref === 'node' ? node : undefined) });
    assert.ok(type?.kind === 'object');
    const next = type.fields.get('next')!.type;
    assert.ok(next.kind === 'object');
    assert.equal(next.name, 'root.next');
    assert.equal(next.fields.size, 0);
  });
});
