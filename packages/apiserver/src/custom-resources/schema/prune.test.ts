import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { prune, pruneNulls } from './prune.ts';

type Case = readonly [schema: JSONSchemaProps | undefined, value: object, pruned: object, dropped: readonly string[]];

const string: JSONSchemaProps = { type: 'string' };
const KEEP = 'x-kubernetes-preserve-unknown-fields';

describe('prune', () => {
  const cases: Readonly<Record<string, Case>> = {
    'fields that the schema does not know': [
      { type: 'object', properties: { a: string } },
      { a: 'x', b: 1 },
      { a: 'x' },
      ['b'],
    ],
    'fields of items': [
      { properties: { list: { items: { properties: { a: string } } } } },
      { list: [{ a: 'x', b: 1 }, { c: 2 }] },
      { list: [{ a: 'x' }, {}] },
      ['list[0].b', 'list[1].c'],
    ],
    'fields of map values': [
      { properties: { map: { additionalProperties: { properties: { a: string } } } } },
      { map: { x: { a: 'x', b: 1 } } },
      { map: { x: { a: 'x' } } },
      ['map.x.b'],
    ],
    'nothing where unknown fields are kept, but below known ones': [
      { [KEEP]: true, properties: { a: { type: 'object', properties: { b: string } } } },
      { x: { y: 1 }, a: { b: 'x', c: 1 } },
      { x: { y: 1 }, a: { b: 'x' } },
      ['a.c'],
    ],
    'nothing of the type and metadata': [
      { type: 'object' },
      { kind: 'K', apiVersion: 'v', metadata: { name: 'a', x: 1 } },
      { kind: 'K', apiVersion: 'v', metadata: { name: 'a', x: 1 } },
      [],
    ],
    'everything without a schema': [undefined, { spec: 1 }, {}, ['spec']],
  };
  for (const [name, [schema, value, pruned, dropped]] of Object.entries(cases)) {
    test(name, () => {
      const draft = structuredClone(value);
      assert.deepEqual(prune(schema, draft, true), dropped);
      assert.deepEqual(draft, pruned);
    });
  }

  test('embedded resources keep their type and metadata', () => {
    const template: JSONSchemaProps = { type: 'object', 'x-kubernetes-embedded-resource': true };
    const draft = { template: { kind: 'K', apiVersion: 'v', metadata: { name: 'a' }, spec: {} } };
    assert.deepEqual(prune({ properties: { template } }, draft, true), ['template.spec']);
    assert.deepEqual(draft.template, { kind: 'K', apiVersion: 'v', metadata: { name: 'a' } });
  });
});

test('nulls go where the schema does not allow them, unless they get a default', () => {
  const properties: Record<string, JSONSchemaProps> = {
    gone: string,
    kept: { type: 'string', nullable: true },
    defaulted: { type: 'string', default: 'x' },
    list: { type: 'array', items: { type: 'object', properties: { gone: string } } },
  };
  const draft = { gone: null, kept: null, defaulted: null, unknown: null, list: [{ gone: null }] };
  pruneNulls({ type: 'object', properties }, draft);
  assert.deepEqual(draft, { kept: null, defaulted: null, unknown: null, list: [{}] });
});
