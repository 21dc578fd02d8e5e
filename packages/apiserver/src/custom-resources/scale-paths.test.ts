import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nestedInteger, nestedString, setNested, validateScaleSpec, validateScaleStatus } from './scale-paths.ts';

const scale = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.status.selector',
};

test('values are found by their path', () => {
  const object = { spec: { replicas: 3, name: 'x', list: [] } };
  assert.deepEqual(nestedInteger(object, '.spec.replicas'), { value: 3 });
  assert.deepEqual(nestedInteger(object, '.spec.none'), { value: undefined });
  assert.match(
    (nestedInteger(object, '.spec.name') as { error: string }).error,
    /accessor error: x is of the type string, expected int64/,
  );
  assert.match((nestedString(object, '.spec.list.x') as { error: string }).error, /accessor error/);
});

test('a value is set without a change to what others see', () => {
  const spec = { other: 1 };
  const object: Record<string, unknown> = { spec };
  setNested(object, '.spec.replicas', 2);
  assert.deepEqual([object, spec], [{ spec: { other: 1, replicas: 2 } }, { other: 1 }]);
});

test('replicas are numbers that are not negative, selectors are text', () => {
  const texts = (errors: readonly { readonly field: string; readonly message: string }[]): string[] =>
    errors.map(({ field, message }) => `${field}: ${message}`);
  assert.deepEqual(texts(validateScaleSpec(scale, { spec: { replicas: 1 } })), []);
  assert.deepEqual(texts(validateScaleSpec(undefined, { spec: { replicas: -1 } })), []);
  assert.deepEqual(texts(validateScaleSpec(scale, { spec: { replicas: -1 } })), [
    '.spec.replicas: Invalid value: -1: should be a non-negative integer',
  ]);
  assert.equal(validateScaleStatus(scale, { status: { replicas: 1, selector: 1 } }).length, 1);
});
