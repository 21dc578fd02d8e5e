import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { testEnvironment } from '../testing/evaluate-text.ts';
import { formatType } from '../types/format-type.ts';

function typeOf(expression: string): string {
  const compiled = testEnvironment().compile(expression);
  if (compiled.ok) return formatType(compiled.program.resultType);
  if (compiled.stage === 'program') return formatType(compiled.resultType);
  return compiled.issues.map(({ line, column, message }) => `${line}:${column}: ${message}`).join('; ');
}

const TYPES: readonly (readonly [expression: string, type: string])[] = [
  ['null', 'null'],
  ['1', 'int'],
  ['1u', 'uint'],
  ['1.0', 'double'],
  ["b'a'", 'bytes'],
  ['[]', 'list(dyn)'],
  ['{}', 'map(dyn, dyn)'],
  ['[[]]', 'list(list(dyn))'],
  ['[[], [1]]', 'list(list(int))'],
  ['[[1], []]', 'list(list(int))'],
  ["{'a': []}", 'map(string, list(dyn))'],
  ['[1] + []', 'list(int)'],
  ['[] + []', 'list(dyn)'],
  ['true ? [] : [1]', 'list(int)'],
  ['true ? x : 1', 'dyn'],
  ['true ? 1 : x', 'dyn'],
  ['int', 'type(int)'],
  ['type(x)', 'type(dyn)'],
  ['type(int)', 'type(type(int))'],
  ['list', 'type(list(dyn))'],
  ['optional_type', 'type(optional_type)'],
  ['google.protobuf.Timestamp', 'type(timestamp)'],
  ['x.a.b', 'dyn'],
  ['x[0]', 'dyn'],
  ['x + 1', 'int'],
  ['1 + x', 'int'],
  ['x + x', 'dyn'],
  ['x < 1', 'bool'],
  ['m.k', 'int'],
  ["m['k']", 'int'],
  ["m[?'k']", 'optional_type(int)'],
  ['m.?k', 'optional_type(int)'],
  ['m.?k.orValue(1)', 'int'],
  ['x.?a.?b[?0]', 'dyn'],
  ['optional.none()', 'optional_type(dyn)'],
  ['optional.none().orValue(1)', 'int'],
  ['optional.of(1).optMap(v, string(v))', 'optional_type(string)'],
  ['[1].map(e, string(e))', 'list(string)'],
  ['[1].filter(e, e > 0)', 'list(int)'],
  ['m.map(k, m[k])', 'list(int)'],
  ['x.map(e, e)', 'list(dyn)'],
  ['{1: 2}.transformMap(k, v, string(v))', 'map(int, string)'],
  ['[1].transformMapEntry(i, v, {string(v): i})', 'map(string, int)'],
  ["['a'].transformList(i, v, i)", 'list(int)'],
  ['timestamp(0) - timestamp(0)', 'duration'],
  ['timestamp(0) - duration("1s")', 'timestamp'],
  ["quantity('1')", 'kubernetes.Quantity'],
  ["cidr('10.0.0.0/8').ip()", 'net.IP'],
  ["url('/a').getQuery()", 'map(string, list(string))'],
  ['format.uuid().validate(s)', 'optional_type(list(string))'],
  ['[3, 1].sortBy(e, -e)', 'list(int)'],
  ['[[1]].flatten()', 'list(int)'],
  ['.s', 'string'],
  ['.size(.s)', 'int'],
];

