import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { CelUint } from '../evaluate/value.ts';
import type { Expression } from './expression.ts';
import { MACROS } from './macros.ts';
import { parseExpression } from './parser.ts';

/** The shape of an expression, without ids and positions. */
function shape(expression: Expression): unknown {
  switch (expression.kind) {
    case 'literal':
      return expression.value instanceof CelUint ? { uint: expression.value.value } : expression.value;
    case 'identifier':
      return { name: expression.name };
    case 'select':
      return { select: shape(expression.operand), field: expression.field, test: expression.testOnly };
    case 'call':
      return {
        call: expression.function,
        ...(expression.target && { target: shape(expression.target) }),
        args: expression.args.map(shape),
      };
    case 'list':
      return { list: expression.elements.map(shape), optionals: expression.optionals };
    case 'map':
      return { map: expression.entries.map(({ key, value, optional }) => [shape(key), shape(value), optional]) };
    case 'struct':
      return { type: expression.typeName, fields: expression.fields.map(({ name, value }) => [name, shape(value)]) };
    case 'comprehension':
      return { over: shape(expression.range), step: shape(expression.step), result: shape(expression.result) };
    case 'unspecified':
      return 'unspecified';
  }
}

function parse(text: string): unknown {
  const parsed = parseExpression(text, { macros: MACROS });
  assert.deepEqual(parsed.issues, []);
  return shape(parsed.expression);
}

const call = (name: string, ...args: unknown[]) => ({ call: name, args });
const name = (text: string) => ({ name: text });

const rows: readonly (readonly [text: string, shape: unknown])[] = [
  ['1 + 2 * 3', call('_+_', 1n, call('_*_', 2n, 3n))],
  ['1 * 2 + 3', call('_+_', call('_*_', 1n, 2n), 3n)],
  ['1 - 2 - 3', call('_-_', call('_-_', 1n, 2n), 3n)],
  ['(1 - (2 - 3))', call('_-_', 1n, call('_-_', 2n, 3n))],
  ['a < b == c', call('_==_', call('_<_', name('a'), name('b')), name('c'))],
  ['a || b && c', call('_||_', name('a'), call('_&&_', name('b'), name('c')))],
  ['a && b && c && d', call('_&&_', call('_&&_', name('a'), name('b')), call('_&&_', name('c'), name('d')))],
  ['a ? b : c ? d : e', call('_?_:_', name('a'), name('b'), call('_?_:_', name('c'), name('d'), name('e')))],
  ['-1', -1n],
  ['- 1', -1n],
  ['-9223372036854775808', -(2n ** 63n)],
  ['-a', call('-_', name('a'))],
  ['--a', name('a')],
  ['--1', 1n],
  ['---1', call('-_', 1n)],
  ['1 -1', call('_-_', 1n, 1n)],
  ['!!a', name('a')],
  ['!a.b', call('!_', { select: name('a'), field: 'b', test: false })],
  ['0x1F', 31n],
  ['0x1fu', { uint: 31n }],
  ['.5', 0.5],
  ['1e3', 1000],
  ['1.5e-3', 0.0015],
  ['true', true],
  ['null', null],
  ['\'a\' + "b"', call('_+_', 'a', 'b')],
  ["'''a'b'''", "a'b"],
  ['"""a\nb"""', 'a\nb'],
  ["r'\\n'", '\\n'],
  ['R"a"', 'a'],
  ["'\\x41\\101\\u0041\\U0001F600\\n\\?'", 'AAA😀\n?'],
  ["b'\\xff\\377a'", Uint8Array.of(255, 255, 97)],
  ["B'é'", Uint8Array.of(0xc3, 0xa9)],
  ["br'\\n'", Uint8Array.of(92, 110)],
  ['.a', name('.a')],
  ['a.b(1).c', { select: { call: 'b', target: name('a'), args: [1n] }, field: 'c', test: false }],
  ['a.in_', { select: name('a'), field: 'in_', test: false }],
  ['a.package', { select: name('a'), field: 'package', test: false }],
  ['a[0]', call('_[_]', name('a'), 0n)],
  ['a[?0]', call('_[?_]', name('a'), 0n)],
  ['a.?b', call('_?._', name('a'), 'b')],
  ['[]', { list: [], optionals: [] }],
  ['[1, ?a,]', { list: [1n, name('a')], optionals: [1] }],
  ['[,]', { list: [], optionals: [] }],
  [
    "{'a': 1, ?b: c}",
    {
      map: [
        ['a', 1n, false],
        [name('b'), name('c'), true],
      ],
    },
  ],
  ['{,}', { map: [] }],
  [
    'a.B{c: 1, ?d: e,}',
    {
      type: 'a.B',
      fields: [
        ['c', 1n],
        ['d', name('e')],
      ],
    },
  ],
  ['.a.B{}', { type: '.a.B', fields: [] }],
  ['has(a.b)', { select: name('a'), field: 'b', test: true }],
  ['a // the rest\n+ b', call('_+_', name('a'), name('b'))],
];

