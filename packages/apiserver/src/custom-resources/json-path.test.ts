import assert from 'node:assert/strict';
import { test } from 'node:test';

import { JsonPathError, parseJsonPath } from './json-path.ts';

const object = {
  spec: {
    replicas: 3,
    list: [
      { name: 'x', n: 1 },
      { name: 'y', n: 2 },
    ],
    'a.b': 1,
    none: null,
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False', extra: 1 },
    ],
  },
};

test('paths lead into objects', () => {
  const rows: [path: string, found: unknown[]][] = [
    ['.spec.replicas', [3]],
    ['$.spec.replicas', [3]],
    ['.spec.list[0].name', ['x']],
    ['.spec.list[-1].name', ['y']],
    ['.spec.list[*].name', ['x', 'y']],
    ['.spec.list[0:1].name', ['x']],
    ['.spec.list[::2].n', [1]],
    ['.spec.list[-1:].n', [2]],
    ['.spec.list[1:1].n', []],
    ['.spec.list[0,1].n', [1, 2]],
    [".spec['a.b']", [1]],
    [".spec['replicas','a.b']", [3, 1]],
    ['.spec.a\\.b', [1]],
    ['.spec.none', [null]],
    ['.spec.none.deeper', []],
    ['.spec.missing.deeper', []],
    ['.spec.none[0]', []],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type == 'Ready')].status", ['True']],
    ['.status.conditions[?(@.type!="Ready")].status', ['False']],
    ['.status.conditions[?(@.extra)].type', ['Other']],
    ['.spec.list[?(@.n>1)].name', ['y']],
    ['.spec.list[?(@.n<=1)].name', ['x']],
    ['..name', ['x', 'y']],
    ['.status.conditions[?(@.type=="None")].status', []],
  ];
  for (const [path, found] of rows) assert.deepEqual(parseJsonPath(path).find(object), found, path);
});

test('what is no path, or does not fit, is told', () => {
  for (const path of ['spec', '.spec[', '.spec[x]', '.a[?(]'])
    assert.throws(() => parseJsonPath(path), JsonPathError, path);
  for (const path of [
    '.spec[0]',
    '.spec.list[9]',
    '.spec.list[?(@.n=="x")]',
    '.spec.list[::0]',
    '.spec.list[1:3]',
    '.spec.list[1:0]',
  ]) {
    assert.throws(() => parseJsonPath(path).find(object), JsonPathError, path);
  }
});