const ISSUES: readonly (readonly [expression: string, issues: string])[] = [
  ['[null, timestamp(0)]', "1:17: expected type 'null' but found 'timestamp'"],
  ['y', "1:1: undeclared reference to 'y' (in container '')"],
  ['y.z', "1:1: undeclared reference to 'y' (in container '')"],
  ['y()', "1:2: undeclared reference to 'y' (in container '')"],
  ['s.y()', "1:4: undeclared reference to 'y' (in container '')"],
  ['y(z)', "1:2: undeclared reference to 'y' (in container ''); 1:3: undeclared reference to 'z' (in container '')"],
  ['s.y', "1:2: type 'string' does not support field selection"],
  ['s.?y', "1:2: type 'string' does not support field selection"],
  ['int.y', "1:4: type 'type(int)' does not support field selection"],
  ["quantity('1').y", "1:14: unexpected failed resolution of 'kubernetes.Quantity'"],
  ['s[0]', "1:2: found no matching overload for '_[_]' applied to '(string, int)'"],
  ['m[0]', "1:2: found no matching overload for '_[_]' applied to '(map(string, int), int)'"],
  ['s + 1', "1:3: found no matching overload for '_+_' applied to '(string, int)'"],
  ['s == 1', "1:3: found no matching overload for '_==_' applied to '(string, int)'"],
  ['s == null', "1:3: found no matching overload for '_==_' applied to '(string, null)'"],
  ['[1] == ["a"]', "1:5: found no matching overload for '_==_' applied to '(list(int), list(string))'"],
  ['1 in s', "1:3: found no matching overload for '@in' applied to '(int, string)'"],
  ['-s', "1:1: found no matching overload for '-_' applied to '(string)'"],
  ['!1', "1:1: found no matching overload for '!_' applied to '(int)'"],
  ['1 || s', "1:1: expected type 'bool' but found 'int'; 1:6: expected type 'bool' but found 'string'"],
  ['i ? 1 : 2', "1:3: found no matching overload for '_?_:_' applied to '(int, int, int)'"],
  ['true ? 1 : s', "1:6: found no matching overload for '_?_:_' applied to '(bool, int, string)'"],
  ['s.size(1)', "1:7: found no matching overload for 'size' applied to 'string.(int)'"],
  ['size()', "1:5: found no matching overload for 'size' applied to '()'"],
  [
    'i.all(e, true)',
    "1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
  ],
  ['l.all(e, e)', "1:10: expected type 'bool' but found 'string'"],
  ['l.all(1, true)', '1:7: argument must be a simple name'],
  ['l.map(e.f, true)', '1:8: argument is not an identifier'],
  ['l.all(__result__, true)', '1:7: iteration variable overwrites accumulator variable'],
  ['l.all(e, e, true)', '1:10: duplicate variable name: e'],
  ['has(s)', '1:5: invalid argument to has() macro'],
  ['x.optMap(e.f, 1)', '1:11: optMap() variable name must be a simple identifier'],
  [
    "{'a': 1}.sortBy(e, e)",
    '1:1: sortBy can only be applied to a list, identifier, comprehension, call or select expression',
  ],
  ['[1, "a"]', "1:5: expected type 'int' but found 'string'"],
  ['{1: 1, "a": 1.0}', "1:8: expected type 'int' but found 'string'; 1:13: expected type 'int' but found 'double'"],
  ['[?1]', "1:3: expected type 'optional_type(int)' but found 'int'"],
  ['[?optional.of(1), "a"]', "1:19: expected type 'int' but found 'string'"],
  ['Nope{}', "1:5: undeclared reference to 'Nope' (in container '')"],
  ['s{}', "1:2: 'string' is not a type"],
  ['int{}', "1:4: 'int' is not a message type"],
  [
    "'%d'.format(['a'])",
    '1:14: error during formatting: decimal clause can only be used on integers, was given string',
  ],
  ["'%s'.format([1, 2])", '1:12: too many arguments supplied to string.format (expected 1, got 2)'],
  ["'%s'.format([])", '1:12: index 0 out of range'],
  ["duration('1')", '1:10: invalid duration argument'],
  ["timestamp('x')", '1:11: invalid timestamp argument'],
  ["s.matches('(')", '1:11: invalid matches argument'],
];

describe('the type of an expression', () => {
  for (const [expression, type] of TYPES) it(expression, () => assert.equal(typeOf(expression), type));
});

describe('an expression that is wrong', () => {
  for (const [expression, issues] of ISSUES) it(expression, () => assert.equal(typeOf(expression), issues));
});
