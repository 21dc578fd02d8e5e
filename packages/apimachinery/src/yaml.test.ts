import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { JsonValue } from './scalars.ts';
import { formatYaml } from './format-yaml.ts';
import { parseYaml, parseYamlDocuments } from './yaml.ts';

describe('parseYaml', () => {
  const scalars: [text: string, value: JsonValue][] = [
    ['yes', true],
    ['n', false],
    ['off', false],
    ['True', true],
    ['~', null],
    ['Null', null],
    ['010', 8],
    ['0o17', 15],
    ['0x1F', 31],
    ['-0b11', -3],
    ['1_000', 1000],
    ['+12', 12],
    ['-0', 0],
    ['08', 8],
    ['1e3', 1000],
    ['.5', 0.5],
    ['12:30', '12:30'],
    ['2020-01-01', '2020-01-01'],
    ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'],
    ['1.5.2', '1.5.2'],
    ['"yes"', 'yes'],
    ['!!str 5', '5'],
    ['yEs', 'yEs'],
  ];
  for (const [text, value] of scalars) {
    test(`${text} is ${JSON.stringify(value)}`, () => assert.deepEqual(parseYaml(`a: ${text}`), { a: value }));
  }

  test('keys are strings', () => assert.deepEqual(parseYaml('1: a\ntrue: b'), { 1: 'a', true: 'b' }));
  test('merge keys', () =>
    assert.deepEqual(parseYaml('a: &x {b: 1}\nc: {<<: *x, d: 2}'), { a: { b: 1 }, c: { b: 1, d: 2 } }));
  test('an empty text is null', () => assert.equal(parseYaml(''), null));
  test('documents', () => assert.deepEqual(parseYamlDocuments('a: 1\n---\n---\nb: 2\n'), [{ a: 1 }, { b: 2 }]));
  test('the last of equal keys counts unless strict', () => assert.deepEqual(parseYaml('a: 1\na: 2'), { a: 2 }));

  const errors: [text: string, message: RegExp][] = [
    ['a: 1\na: 2', /^yaml: unmarshal errors:\n {2}line 2: key "a" already set in map$/],
    ['a:\n\tb: 1', /^yaml: line 2: found a tab character that violates indentation$/],
    ['a: *x', /^yaml: unknown anchor 'x' referenced$/],
    ['a: [1', /^yaml: line 1: did not find expected ',' or ']'$/],
    ['{"a": 1,', /^yaml: line 1: did not find expected node content$/],
    ['{"a": 1 "b": 2}', /^yaml: did not find expected ',' or '}'$/],
    ['{\n"a": [1,\n,2]}', /^yaml: line 2: did not find expected node content$/],
    ['{"a": "b}', /^yaml: found unexpected end of stream$/],
    ['{"a":\n1"b": 2}"', /^yaml: line 1: did not find expected ',' or '}'$/],
    ['{"a": "\\q"}', /^yaml: found unknown escape character$/],
    ['a: \u0001', /^yaml: control characters are not allowed$/],
    ['a: b\nc\n', /^yaml: line 3: could not find expected ':'$/],
    ['a:\n  b: 1\n c: 2', /^yaml: line 2: did not find expected key$/],
    ['a: b: c', /^yaml: mapping values are not allowed in this context$/],
    ['a: .inf', /^json: unsupported value/],
    ['a: &a [*a]', /excessive aliasing/],
    [
      `a: &a [1,1,1,1,1,1,1,1,1]\n${Array.from('bcdefgh')
        .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[i]}`).join(',')}]`)
        .join('\n')}`,
      /excessive aliasing/,
    ],
  ];
  for (const [text, message] of errors) {
    test(`refuses ${JSON.stringify(text.slice(0, 30))}`, () => {
      assert.throws(() => parseYaml(text, { strict: true }), { name: 'YamlError', message });
    });
  }

  test('nobody looks at what comes behind a document in flow style', () => {
    assert.deepEqual(parseYaml('{"a": 1}}'), { a: 1 });
    assert.deepEqual(parseYaml('[1] x'), [1]);
    assert.throws(() => parseYaml('}{"a": 1}'), { message: 'yaml: did not find expected node content' });
  });

  test('what is printed reads back the same', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('yes', 'n', '010', '1e3', '0x1', '1_0', '~', 'null', '- a', 'a: b'),
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('object')),
      list: fc.array(tie('any'), { maxLength: 3 }),
      object: fc.dictionary(
        text.filter((key) => key !== '__proto__'),
        tie('any'),
        { maxKeys: 3, noNullPrototype: true },
      ),
    })).object;
    fc.assert(fc.property(value, (object) => assert.deepEqual(parseYaml(formatYaml(object)), object)));
  });
});
