import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { JsonObject } from '../scalars.ts';
import {
  decodeFieldsV1,
  difference,
  encodeFieldsV1,
  fieldSetOfNames,
  hasPath,
  insertPath,
  intersection,
  isEmptySet,
  newFieldSet,
  pathsOf,
  recursiveDifference,
  union,
  type FieldSet,
} from './field-set.ts';
import { compareElements, keyElement, pathText, type PathElement } from './path-element.ts';

const element = fc.oneof(
  fc.constantFrom('f:a', 'f:b', 'f:c', 'v:"x"', 'v:1'),
  fc.constantFrom('a', 'b').map((name) => keyElement([['name', name]])),
);
const path = fc.array(element, { minLength: 1, maxLength: 3 });
const set = fc.array(path, { maxLength: 8 }).map((paths): FieldSet => {
  const draft = newFieldSet();
  for (const each of paths) insertPath(draft, each);
  return draft;
});
const texts = (fields: FieldSet): Set<string> => new Set(pathsOf(fields).map((each) => each.join('/')));

describe('field sets', () => {
  test('operations are those of sets of paths', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        assert.deepEqual(texts(union(a, b)), texts(a).union(texts(b)));
        assert.deepEqual(texts(intersection(a, b)), texts(a).intersection(texts(b)));
        assert.deepEqual(texts(difference(a, b)), texts(a).difference(texts(b)));
        assert.equal(isEmptySet(difference(a, b)), texts(difference(a, b)).size === 0);
        for (const each of pathsOf(a)) assert.ok(hasPath(a, each));
      }),
    );
  });

  test('a recursive difference leaves nothing below what it takes away', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        const taken = pathsOf(b);
        const isBelow = (each: readonly string[]): boolean =>
          taken.some((top) => top.every((step, index) => each[index] === step));
        const expected = pathsOf(a).filter((each) => !isBelow(each));
        assert.deepEqual(texts(recursiveDifference(a, b)), new Set(expected.map((each) => each.join('/'))));
      }),
    );
  });

  test('FieldsV1 reads back the same', () => {
    fc.assert(
      fc.property(set, (fields) => assert.deepEqual(texts(decodeFieldsV1(encodeFieldsV1(fields))), texts(fields))),
    );
  });

  test('FieldsV1 as the API writes it', () => {
    const fields: JsonObject = {
      'f:spec': {
        'f:replicas': {},
        'f:ports': { '.': {}, 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } },
        'f:finalizers': { 'v:"a"': {} },
      },
    };
    const decoded = decodeFieldsV1(fields);
    assert.deepEqual(encodeFieldsV1(decoded), fields);
    assert.deepEqual(pathsOf(decoded).map(pathText), [
      '.spec.ports',
      '.spec.replicas',
      '.spec.finalizers[="a"]',
      '.spec.ports[port=80,protocol="TCP"]',
      '.spec.ports[port=80,protocol="TCP"].port',
    ]);
  });

  test('elements are in order', () => {
    const sorted: readonly PathElement[] = [
      'f:a',
      'k:{"ip":"a"}',
      'k:{"ip":"a b"}',
      'k:{"ip":"ab"}',
      'k:{"port":80}',
      'k:{"port":8080}',
      'k:{"type":"Ready"}',
      'v:1',
      'v:"x"',
    ];
    assert.deepEqual(sorted.toReversed().sort(compareElements), sorted);
  });

  test('what a change does not reach is encoded as it was read', () => {
    const port = { '.': {}, 'f:port': {} };
    const fields: JsonObject = { 'f:spec': { 'f:ports': { '.': {}, 'k:{"port":80}': port }, 'f:replicas': {} } };
    const read = decodeFieldsV1(fields);
    assert.equal(encodeFieldsV1(difference(read, fieldSetOfNames(['status']))), fields);
    const changed = encodeFieldsV1(difference(read, fieldSetOfNames(['spec', 'replicas'], ['spec', 'ports'])));
    assert.deepEqual(changed, { 'f:spec': { 'f:ports': { 'k:{"port":80}': port } } });
    const ports = (changed['f:spec'] as { readonly 'f:ports': JsonObject })['f:ports'];
    assert.equal(ports['k:{"port":80}'], port);
  });

  test('text that is no key is refused, however deep it is', () => {
    assert.throws(() => decodeFieldsV1({ 'f:spec': { 'f:ports': { 'k:{': {} } } }), SyntaxError);
  });

  test('keys are the same in any order', () => {
    assert.equal(
      keyElement([
        ['b', 1],
        ['a', 'x'],
      ]),
      'k:{"a":"x","b":1}',
    );
    const [first] = pathsOf(decodeFieldsV1({ 'k:{"b":1, "a":"x"}': {} }));
    assert.deepEqual(first, ['k:{"a":"x","b":1}']);
  });
});
