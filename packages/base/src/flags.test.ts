import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseFlags } from './flags.ts';

const FLAGS = {
  kubeconfig: { type: 'string' },
  'leader-elect': { type: 'switch' },
  'cluster-dns': { type: 'list' },
  'max-pods': { type: 'number' },
  v: { type: 'number', short: 'v' },
} as const;

describe('parseFlags', () => {
  const accepted: readonly (readonly [line: string, values: object])[] = [
    ['', {}],
    ['--kubeconfig a', { kubeconfig: 'a' }],
    ['--kubeconfig=a=b', { kubeconfig: 'a=b' }],
    ['--kubeconfig=', { kubeconfig: '' }],
    ['--kubeconfig a --kubeconfig b', { kubeconfig: 'b' }],
    ['--kubeconfig --v', { kubeconfig: '--v' }],
    ['--v=2', { v: 2 }],
    ['--v 2', { v: 2 }],
    ['-v 2', { v: 2 }],
    ['-v=2', { v: 2 }],
    ['-v2', { v: 2 }],
    ['--leader-elect', { 'leader-elect': true }],
    ['--leader-elect --v=1', { 'leader-elect': true, v: 1 }],
    ['--leader-elect=false', { 'leader-elect': false }],
    ['--leader_elect=F', { 'leader-elect': false }],
    ['--cluster-dns a,b --cluster-dns=c', { 'cluster-dns': ['a', 'b', 'c'] }],
    ['--', {}],
  ];
  for (const [line, values] of accepted) {
    it(`takes ${line}`, () => assert.deepEqual(parseFlags(line.split(' ').filter(Boolean), FLAGS), values));
  }

  const refused: readonly (readonly [line: string, message: string])[] = [
    ['--foo', 'unknown flag: --foo'],
    ['--foo=1', 'unknown flag: --foo'],
    ['--toString', 'unknown flag: --toString'],
    ['-x', "unknown shorthand flag: 'x' in -x"],
    ['--v', 'flag needs an argument: --v'],
    ['--leader-elect false', 'unknown command "false": only flags are taken'],
    ['-- up', 'unknown command "up": only flags are taken'],
    [
      '--leader-elect=no',
      'invalid argument "no" for "--leader-elect" flag: strconv.ParseBool: parsing "no": invalid syntax',
    ],
    ['--v=x', 'invalid argument "x" for "-v, --v" flag: strconv.ParseInt: parsing "x": invalid syntax'],
    ['--max-pods=1.5', 'invalid argument "1.5" for "--max-pods" flag: strconv.ParseInt: parsing "1.5": invalid syntax'],
  ];
  for (const [line, message] of refused) {
    it(`refuses ${line}`, () => assert.throws(() => parseFlags(line.split(' '), FLAGS), { message }));
  }
});
