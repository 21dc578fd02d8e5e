import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { formatLabelSelector, labelSelectorMatcher, labelSelectorOf, parseLabelSelector } from './label-selector.ts';

const KEY_REGEX =
  "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

describe('parseLabelSelector', () => {
  const matching: [selector: string, labels: Record<string, string>, matches: boolean][] = [
    ['', {}, true],
    ['a=b', { a: 'b' }, true],
    ['a=b', { a: 'c' }, false],
    ['a==b', { a: 'b' }, true],
    ['a!=b', {}, true],
    ['a!=b', { a: 'b' }, false],
    ['a', { a: '' }, true],
    ['!a', { a: '' }, false],
    ['!a', {}, true],
    ['a in (b,c)', { a: 'c' }, true],
    ['a in (b,c)', {}, false],
    ['a notin (b,c)', {}, true],
    ['a notin (b,c)', { a: 'c' }, false],
    ['a in ()', { a: '' }, true],
    ['a in (b,)', { a: '' }, true],
    ['a=', { a: '' }, true],
    ['in in (in)', { in: 'in' }, true],
    ['a>5', { a: '6' }, true],
    ['a>5', { a: '5' }, false],
    ['a<5', { a: 'x' }, false],
    ['a=b,c=d', { a: 'b', c: 'd' }, true],
    ['a=b, c=d', { a: 'b' }, false],
    ['toString', {}, false],
  ];
  for (const [selector, labels, matches] of matching) {
    test(`'${selector}' ${matches ? 'matches' : 'does not match'} ${JSON.stringify(labels)}`, () => {
      assert.equal(parseLabelSelector(selector).matches(labels), matches);
    });
  }

  const errors: [selector: string, message: string][] = [
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['a in', "unable to parse requirement: found '' expected: '('"],
    ['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ['a==!', "unable to parse requirement: found '!', expected: identifier"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a in (b=)', "unable to parse requirement: found '=', expected: ',' or ')'"],
    [
      'a>x',
      `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    [
      'a/b/c',
      `unable to parse requirement: <nil>: Invalid value: "a/b/c": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character ${KEY_REGEX} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ],
    [
      'a=b;c',
      `unable to parse requirement: values[0][a]: Invalid value: "b;c": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    ],
  ];
  for (const [selector, message] of errors) {
    test(`refuses '${selector}'`, () => assert.throws(() => parseLabelSelector(selector), { message }));
  }

  test('printing and parsing again gives the same selector', () => {
    const name = fc.stringMatching(/^[a-z]([a-z0-9.-]{0,5}[a-z0-9])?$/);
    const requirement = fc.oneof(
      name,
      name.map((key) => `!${key}`),
      fc.tuple(name, fc.constantFrom('=', '==', '!='), name).map((parts) => parts.join('')),
      fc.tuple(name, fc.integer()).map(([key, bound]) => `${key}>${Math.abs(bound)}`),
      fc
        .tuple(name, fc.constantFrom('in', 'notin'), fc.array(name))
        .map(([key, operator, values]) => `${key} ${operator} (${values.join(',')})`),
    );
    fc.assert(
      fc.property(fc.array(requirement), (requirements) => {
        const parsed = parseLabelSelector(requirements.join(','));
        assert.deepEqual(parseLabelSelector(parsed.toString()).requirements, parsed.requirements);
      }),
    );
  });
});

describe('labelSelectorMatcher', () => {
  test('nothing selects nothing, an empty selector everything', () => {
    assert.equal(labelSelectorMatcher(undefined).matches({}), false);
    assert.equal(labelSelectorMatcher({}).matches(undefined), true);
  });

  test('all parts must hold', () => {
    const matcher = labelSelectorMatcher({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['a', 'b'] },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    });
    assert.equal(matcher.matches({ app: 'web', tier: 'b' }), true);
    assert.equal(matcher.matches({ app: 'web', tier: 'b', old: '' }), false);
    assert.equal(matcher.toString(), 'app=web,!old,tier in (a,b)');
  });

  test('refuses an unknown operator', () => {
    const selector = { matchExpressions: [{ key: 'a', operator: 'Like' }] };
    assert.throws(() => labelSelectorMatcher(selector), { message: '"Like" is not a valid label selector operator' });
    assert.equal(formatLabelSelector(selector), '<error>');
    assert.equal(formatLabelSelector({}), '<none>');
  });

  test('text becomes an object', () => {
    assert.deepEqual(labelSelectorOf('a=b,c!=d,e'), {
      matchLabels: { a: 'b' },
      matchExpressions: [
        { key: 'c', operator: 'NotIn', values: ['d'] },
        { key: 'e', operator: 'Exists' },
      ],
    });
  });
});
