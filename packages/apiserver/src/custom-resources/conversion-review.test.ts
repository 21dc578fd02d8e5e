import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { JsonValue, KubeObject } from '@kts/apimachinery';

import { conversionReview, readConversion, restored } from './conversion-review.ts';

const object = {
  kind: 'Thing',
  apiVersion: 'example.com/v1',
  metadata: { name: 'a', namespace: 'default', uid: 'u', generation: 3, labels: { a: 'b' } },
} as unknown as KubeObject;

test('a review asks for objects in a version', () => {
  const review = conversionReview('v1', 'uid', [object], 'example.com/v2') as { apiVersion: string; request: object };
  assert.equal(review.apiVersion, 'apiextensions.k8s.io/v1');
  assert.deepEqual(review.request, { uid: 'uid', desiredAPIVersion: 'example.com/v2', objects: [object] });
});

describe('an answer', () => {
  const own = { kind: 'ConversionReview', apiVersion: 'apiextensions.k8s.io/v1' };
  const success = { uid: 'uid', result: { status: 'Success' }, convertedObjects: [1] };

  test('has the converted objects', () => {
    assert.deepEqual(readConversion('v1', 'uid', { ...own, response: success }), [1]);
  });

  test('of the older version need not say what it answers', () => {
    assert.deepEqual(readConversion('v1beta1', 'uid', { response: { ...success, uid: 'other' } }), [1]);
  });

  const wrong: readonly (readonly [review: JsonValue, why: string])[] = [
    [
      { kind: 'Other', apiVersion: 'v1', response: success },
      'expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got v1, Kind=Other',
    ],
    [own, 'no response provided'],
    [{ ...own, response: { ...success, uid: 'x' } }, 'expected response.uid="uid", got "x"'],
    [{ ...own, response: { uid: 'uid', result: { status: 'Failure', message: 'no' } } }, 'no'],
    [{ ...own, response: { uid: 'uid', result: {} } }, "response.result.status was '', not 'Success'"],
  ];
  for (const [review, why] of wrong) {
    test(`is none: ${why}`, () => {
      assert.throws(() => readConversion('v1', 'uid', review), { message: `failed: ${why}` });
    });
  }
});

describe('a converted object', () => {
  const converted = { ...object, apiVersion: 'example.com/v2' } as unknown as Record<string, JsonValue>;
  const metadata = (extra: object): JsonValue =>
    ({ ...converted, metadata: { ...object.metadata, ...extra } }) as never;
  const restore = (value: JsonValue): KubeObject => restored(object, value, 'example.com/v2', 0);

  test('keeps the metadata of the original but for labels and annotations', () => {
    const result = restore(metadata({ generation: 9, resourceVersion: '1', labels: null, annotations: { x: 'y' } }));
    const { labels: _, ...rest } = object.metadata;
    assert.deepEqual(result.metadata, { ...rest, annotations: { x: 'y' } });
  });

  const wrong: readonly (readonly [value: JsonValue, why: string])[] = [
    [object as never, 'object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v1)'],
    [{ ...converted, kind: 'Other' }, 'object at index 0: invalid kind (expected Thing, received Other)'],
    [metadata({ name: 'b' }), 'object: must have the same name: a != b'],
    [metadata({ namespace: '' }), 'object: must have the same namespace: default != '],
    [metadata({ uid: 'v' }), 'object: must have the same UID: u != v'],
    [metadata({ labels: [] }), 'metadata: invalid metadata.labels of type []interface {} in converted object'],
    [
      metadata({ annotations: { a: true } }),
      'metadata: metadata.annotations[a] must be a string, but is bool in converted object',
    ],
  ];
  for (const [value, why] of wrong) {
    test(`may not be wrong: ${why}`, () => assert.throws(() => restore(value), { message: `returned invalid ${why}` }));
  }
});
