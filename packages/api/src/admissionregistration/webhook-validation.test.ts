import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ValidatingWebhook } from '../gen/admissionregistration-v1.gen.ts';
import { validateWebhooks } from './webhook-validation.ts';

const webhook = (extra: object = {}) =>
  ({
    name: 'a.example.com',
    clientConfig: { url: 'https://example.com/a' },
    sideEffects: 'None',
    failurePolicy: 'Fail',
    matchPolicy: 'Exact',
    admissionReviewVersions: ['v1'],
    ...extra,
  }) as unknown as ValidatingWebhook;
const rule = (extra: object) => ({
  operations: ['*'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['pods'],
  scope: '*',
  ...extra,
});
const service = (extra: object) => ({ clientConfig: { service: { name: 's', namespace: 'n', ...extra } } });

test('webhooks say what they are for, and where they are', () => {
  const rows: [string, object, string[]][] = [
    ['all well', {}, []],
    ['short name', { name: 'a.b' }, ['webhooks[0].name']],
    ['no side effects declared', { sideEffects: undefined }, ['webhooks[0].sideEffects']],
    ['side effects', { sideEffects: 'Some' }, ['webhooks[0].sideEffects']],
    ['unknown versions only', { admissionReviewVersions: ['v9'] }, ['webhooks[0].admissionReviewVersions']],
    ['neither url nor service', { clientConfig: {} }, ['webhooks[0].clientConfig']],
    [
      'plain http with a query',
      { clientConfig: { url: 'http://a/?b=c' } },
      ['webhooks[0].clientConfig.url', 'webhooks[0].clientConfig.url'],
    ],
    ['empty path segment', service({ path: '/a//b' }), ['webhooks[0].clientConfig.service.path']],
    ['port', service({ port: 0 }), ['webhooks[0].clientConfig.service.port']],
    [
      'wildcard among operations',
      { rules: [rule({ operations: ['*', 'CREATE'] })] },
      ['webhooks[0].rules[0].operations'],
    ],
    [
      'subresource twice',
      { rules: [rule({ resources: ['pods/*', 'pods/status'] })] },
      ['webhooks[0].rules[0].resources[1]'],
    ],
    ['wildcard among resources', { rules: [rule({ resources: ['*', 'pods'] })] }, ['webhooks[0].rules[0].resources']],
    [
      'nameless condition',
      { matchConditions: [{ name: '', expression: 'true' }] },
      ['webhooks[0].matchConditions[0].name'],
    ],
    ['long timeout', { timeoutSeconds: 31 }, ['webhooks[0].timeoutSeconds']],
  ];
  for (const [name, extra, fields] of rows) {
    assert.deepEqual(
      validateWebhooks([webhook(extra)]).map(({ field }) => field),
      fields,
      name,
    );
  }
});

test('what was broken may stay broken', () => {
  const broken = [webhook({ sideEffects: 'Some' }), webhook({ sideEffects: 'Some' })];
  assert.equal(validateWebhooks(broken).length, 3);
  assert.deepEqual(validateWebhooks(broken, broken), []);
});
