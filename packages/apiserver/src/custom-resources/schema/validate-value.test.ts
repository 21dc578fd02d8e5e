import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FieldPath } from '@kts/apimachinery';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { Correlation } from './correlation.ts';
import { validateChangedValue, validateDefaultValue, validateValue } from './validate-value.ts';

const spec = FieldPath.of('spec');

type Case = readonly [schema: JSONSchemaProps, value: unknown, ...errors: string[]];

function textsOf(schema: JSONSchemaProps, value: unknown): string[] {
  const errors = validateValue({ type: 'object', properties: { spec: schema } }, { spec: value });
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

function changed(schema: JSONSchemaProps, value: unknown, old: unknown): string[] {
  const errors = validateChangedValue(schema, new Correlation(value, old, schema), spec);
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

const rules: Readonly<Record<string, readonly Case[]>> = {
  type: [
    [{ type: 'string' }, 'x'],
    [{ type: 'string' }, 1, 'spec: Invalid value: "integer": spec in body must be of type string: "integer"'],
    [
      { type: 'integer' },
      1.5,
      'spec: Invalid value: "number": spec in body must be of type integer: "number"',
      '<nil>: Invalid value: "": Checked value must be of type integer (default format) in spec',
    ],
    [{ type: 'number' }, 1],
    [{ type: 'object' }, [], 'spec: Invalid value: "array": spec in body must be of type object: "array"'],
    [{ type: 'array' }, {}, 'spec: Invalid value: "object": spec in body must be of type array: "object"'],
    [{ type: 'boolean' }, null, 'spec: Invalid value: "null": spec in body must be of type boolean: "null"'],
    [{ type: 'boolean', nullable: true }, null],
    [{ 'x-kubernetes-int-or-string': true }, 'x'],
    [
      { 'x-kubernetes-int-or-string': true },
      true,
      'spec: Invalid value: "boolean": spec in body must be of type integer,string: "boolean"',
    ],
  ],
  numbers: [
    [{ type: 'integer', minimum: 1 }, 0, 'spec: Invalid value: 0: spec in body should be greater than or equal to 1'],
    [
      { type: 'integer', minimum: 1, exclusiveMinimum: true },
      1,
      'spec: Invalid value: 1: spec in body should be greater than 1',
    ],
    [{ type: 'integer', maximum: 1 }, 2, 'spec: Invalid value: 2: spec in body should be less than or equal to 1'],
    [
      { type: 'number', maximum: 1, exclusiveMaximum: true },
      1,
      'spec: Invalid value: 1: spec in body should be less than 1',
    ],
    [{ type: 'number', multipleOf: 0.5 }, 1.5],
    [{ type: 'integer', multipleOf: 5 }, 7, 'spec: Invalid value: 7: spec in body should be a multiple of 5'],
  ],
  strings: [
    [{ type: 'string', minLength: 2 }, 'é', 'spec: Invalid value: "é": spec in body should be at least 2 chars long'],
    [{ type: 'string', maxLength: 2 }, '𝒳𝒴'],
    [{ type: 'string', maxLength: 1 }, 'ab', 'spec: Too long: may not be more than 1 bytes'],
    [{ type: 'string', pattern: '^a+$' }, 'b', 'spec: Invalid value: "b": spec in body should match \'^a+$\''],
    [
      { type: 'string', format: 'date' },
      '2020-02-30',
      'spec: Invalid value: "2020-02-30": spec in body must be of type date: "2020-02-30"',
    ],
    [{ type: 'string', format: 'nobody-knows' }, 'x'],
  ],
  enums: [
    [{ type: 'string', enum: ['a', 'b'] }, 'c', 'spec: Unsupported value: "c": supported values: "a", "b"'],
    [{ type: 'integer', enum: [1, 2] }, 2],
    [{ type: 'object', enum: [{ a: 1 }] }, { a: 1 }],
  ],
  lists: [
    [{ type: 'array', minItems: 1 }, [], 'spec: Invalid value: 0: spec in body should have at least 1 items'],
    [{ type: 'array', maxItems: 1 }, [1, 2], 'spec: Too many: 2: must have at most 1 item'],
    [
      { type: 'array', items: { type: 'string' } },
      ['a', 1],
      'spec[1]: Invalid value: "integer": spec[1] in body must be of type string: "integer"',
    ],
  ],
  objects: [
    [{ type: 'object', required: ['b', 'a'] }, {}, 'spec.b: Required value', 'spec.a: Required value'],
    [
      { type: 'object', minProperties: 1 },
      {},
      'spec: Invalid value: 0: spec in body should have at least 1 properties',
    ],
    [{ type: 'object', maxProperties: 1 }, { a: 1, b: 2 }, 'spec: Too many: 2: must have at most 1 item'],
    [
      { type: 'object', additionalProperties: { type: 'string' } },
      { 'a.b': 1 },
      'spec.a.b: Invalid value: "integer": spec.a.b in body must be of type string: "integer"',
    ],
  ],
  junctors: [
    [
      { allOf: [{ minimum: 2 }] },
      1,
      'spec: Invalid value: 1: spec in body should be greater than or equal to 2',
      '<nil>: Invalid value: "": "spec" must validate all the schemas (allOf). None validated',
    ],
    [
      { anyOf: [{ minimum: 2 }, { maximum: 0 }] },
      1,
      '<nil>: Invalid value: "": "spec" must validate at least one schema (anyOf)',
      'spec: Invalid value: 1: spec in body should be greater than or equal to 2',
    ],
    [{ anyOf: [{ minimum: 2 }, { maximum: 1 }] }, 1],
    [
      { oneOf: [{ minimum: 0 }, { maximum: 2 }] },
      1,
      '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
    [{ not: { minimum: 0 } }, 1, '<nil>: Invalid value: "": "spec" must not validate the schema (not)'],
  ],
};

describe('validateValue', () => {
  for (const [name, cases] of Object.entries(rules)) {
    test(name, () => {
      for (const [schema, value, ...errors] of cases) {
        assert.deepEqual(textsOf(schema, value), errors, JSON.stringify([schema, value]));
      }
    });
  }
});

describe('validateChangedValue', () => {
  const schema: JSONSchemaProps = {
    type: 'object',
    properties: {
      a: { type: 'string', maxLength: 1 },
      list: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', properties: { k: { type: 'string' }, v: { type: 'integer', maximum: 1 } } },
      },
      plain: { type: 'array', items: { type: 'integer', maximum: 1 } },
    },
  };

  test('what has not changed is not held against the object', () => {
    assert.deepEqual(changed(schema, { a: 'long', b: 1 }, { a: 'long' }), []);
    assert.deepEqual(changed(schema, { a: 'longer' }, { a: 'long' }), [
      'spec.a: Too long: may not be more than 1 bytes',
    ]);
  });

  test('items of a map are found by their keys, wherever they are now', () => {
    const old = { list: [{ k: 'x', v: 9 }] };
    assert.deepEqual(
      changed(
        schema,
        {
          list: [
            { k: 'y', v: 1 },
            { k: 'x', v: 9 },
          ],
        },
        old,
      ),
      [],
    );
    assert.equal(
      changed(
        schema,
        {
          list: [
            { k: 'y', v: 9 },
            { k: 'x', v: 9 },
          ],
        },
        old,
      ).length,
      1,
    );
  });

  test('items of other lists have to be right once the list changes', () => {
    assert.deepEqual(changed(schema, { plain: [9], a: 'x' }, { plain: [9] }), []);
    assert.equal(changed(schema, { plain: [9, 1] }, { plain: [9] }).length, 1);
  });
});

test('a default of an integer or string may be anything', () => {
  assert.deepEqual(validateDefaultValue({ 'x-kubernetes-int-or-string': true }, 'x', spec), []);
  assert.equal(validateDefaultValue({ type: 'string' }, 1, spec).length, 1);
});
