import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FieldPath } from '@kts/apimachinery';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { Correlation } from '../schema/correlation.ts';
import { checkDefault, ruleSet } from './rule-tree.ts';

/** A schema of objects with that in their spec. */
const objects = (spec: JSONSchemaProps): JSONSchemaProps => ({ type: 'object', properties: { spec } });

function validate(spec: JSONSchemaProps, value: unknown, old?: unknown): { errors: string[]; warnings: string[] } {
  const schema = objects(spec);
  const warnings: string[] = [];
  const [object, before] = [{ spec: value }, old === undefined ? undefined : { spec: old }];
  const correlation = before && new Correlation(object, before, schema);
  const errors = ruleSet(schema).validate(object, before, correlation, (text) => warnings.push(text));
  return { errors: errors.map(({ type, field, message }) => `${type} ${field}: ${message}`), warnings };
}

const ruled = (type: string, rules: readonly object[], extra: object = {}): JSONSchemaProps => ({
  type,
  'x-kubernetes-validations': rules as never,
  ...extra,
});

const two: JSONSchemaProps = { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'integer' } } };

describe('the rules of a schema', () => {
  const cases: readonly (readonly [name: string, schema: JSONSchemaProps, value: unknown, ...errors: string[]])[] = [
    ['hold', ruled('object', [{ rule: 'self.a < self.b' }], two), { a: 1, b: 2 }],
    [
      'are told themselves if they have no message',
      ruled('object', [{ rule: 'self.a < self.b' }], two),
      { a: 2, b: 1 },
      'FieldValueInvalid spec: Invalid value: failed rule: self.a < self.b',
    ],
    [
      'have messages',
      ruled('integer', [{ rule: 'self > 1', message: 'too small' }]),
      1,
      'FieldValueInvalid spec: Invalid value: 1: too small',
    ],
    [
      'make messages',
      ruled('integer', [{ rule: 'self > 1', message: 'no', messageExpression: '"not " + string(self)' }]),
      1,
      'FieldValueInvalid spec: Invalid value: 1: not 1',
    ],
    [
      'fall back on the message where none can be made',
      ruled('integer', [{ rule: 'self > 1', message: 'no', messageExpression: 'string(1 / (self - 1))' }]),
      1,
      'FieldValueInvalid spec: Invalid value: 1: no',
    ],
    [
      'have reasons',
      ruled('integer', [
        { rule: 'false', reason: 'FieldValueForbidden' },
        { rule: 'false', reason: 'FieldValueRequired', message: 'r' },
        { rule: 'false', reason: 'FieldValueDuplicate', message: 'd' },
      ]),
      1,
      'FieldValueForbidden spec: Forbidden: failed rule: false',
      'FieldValueRequired spec: Required value: r',
      'FieldValueDuplicate spec: Duplicate value: 1',
    ],
    [
      'point to fields',
      ruled('object', [{ rule: 'self.a > 1', fieldPath: '.a', message: 'm' }], two),
      { a: 1 },
      'FieldValueInvalid spec.a: Invalid value: m',
    ],
    [
      'are for every item and value',
      {
        type: 'object',
        properties: {
          list: { type: 'array', items: ruled('integer', [{ rule: 'self > 1', message: 'm' }]) },
          map: { type: 'object', additionalProperties: ruled('integer', [{ rule: 'self > 1', message: 'm' }]) },
        },
      },
      { list: [2, 1], map: { x: 1 } },
      'FieldValueInvalid spec.list[1]: Invalid value: 1: m',
      'FieldValueInvalid spec.map[x]: Invalid value: 1: m',
    ],
    [
      'are not asked of what is not there',
      { type: 'object', properties: { a: ruled('integer', [{ rule: 'false' }]) } },
      {},
    ],
    ['of change are not asked of new objects', ruled('integer', [{ rule: 'self >= oldSelf' }]), 1],
    [
      'of change are if they can do without the old value',
      ruled('integer', [{ rule: 'oldSelf.hasValue() || self == 0', optionalOldSelf: true, message: 'm' }]),
      1,
      'FieldValueInvalid spec: Invalid value: 1: m',
    ],
  ];
  for (const [name, schema, value, ...errors] of cases) {
    test(name, () => assert.deepEqual(validate(schema, value), { errors, warnings: [] }));
  }

  test('fail with what went wrong', () => {
    const { errors } = validate(ruled('object', [{ rule: 'self.a / self.b > 1' }], two), { a: 1, b: 0 });
    assert.equal(errors.length, 1);
    assert.match(errors[0]!, /^FieldValueInvalid spec: Invalid value: .*division by zero/);
  });

  test('end when they have cost too much', () => {
    const list = Array.from({ length: 1000 }, (_, index) => String(index));
    const rule = 'self.all(a, self.all(b, self.all(c, a + b + c != "x")))';
    const { errors } = validate(ruled('array', [{ rule }], { items: { type: 'string' } }), list);
    assert.match(errors.join(), /call cost exceeds limit/);
  });
});

describe('a change of an object', () => {
  const grows = ruled('integer', [{ rule: 'self >= oldSelf', message: 'must grow' }]);

  test('is compared with what was there', () => {
    assert.deepEqual(validate(grows, 2, 1).errors, []);
    assert.deepEqual(validate(grows, 1, 2).errors, ['FieldValueInvalid spec: Invalid value: 1: must grow']);
  });

  test('is known to messages only where a rule asks for it', () => {
    const messageExpression = "'was ' + string(oldSelf)";
    const rule = { rule: 'self > 5', message: 'no', messageExpression };
    assert.deepEqual(validate(ruled('integer', [rule]), 2, 1).errors, ['FieldValueInvalid spec: Invalid value: 2: no']);
    assert.deepEqual(validate(ruled('integer', [rule, { rule: 'self >= oldSelf' }]), 2, 1).errors, [
      'FieldValueInvalid spec: Invalid value: 2: was 1',
    ]);
  });

  test('of an item is compared with the item of the same key', () => {
    const schema: JSONSchemaProps = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object', properties: { k: { type: 'string' }, v: grows } },
    };
    const old = [
      { k: 'a', v: 5 },
      { k: 'b', v: 1 },
    ];
    assert.deepEqual(
      validate(
        schema,
        [
          { k: 'b', v: 2 },
          { k: 'c', v: 0 },
        ],
        old,
      ).errors,
      [],
    );
    assert.equal(
      validate(
        schema,
        [
          { k: 'b', v: 2 },
          { k: 'a', v: 4 },
        ],
        old,
      ).errors.length,
      1,
    );
  });

  test('is only warned of what was wrong before', () => {
    const schema = {
      type: 'object',
      properties: { a: ruled('integer', [{ rule: 'self > 5', message: 'm' }]), b: { type: 'integer' } },
    };
    const { errors, warnings } = validate(schema, { a: 1, b: 2 }, { a: 1, b: 1 });
    assert.deepEqual(errors, []);
    assert.deepEqual(validate(schema, { a: 2 }, { a: 1 }).errors.length, 1);
    assert.ok(warnings.length <= 1);
  });
});

test('defaults have to follow the rules', () => {
  const schema = ruled('integer', [{ rule: 'self > 1', message: 'm' }]);
  const path = FieldPath.of('default');
  assert.deepEqual(checkDefault(schema, 2, path, false), []);
  assert.equal(checkDefault(schema, 1, path, false).length, 1);
});
