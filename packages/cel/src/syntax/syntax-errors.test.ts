import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [text: string, result: string])[] = [
  [
    '+ 1',
    `ERROR: <input>:1:1: Syntax error: extraneous input '+' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | + 1\n | ^`,
  ],
  [
    "'abc",
    `ERROR: <input>:1:1: Syntax error: token recognition error at: ''abc'\n | 'abc\n | ^\nERROR: <input>:1:5: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 'abc\n | ....^`,
  ],
  [
    '{1: }',
    `ERROR: <input>:1:5: Syntax error: mismatched input '}' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | {1: }\n | ....^`,
  ],
  ['{1}', `ERROR: <input>:1:3: Syntax error: mismatched input '}' expecting ':'\n | {1}\n | ..^`],
  ['self.', `ERROR: <input>:1:6: Syntax error: no viable alternative at input '.'\n | self.\n | .....^`],
  [
    'true &&',
    `ERROR: <input>:1:8: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | true &&\n | .......^`,
  ],
  ['x ? 1', `ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting ':'\n | x ? 1\n | .....^`],
  ['1..2', `ERROR: <input>:1:3: Syntax error: no viable alternative at input '..2'\n | 1..2\n | ..^`],
  ['0x', `ERROR: <input>:1:2: Syntax error: extraneous input 'x' expecting <EOF>\n | 0x\n | .^`],
  [
    `'\\u12'`,
    `ERROR: <input>:1:1: Syntax error: token recognition error at: ''\\u12''\n | '\\u12'\n | ^\nERROR: <input>:1:7: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | '\\u12'\n | ......^`,
  ],
  [
    '#',
    `ERROR: <input>:1:1: Syntax error: token recognition error at: '#'\n | #\n | ^\nERROR: <input>:1:2: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | #\n | .^`,
  ],
  ['$x', `ERROR: <input>:1:1: Syntax error: token recognition error at: '$'\n | $x\n | ^`],
  [
    'a = 1',
    `ERROR: <input>:1:3: Syntax error: token recognition error at: '= '\n | a = 1\n | ..^\nERROR: <input>:1:5: Syntax error: extraneous input '1' expecting <EOF>\n | a = 1\n | ....^`,
  ],
  ['not true', `ERROR: <input>:1:5: Syntax error: extraneous input 'true' expecting <EOF>\n | not true\n | ....^`],
  [
    'in',
    `ERROR: <input>:1:1: Syntax error: mismatched input 'in' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | in\n | ^\nERROR: <input>:1:3: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | in\n | ..^`,
  ],
  ['[1,,2]', `ERROR: <input>:1:4: Syntax error: mismatched input ',' expecting ']'\n | [1,,2]\n | ...^`],
  [
    'f(,)',
    `ERROR: <input>:1:3: Syntax error: extraneous input ',' expecting {'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | f(,)\n | ..^`,
  ],
  [
    '/* c */ 1',
    `ERROR: <input>:1:1: Syntax error: mismatched input '/' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | /* c */ 1\n | ^\nERROR: <input>:1:2: Syntax error: extraneous input '*' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | /* c */ 1\n | .^\nERROR: <input>:1:7: Syntax error: extraneous input '/' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | /* c */ 1\n | ......^`,
  ],
  [
    'a ?? b',
    `ERROR: <input>:1:4: Syntax error: extraneous input '?' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | a ?? b\n | ...^\nERROR: <input>:1:7: Syntax error: mismatched input '<EOF>' expecting ':'\n | a ?? b\n | ......^`,
  ],
  [
    '1 & 2',
    `ERROR: <input>:1:3: Syntax error: token recognition error at: '& '\n | 1 & 2\n | ..^\nERROR: <input>:1:5: Syntax error: extraneous input '2' expecting <EOF>\n | 1 & 2\n | ....^`,
  ],
  [
    '2 ** 3',
    `ERROR: <input>:1:4: Syntax error: extraneous input '*' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 2 ** 3\n | ...^`,
  ],
  [
    'a++',
    `ERROR: <input>:1:3: Syntax error: mismatched input '+' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | a++\n | ..^\nERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | a++\n | ...^`,
  ],
  ["'a' 'b'", `ERROR: <input>:1:5: Syntax error: extraneous input ''b'' expecting <EOF>\n | 'a' 'b'\n | ....^`],
  [
    ';',
    `ERROR: <input>:1:1: Syntax error: token recognition error at: ';'\n | ;\n | ^\nERROR: <input>:1:2: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | ;\n | .^`,
  ],
  ['true;', `ERROR: <input>:1:5: Syntax error: token recognition error at: ';'\n | true;\n | ....^`],
  [
    'self[',
    `ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | self[\n | .....^`,
  ],
  ['{"a" 1}', `ERROR: <input>:1:6: Syntax error: missing ':' at '1'\n | {"a" 1}\n | .....^`],
  [
    '(',
    `ERROR: <input>:1:2: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | (\n | .^`,
  ],
  ['(1', `ERROR: <input>:1:3: Syntax error: missing ')' at '<EOF>'\n | (1\n | ..^`],
  ['(1 + 2', `ERROR: <input>:1:7: Syntax error: missing ')' at '<EOF>'\n | (1 + 2\n | ......^`],
  ['[1, 2', `ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting {']', ','}\n | [1, 2\n | .....^`],
  ['{1: 2', `ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting {'}', ','}\n | {1: 2\n | .....^`],
  ['foo(1', `ERROR: <input>:1:6: Syntax error: missing ')' at '<EOF>'\n | foo(1\n | .....^`],
  [
    'foo(1,',
    `ERROR: <input>:1:7: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | foo(1,\n | ......^`,
  ],
  ['foo(1 2)', `ERROR: <input>:1:7: Syntax error: extraneous input '2' expecting ')'\n | foo(1 2)\n | ......^`],
  ['x.y.', `ERROR: <input>:1:5: Syntax error: no viable alternative at input '.'\n | x.y.\n | ....^`],
  ['x.true', `ERROR: <input>:1:3: Syntax error: mismatched input 'true' expecting IDENTIFIER\n | x.true\n | ..^`],
  [
    'x.in',
    `ERROR: <input>:1:3: Syntax error: no viable alternative at input '.in'\n | x.in\n | ..^\nERROR: <input>:1:5: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | x.in\n | ....^`,
  ],
  ['x.1', `ERROR: <input>:1:2: Syntax error: extraneous input '.1' expecting <EOF>\n | x.1\n | .^`],
  ['x. y z', `ERROR: <input>:1:6: Syntax error: extraneous input 'z' expecting <EOF>\n | x. y z\n | .....^`],
  [
    '1 +',
    `ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 1 +\n | ...^`,
  ],
  [
    '1 + * 2',
    `ERROR: <input>:1:5: Syntax error: extraneous input '*' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 1 + * 2\n | ....^`,
  ],
  [
    'a.b.c{',
    `ERROR: <input>:1:7: Syntax error: mismatched input '<EOF>' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}\n | a.b.c{\n | ......^`,
  ],
  ['a.b.c{d', `ERROR: <input>:1:8: Syntax error: mismatched input '<EOF>' expecting ':'\n | a.b.c{d\n | .......^`],
  [
    'a.b.c{d:',
    `ERROR: <input>:1:9: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | a.b.c{d:\n | ........^`,
  ],
  [
    'a.b.c{d: 1',
    `ERROR: <input>:1:11: Syntax error: mismatched input '<EOF>' expecting {'}', ','}\n | a.b.c{d: 1\n | ..........^`,
  ],
  ['a.b.c{d: 1,', `ERROR: <input>:1:12: Syntax error: missing '}' at '<EOF>'\n | a.b.c{d: 1,\n | ...........^`],
  [
    'a.b.c{1: 1}',
    `ERROR: <input>:1:7: Syntax error: mismatched input '1' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}\n | a.b.c{1: 1}\n | ......^`,
  ],
  ['{1: 2, 3}', `ERROR: <input>:1:9: Syntax error: mismatched input '}' expecting ':'\n | {1: 2, 3}\n | ........^`],
  ['{,}', '{}'],
  ['[,]', '[]'],
  ['{1: 2,}', '{1: 2}'],
  ['[1,]', '[1]'],
  ['[,1]', `ERROR: <input>:1:3: Syntax error: extraneous input '1' expecting ']'\n | [,1]\n | ..^`],
  [
    'x[]',
    `ERROR: <input>:1:3: Syntax error: mismatched input ']' expecting {'[', '{', '(', '.', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | x[]\n | ..^`,
  ],
  ['x[1', `ERROR: <input>:1:4: Syntax error: missing ']' at '<EOF>'\n | x[1\n | ...^`],
  ['x[1 2]', `ERROR: <input>:1:5: Syntax error: extraneous input '2' expecting ']'\n | x[1 2]\n | ....^`],
  ['x?.y', `ERROR: <input>:1:5: Syntax error: mismatched input '<EOF>' expecting ':'\n | x?.y\n | ....^`],
  [
    'x.?',
    `ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {IDENTIFIER, ESC_IDENTIFIER}\n | x.?\n | ...^`,
  ],
  [
    'x[?',
    `ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | x[?\n | ...^`,
  ],
  [
    'x[?]',
    `ERROR: <input>:1:4: Syntax error: mismatched input ']' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | x[?]\n | ...^`,
  ],
  [
    '!!',
    `ERROR: <input>:1:3: Syntax error: extraneous input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | !!\n | ..^`,
  ],
  [
    '!',
    `ERROR: <input>:1:2: Syntax error: extraneous input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | !\n | .^`,
  ],
  [
    '-',
    `ERROR: <input>:1:2: Syntax error: no viable alternative at input '-'\n | -\n | .^\nERROR: <input>:1:2: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | -\n | .^`,
  ],
  [
    '--',
    `ERROR: <input>:1:3: Syntax error: no viable alternative at input '-'\n | --\n | ..^\nERROR: <input>:1:3: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | --\n | ..^`,
  ],
  ['- -1', '1'],
  [
    '1 == 2 == ',
    `ERROR: <input>:1:11: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 1 == 2 == \n | ..........^`,
  ],
  [
    'a && || b',
    `ERROR: <input>:1:6: Syntax error: extraneous input '||' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | a && || b\n | .....^`,
  ],
  [
    'a || ',
    `ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | a || \n | .....^`,
  ],
  [
    'a ? b : ',
    `ERROR: <input>:1:9: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | a ? b : \n | ........^`,
  ],
  [
    'a ? : c',
    `ERROR: <input>:1:5: Syntax error: extraneous input ':' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | a ? : c\n | ....^\nERROR: <input>:1:8: Syntax error: mismatched input '<EOF>' expecting ':'\n | a ? : c\n | .......^`,
  ],
  ['a ? b c', `ERROR: <input>:1:7: Syntax error: missing ':' at 'c'\n | a ? b c\n | ......^`],
  [
    '? a',
    `ERROR: <input>:1:1: Syntax error: extraneous input '?' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | ? a\n | ^`,
  ],
  [
    ': b',
    `ERROR: <input>:1:1: Syntax error: extraneous input ':' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | : b\n | ^`,
  ],
  ['a b c', `ERROR: <input>:1:3: Syntax error: mismatched input 'b' expecting <EOF>\n | a b c\n | ..^`],
  ['a) b', `ERROR: <input>:1:2: Syntax error: mismatched input ')' expecting <EOF>\n | a) b\n | .^`],
  ['a] b', `ERROR: <input>:1:2: Syntax error: mismatched input ']' expecting <EOF>\n | a] b\n | .^`],
  ['a} b', `ERROR: <input>:1:2: Syntax error: mismatched input '}' expecting <EOF>\n | a} b\n | .^`],
  [
    ')',
    `ERROR: <input>:1:1: Syntax error: mismatched input ')' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | )\n | ^`,
  ],
  [
    ']',
    `ERROR: <input>:1:1: Syntax error: mismatched input ']' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | ]\n | ^`,
  ],
  [
    '}',
    `ERROR: <input>:1:1: Syntax error: mismatched input '}' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | }\n | ^`,
  ],
  [
    ',',
    `ERROR: <input>:1:1: Syntax error: mismatched input ',' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | ,\n | ^`,
  ],
  ['.', `ERROR: <input>:1:2: Syntax error: no viable alternative at input '.'\n | .\n | .^`],
  ['.1.', `ERROR: <input>:1:4: Syntax error: no viable alternative at input '.'\n | .1.\n | ...^`],
  ['.a.', `ERROR: <input>:1:4: Syntax error: no viable alternative at input '.'\n | .a.\n | ...^`],
  ['..a', `ERROR: <input>:1:2: Syntax error: no viable alternative at input '..'\n | ..a\n | .^`],
  ['f(x) g', `ERROR: <input>:1:6: Syntax error: extraneous input 'g' expecting <EOF>\n | f(x) g\n | .....^`],
  [
    'f(x,)',
    `ERROR: <input>:1:5: Syntax error: mismatched input ')' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | f(x,)\n | ....^`,
  ],
  ['f(x y)', `ERROR: <input>:1:5: Syntax error: extraneous input 'y' expecting ')'\n | f(x y)\n | ....^`],
  [
    'f(x,,y)',
    `ERROR: <input>:1:5: Syntax error: extraneous input ',' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | f(x,,y)\n | ....^`,
  ],
  ['f()()', `ERROR: <input>:1:4: Syntax error: mismatched input '(' expecting <EOF>\n | f()()\n | ...^`],
  ['f().', `ERROR: <input>:1:5: Syntax error: no viable alternative at input '.'\n | f().\n | ....^`],
  [
    'f()[',
    `ERROR: <input>:1:5: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | f()[\n | ....^`,
  ],
  [
    '"a" + ',
    `ERROR: <input>:1:7: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | "a" + \n | ......^`,
  ],
  [
    "'a",
    `ERROR: <input>:1:1: Syntax error: token recognition error at: ''a'\n | 'a\n | ^\nERROR: <input>:1:3: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 'a\n | ..^`,
  ],
  ["r'a", `ERROR: <input>:1:2: Syntax error: token recognition error at: ''a'\n | r'a\n | .^`],
  ["b'a", `ERROR: <input>:1:2: Syntax error: token recognition error at: ''a'\n | b'a\n | .^`],
  ['1.', `ERROR: <input>:1:3: Syntax error: no viable alternative at input '.'\n | 1.\n | ..^`],
  ['1.5.', `ERROR: <input>:1:5: Syntax error: no viable alternative at input '.'\n | 1.5.\n | ....^`],
  ['1e', `ERROR: <input>:1:2: Syntax error: extraneous input 'e' expecting <EOF>\n | 1e\n | .^`],
  ['0xg', `ERROR: <input>:1:2: Syntax error: extraneous input 'xg' expecting <EOF>\n | 0xg\n | .^`],
  ['5u5', `ERROR: <input>:1:3: Syntax error: extraneous input '5' expecting <EOF>\n | 5u5\n | ..^`],
  [
    'a.b(',
    `ERROR: <input>:1:5: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | a.b(\n | ....^`,
  ],
  ['a.b(1', `ERROR: <input>:1:6: Syntax error: missing ')' at '<EOF>'\n | a.b(1\n | .....^`],
  [
    'a.b(1,)',
    `ERROR: <input>:1:7: Syntax error: mismatched input ')' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | a.b(1,)\n | ......^`,
  ],
  [
    'a.b(,)',
    `ERROR: <input>:1:5: Syntax error: extraneous input ',' expecting {'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | a.b(,)\n | ....^`,
  ],
  [
    'has(',
    `ERROR: <input>:1:5: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | has(\n | ....^`,
  ],
  ['has(a.b', `ERROR: <input>:1:8: Syntax error: missing ')' at '<EOF>'\n | has(a.b\n | .......^`],
  [
    'x.all(y, ',
    `ERROR: <input>:1:10: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | x.all(y, \n | .........^`,
  ],
  ['x.all(y z)', `ERROR: <input>:1:9: Syntax error: extraneous input 'z' expecting ')'\n | x.all(y z)\n | ........^`],
  [
    '[1].map(x x)',
    `ERROR: <input>:1:11: Syntax error: extraneous input 'x' expecting ')'\n | [1].map(x x)\n | ..........^`,
  ],
  ['if', 'ERROR: <input>:1:1: reserved identifier: if\n | if\n | ^'],
  [
    'if x',
    `ERROR: <input>:1:1: reserved identifier: if\n | if x\n | ^\nERROR: <input>:1:4: Syntax error: extraneous input 'x' expecting <EOF>\n | if x\n | ...^`,
  ],
  [
    'for x in y',
    `ERROR: <input>:1:1: reserved identifier: for\n | for x in y\n | ^\nERROR: <input>:1:5: Syntax error: mismatched input 'x' expecting <EOF>\n | for x in y\n | ....^`,
  ],
  [
    'a => b',
    `ERROR: <input>:1:3: Syntax error: token recognition error at: '=>'\n | a => b\n | ..^\nERROR: <input>:1:6: Syntax error: extraneous input 'b' expecting <EOF>\n | a => b\n | .....^`,
  ],
  [
    'a -> b',
    `ERROR: <input>:1:4: Syntax error: extraneous input '>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | a -> b\n | ...^`,
  ],
  [
    'a := b',
    `ERROR: <input>:1:3: Syntax error: mismatched input ':' expecting <EOF>\n | a := b\n | ..^\nERROR: <input>:1:4: Syntax error: token recognition error at: '= '\n | a := b\n | ...^`,
  ],
  [
    'a <> b',
    `ERROR: <input>:1:4: Syntax error: extraneous input '>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | a <> b\n | ...^`,
  ],
  ['a === b', `ERROR: <input>:1:5: Syntax error: token recognition error at: '= '\n | a === b\n | ....^`],
  ['a !== b', `ERROR: <input>:1:5: Syntax error: token recognition error at: '= '\n | a !== b\n | ....^`],
  [
    'a | b',
    `ERROR: <input>:1:3: Syntax error: token recognition error at: '| '\n | a | b\n | ..^\nERROR: <input>:1:5: Syntax error: extraneous input 'b' expecting <EOF>\n | a | b\n | ....^`,
  ],
  [
    'a ^ b',
    `ERROR: <input>:1:3: Syntax error: token recognition error at: '^'\n | a ^ b\n | ..^\nERROR: <input>:1:5: Syntax error: extraneous input 'b' expecting <EOF>\n | a ^ b\n | ....^`,
  ],
  ['~a', `ERROR: <input>:1:1: Syntax error: token recognition error at: '~'\n | ~a\n | ^`],
  ['@a', `ERROR: <input>:1:1: Syntax error: token recognition error at: '@'\n | @a\n | ^`],
  [
    'a@b',
    `ERROR: <input>:1:2: Syntax error: token recognition error at: '@'\n | a@b\n | .^\nERROR: <input>:1:3: Syntax error: extraneous input 'b' expecting <EOF>\n | a@b\n | ..^`,
  ],
  [
    'a\\b',
    `ERROR: <input>:1:2: Syntax error: token recognition error at: '\\'\n | a\\b\n | .^\nERROR: <input>:1:3: Syntax error: extraneous input 'b' expecting <EOF>\n | a\\b\n | ..^`,
  ],
  [
    '`a`',
    "ERROR: <input>:1:1: Syntax error: mismatched input '`a`' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | `a`\n | ^",
  ],
  [
    'a.`b',
    "ERROR: <input>:1:3: Syntax error: token recognition error at: '`b'\n | a.`b\n | ..^\nERROR: <input>:1:5: Syntax error: no viable alternative at input '.'\n | a.`b\n | ....^",
  ],
  ['a.`b c`', "ERROR: <input>:1:3: unsupported syntax: '`'\n | a.`b c`\n | ..^"],
  [
    '"\\q"',
    `ERROR: <input>:1:1: Syntax error: token recognition error at: '"\\q'\n | "\\q"\n | ^\nERROR: <input>:1:4: Syntax error: token recognition error at: '"'\n | "\\q"\n | ...^\nERROR: <input>:1:5: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | "\\q"\n | ....^`,
  ],
  ['"""abc', `ERROR: <input>:1:3: Syntax error: token recognition error at: '"abc'\n | """abc\n | ..^`],
  [
    "'''abc''",
    `ERROR: <input>:1:3: Syntax error: extraneous input ''abc'' expecting <EOF>\n | '''abc''\n | ..^\nERROR: <input>:1:8: Syntax error: token recognition error at: '''\n | '''abc''\n | .......^`,
  ],
  [
    'true false',
    `ERROR: <input>:1:6: Syntax error: extraneous input 'false' expecting <EOF>\n | true false\n | .....^`,
  ],
  ['null null', `ERROR: <input>:1:6: Syntax error: extraneous input 'null' expecting <EOF>\n | null null\n | .....^`],
  ['1 2 3 4 5', `ERROR: <input>:1:3: Syntax error: mismatched input '2' expecting <EOF>\n | 1 2 3 4 5\n | ..^`],
  [
    '(((((1)))',
    `ERROR: <input>:1:10: Syntax error: mismatched input '<EOF>' expecting ')'\n | (((((1)))\n | .........^`,
  ],
  [
    '[[[[',
    `ERROR: <input>:1:5: Syntax error: mismatched input '<EOF>' expecting {'[', ']', '{', '(', '.', ',', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | [[[[\n | ....^`,
  ],
  [
    '{{{{',
    `ERROR: <input>:1:5: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '}', '(', '.', ',', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | {{{{\n | ....^`,
  ],
  [
    '((((',
    `ERROR: <input>:1:5: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | ((((\n | ....^`,
  ],
  [
    'self.x == 1 &&& self.y',
    `ERROR: <input>:1:15: Syntax error: token recognition error at: '& '\n | self.x == 1 &&& self.y\n | ..............^`,
  ],
  [
    'self.x = 1',
    `ERROR: <input>:1:8: Syntax error: token recognition error at: '= '\n | self.x = 1\n | .......^\nERROR: <input>:1:10: Syntax error: extraneous input '1' expecting <EOF>\n | self.x = 1\n | .........^`,
  ],
  [
    'self.replicas <= 5 and self.x',
    `ERROR: <input>:1:20: Syntax error: mismatched input 'and' expecting <EOF>\n | self.replicas <= 5 and self.x\n | ...................^`,
  ],
  [
    'self.x or self.y',
    `ERROR: <input>:1:8: Syntax error: mismatched input 'or' expecting <EOF>\n | self.x or self.y\n | .......^`,
  ],
  [
    'self.items.all(i, i.name != "" ',
    `ERROR: <input>:1:32: Syntax error: missing ')' at '<EOF>'\n | self.items.all(i, i.name != "" \n | ...............................^`,
  ],
  [
    'self.items.all(i i.name != "")',
    `ERROR: <input>:1:18: Syntax error: mismatched input 'i' expecting ')'\n | self.items.all(i i.name != "")\n | .................^\nERROR: <input>:1:30: Syntax error: extraneous input ')' expecting <EOF>\n | self.items.all(i i.name != "")\n | .............................^`,
  ],
  [
    'size(self.x > 3',
    `ERROR: <input>:1:16: Syntax error: missing ')' at '<EOF>'\n | size(self.x > 3\n | ...............^`,
  ],
  [
    'self.x.size( > 3',
    `ERROR: <input>:1:14: Syntax error: extraneous input '>' expecting {'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | self.x.size( > 3\n | .............^\nERROR: <input>:1:17: Syntax error: missing ')' at '<EOF>'\n | self.x.size( > 3\n | ................^`,
  ],
  ["self['a'", `ERROR: <input>:1:9: Syntax error: missing ']' at '<EOF>'\n | self['a'\n | ........^`],
  [
    'self["a]',
    `ERROR: <input>:1:6: Syntax error: token recognition error at: '"a]'\n | self["a]\n | .....^\nERROR: <input>:1:9: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | self["a]\n | ........^`,
  ],
  ['a.b.c.', `ERROR: <input>:1:7: Syntax error: no viable alternative at input '.'\n | a.b.c.\n | ......^`],
  ['a..b', `ERROR: <input>:1:3: Syntax error: no viable alternative at input '..'\n | a..b\n | ..^`],
  ['1 .. 2', `ERROR: <input>:1:4: Syntax error: no viable alternative at input '..'\n | 1 .. 2\n | ...^`],
  [
    'x in',
    `ERROR: <input>:1:5: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | x in\n | ....^`,
  ],
  [
    'in x',
    `ERROR: <input>:1:1: Syntax error: extraneous input 'in' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | in x\n | ^`,
  ],
  [
    'x in [1, 2',
    `ERROR: <input>:1:11: Syntax error: mismatched input '<EOF>' expecting {']', ','}\n | x in [1, 2\n | ..........^`,
  ],
  ['x not in [1]', `ERROR: <input>:1:3: Syntax error: mismatched input 'not' expecting <EOF>\n | x not in [1]\n | ..^`],
  [
    '!x in',
    `ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | !x in\n | .....^`,
  ],
  [
    '- x -',
    `ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | - x -\n | .....^`,
  ],
  [
    'x + + y',
    `ERROR: <input>:1:5: Syntax error: extraneous input '+' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | x + + y\n | ....^`,
  ],
  [
    'x * / y',
    `ERROR: <input>:1:5: Syntax error: extraneous input '/' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | x * / y\n | ....^`,
  ],
  [
    'x % % y',
    `ERROR: <input>:1:5: Syntax error: extraneous input '%' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | x % % y\n | ....^`,
  ],
  [
    'x ? y : z ? ',
    `ERROR: <input>:1:13: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | x ? y : z ? \n | ............^`,
  ],
  ['x ? (y : z', `ERROR: <input>:1:8: Syntax error: missing ')' at ':'\n | x ? (y : z\n | .......^`],
  [
    '[x for x in y]',
    `ERROR: <input>:1:4: Syntax error: mismatched input 'for' expecting {']', ','}\n | [x for x in y]\n | ...^\nERROR: <input>:1:14: Syntax error: extraneous input ']' expecting <EOF>\n | [x for x in y]\n | .............^`,
  ],
  ['{a b}', `ERROR: <input>:1:4: Syntax error: missing ':' at 'b'\n | {a b}\n | ...^`],
  [
    "{'a': 1 'b': 2}",
    `ERROR: <input>:1:9: Syntax error: mismatched input ''b'' expecting {'}', ','}\n | {'a': 1 'b': 2}\n | ........^`,
  ],
  [
    "{'a'; 1}",
    `ERROR: <input>:1:5: Syntax error: token recognition error at: ';'\n | {'a'; 1}\n | ....^\nERROR: <input>:1:7: Syntax error: missing ':' at '1'\n | {'a'; 1}\n | ......^`,
  ],
  [
    'Foo{a: 1 b: 2}',
    `ERROR: <input>:1:10: Syntax error: mismatched input 'b' expecting {'}', ','}\n | Foo{a: 1 b: 2}\n | .........^`,
  ],
  [
    'Foo{a = 1}',
    `ERROR: <input>:1:7: Syntax error: token recognition error at: '= '\n | Foo{a = 1}\n | ......^\nERROR: <input>:1:9: Syntax error: missing ':' at '1'\n | Foo{a = 1}\n | ........^`,
  ],
  [
    "Foo{'a': 1}",
    `ERROR: <input>:1:5: Syntax error: mismatched input ''a'' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}\n | Foo{'a': 1}\n | ....^`,
  ],
  ['Foo{?a: 1,}', `ERROR: <input>:1:4: undeclared reference to 'Foo' (in container '')\n | Foo{?a: 1,}\n | ...^`],
  [
    'Foo{?: 1}',
    `ERROR: <input>:1:6: Syntax error: mismatched input ':' expecting {IDENTIFIER, ESC_IDENTIFIER}\n | Foo{?: 1}\n | .....^`,
  ],
  ['f(a, b', `ERROR: <input>:1:7: Syntax error: missing ')' at '<EOF>'\n | f(a, b\n | ......^`],
  ['f(a b, c)', `ERROR: <input>:1:5: Syntax error: mismatched input 'b' expecting ')'\n | f(a b, c)\n | ....^`],
  ['f[a', `ERROR: <input>:1:4: Syntax error: missing ']' at '<EOF>'\n | f[a\n | ...^`],
  ['"a" "b" "c"', `ERROR: <input>:1:5: Syntax error: mismatched input '"b"' expecting <EOF>\n | "a" "b" "c"\n | ....^`],
  [
    'a ? b ? c : d',
    `ERROR: <input>:1:7: Syntax error: mismatched input '?' expecting ':'\n | a ? b ? c : d\n | ......^`,
  ],
];

describe('what is wrong with a text that is no expression', () => {
  for (const [text, result] of ROWS) it(JSON.stringify(text), () => assert.equal(evaluateText(text), result));
});