describe('parsing an expression', () => {
  for (const [text, expected] of rows) {
    it(text, () => assert.deepEqual(parse(text), expected));
  }

  const limits: readonly (readonly [title: string, text: string, message: string | undefined])[] = [
    ['249 parentheses', `${'('.repeat(249)}1${')'.repeat(249)}`, undefined],
    ['260 parentheses', `${'('.repeat(260)}1${')'.repeat(260)}`, 'expression recursion limit exceeded: 250'],
    ['a chain of 260 sums', `1${'+1'.repeat(260)}`, 'max recursion depth exceeded'],
    ['a chain of 260 selections', `x${'.a'.repeat(260)}`, 'max recursion depth exceeded'],
    ['a chain of 300 conjunctions', `a${' && a'.repeat(300)}`, undefined],
    [
      'a text that is too long',
      `'${'😀'.repeat(100_000)}'`,
      'expression code point size exceeds limit: size: 100002, limit 100000',
    ],
  ];
  for (const [title, text, message] of limits) {
    it(title, () => {
      const { issues } = parseExpression(text, { macros: MACROS });
      assert.deepEqual(
        issues.map((issue) => issue.message),
        message === undefined ? [] : [message],
      );
    });
  }

  it('finds what was written', () => {
    fc.assert(fc.property(expressions, ({ text, expected }) => assert.deepEqual(parse(text), expected)));
  });

  it('never fails otherwise than by saying so', () => {
    const pieces = fc.constantFrom(
      ...'a 1 "s" ( ) [ ] { } . , ? : + - ! == && || in true null has( .all( ` \' \\ # \n'.split(' '),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const { issues, expression } = parseExpression(parts.join(' '), { macros: MACROS });
        assert.ok(issues.length > 0 || expression.kind !== 'unspecified');
      }),
    );
  });
});

interface Written {
  readonly text: string;
  readonly expected: unknown;
}

/** Expressions as text, everything in parentheses, beside what they mean. */
const { expression: expressions } = fc.letrec<{ expression: Written }>((tie) => {
  const inner = tie('expression');
  const identifier = fc.constantFrom('a', 'b1', '_c', 'spec').map((text) => ({ text, expected: name(text) }));
  const number = fc.bigInt(0n, 2n ** 63n - 1n).map((value) => ({ text: String(value), expected: value }));
  const string = fc
    .string({ unit: 'grapheme', maxLength: 5 })
    .map((value) => ({ text: quoted(value), expected: value }));
  const binary = fc
    .tuple(inner, fc.constantFrom('+', '-', '*', '/', '%', '<', '==', '&&', '||'), inner)
    .map(([left, operator, right]) => ({
      text: `(${left.text}) ${operator} (${right.text})`,
      expected: call(`_${operator}_`, left.expected, right.expected),
    }));
  const list = fc.array(inner, { maxLength: 3 }).map((items) => ({
    text: `[${items.map((item) => item.text).join(', ')}]`,
    expected: { list: items.map((item) => item.expected), optionals: [] },
  }));
  const method = fc.tuple(inner, fc.array(inner, { maxLength: 2 })).map(([target, args]) => ({
    text: `(${target.text}).f(${args.map((argument) => argument.text).join(',')})`,
    expected: { call: 'f', target: target.expected, args: args.map((argument) => argument.expected) },
  }));
  const select = inner.map((operand) => ({
    text: `(${operand.text}).field`,
    expected: { select: operand.expected, field: 'field', test: false },
  }));
  return { expression: fc.oneof({ maxDepth: 4 }, identifier, number, string, binary, list, method, select) };
});

function quoted(text: string): string {
  return `"${text.replace(/[\\"\n\r]/g, (character) => ({ '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r' })[character]!)}"`;
}
