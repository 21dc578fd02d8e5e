import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FieldPath } from '@kts/apimachinery';

import { parseSelectors, validateSelectors } from './review-selectors.ts';

type Attributes = Parameters<typeof parseSelectors>[0];

describe('selectors of access reviews', () => {
  const field = (operator: string, ...values: string[]): Attributes =>
    ({ fieldSelector: { requirements: [{ key: 'spec.nodeName', operator, values }] } }) as Attributes;
  const label = (key: string, operator: string, ...values: string[]): Attributes =>
    ({ labelSelector: { requirements: [{ key, operator, values }] } }) as Attributes;

  const invalid: readonly [name: string, attributes: Attributes, fields: readonly string[]][] = [
    ['none', {}, []],
    ['a field', field('In', 'a'), []],
    ['an operator of the future', field('Foo', 'a'), []],
    ['a list without values', field('In'), ['a.fieldSelector.requirements[0].values']],
    ['existence with a value', field('Exists', 'x'), ['a.fieldSelector.requirements[0].values']],
    ['a label', label('app', 'In', 'web'), []],
    ['a key that no label has', label('a b', 'Exists'), ['a.labelSelector.requirements[0].key']],
    ['a value that no label has', label('a', 'In', 'x y'), ['a.labelSelector.requirements[0].values[0]']],
    ['an empty selector', { fieldSelector: {} }, ['a.fieldSelector.requirements']],
    [
      'both forms at once',
      { labelSelector: { rawSelector: 'a=b', requirements: [{ key: 'a', operator: 'Exists' }] } } as Attributes,
      ['a.labelSelector.rawSelector'],
    ],
  ];
  for (const [name, attributes, fields] of invalid) {
    it(`${name}: ${fields.length === 0 ? 'valid' : 'refused'}`, () => {
      const errors = validateSelectors(attributes, FieldPath.of('a'));
      assert.deepEqual(
        errors.map((error) => error.field),
        fields,
      );
    });
  }

  const IGNORED = 'spec.resourceAttributes.fieldSelector ignored due to parse error';
  const parsed: readonly [attributes: Attributes, text: string | undefined, problems: readonly string[]][] = [
    [field('In', 'n1'), 'spec.nodeName=n1', []],
    [field('NotIn', 'n1'), 'spec.nodeName!=n1', []],
    [field('In', 'n1', 'n2'), undefined, [IGNORED]],
    [field('Foo', 'n1'), undefined, [IGNORED]],
    [{ fieldSelector: { rawSelector: 'a=b' } }, 'a=b', []],
    [{ fieldSelector: { rawSelector: 'a' } }, 'a', [IGNORED]],
    [label('a', 'Foo'), undefined, ['spec.resourceAttributes.labelSelector ignored due to parse error']],
  ];
  for (const [attributes, text, problems] of parsed) {
    it(`${JSON.stringify(attributes)} is told as ${text ?? 'nothing'}`, () => {
      const result = parseSelectors(attributes);
      assert.equal(result.fieldSelector, text);
      assert.deepEqual(result.problems, problems);
    });
  }

  it('says when a part was understood', () => {
    const requirements = [
      { key: 'a', operator: 'In', values: ['b'] },
      { key: 'c', operator: 'Exists' },
    ];
    const { fieldSelector, problems } = parseSelectors({ fieldSelector: { requirements } } as Attributes);
    assert.equal(fieldSelector, 'a=b');
    assert.deepEqual(problems, ['spec.resourceAttributes.fieldSelector partially ignored due to parse error']);
  });
});
