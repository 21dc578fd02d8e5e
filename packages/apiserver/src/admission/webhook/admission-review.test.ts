import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AdmissionReview } from '@kts/api/types/admission-v1';

import { chooseReviewVersion, readReview, type ReviewVersion } from './admission-review.ts';
import { denialBy } from './webhook-errors.ts';

const review = (response: object | undefined, extra: object = {}): AdmissionReview => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  ...(response ? { response: { uid: 'u', allowed: true, ...response } } : {}),
  ...extra,
});

test('the first version that is spoken here is chosen', () => {
  const rows: [readonly string[], ReviewVersion | undefined][] = [
    [['v1', 'v1beta1'], 'v1'],
    [['v2', 'v1beta1', 'v1'], 'v1beta1'],
    [['v2'], undefined],
  ];
  for (const [accepted, expected] of rows) assert.equal(chooseReviewVersion(accepted), expected);
});

test('reviews that break the protocol are told apart', () => {
  const rows: [string, AdmissionReview, boolean, string | undefined][] = [
    ['allowed', review({}), false, undefined],
    ['patched', review({ patch: 'W10=', patchType: 'JSONPatch' }), true, undefined],
    ['no response', review(undefined), false, 'webhook response was absent'],
    ['other uid', review({ uid: 'x' }), false, 'expected response.uid="u", got "x"'],
    [
      'other version',
      review({}, { apiVersion: 'v9', kind: 'Odd' }),
      false,
      'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /v9, Kind=Odd',
    ],
    [
      'a patch from a validating webhook',
      review({ patch: 'W10=' }),
      false,
      'validating webhook may not return response.patch',
    ],
    ['its type only', review({ patchType: 'x' }), false, 'validating webhook may not return response.patchType'],
    ['no type', review({ patch: 'W10=' }), true, 'webhook returned response.patch but not response.patchType'],
    ['no patch', review({ patchType: 'x' }), true, 'webhook returned response.patchType but not response.patch'],
    ['empty type', review({ patch: 'W10=', patchType: '' }), true, 'webhook returned invalid response.patchType of ""'],
  ];
  for (const [name, answer, mutating, expected] of rows) {
    const read = () => readReview('v1', answer, 'u', mutating);
    if (expected === undefined) assert.equal(read().allowed, true, name);
    else assert.throws(read, { name: 'InvalidReviewError', message: expected }, name);
  }
});

test('older reviews are taken as they are', () => {
  const answer = review({ uid: 'x', patch: 'W10=' }, { apiVersion: '', kind: '' });
  const { patch, patchType } = readReview('v1beta1', answer, 'u', true);
  assert.deepEqual([patch, patchType], ['[]', 'JSONPatch']);
});

test('a denial keeps what the webhook says, and is one', () => {
  const rows: [string, object, object][] = [
    ['nothing', {}, { code: 400, message: 'admission webhook "w" denied the request without explanation' }],
    ['message', { message: 'm', code: 403 }, { code: 403, message: 'admission webhook "w" denied the request: m' }],
    [
      'reason',
      { reason: 'Forbidden' },
      { code: 400, reason: 'Forbidden', message: 'admission webhook "w" denied the request: Forbidden' },
    ],
    ['success', { status: 'Success', code: 200 }, { code: 400, status: 'Failure' }],
  ];
  for (const [name, result, expected] of rows)
    assert.partialDeepStrictEqual(denialBy('w', result).status, expected, name);
});
