import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import type { ValidatingWebhook } from '../gen/admissionregistration-v1.gen.ts';
import { loadExpressionCompiler } from './expression-compiler.ts';
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

describe('webhooks', () => {
  before(() => loadExpressionCompiler());

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
    const value = { matchExpressions: [{ key: 'a', operator: 'In', values: ['not a value'] }] };
    const condition = { matchConditions: [{ name: 'c', expression: '1' }] };
    const rows: [string, object, number][] = [
      ['side effects', { sideEffects: 'Some' }, 3],
      ['versions', { admissionReviewVersions: ['v9'] }, 3],
      ['values of labels', { objectSelector: value }, 3],
      ['conditions', condition, 3],
    ];
    for (const [name, extra, problems] of rows) {
      const broken = [webhook(extra), webhook(extra)];
      assert.equal(validateWebhooks(broken).length, problems, name);
      assert.deepEqual(validateWebhooks(broken, broken), [], name);
    }
    const changed = [webhook({ matchConditions: [{ name: 'c', expression: '2' }] })];
    assert.equal(validateWebhooks(changed, [webhook(condition)]).length, 1);
  });

  test('URLs that Go cannot read are told apart', () => {
    const form = '; desired format: https://host[/path]';
    const rows: [string, string][] = [
      [':', 'missing protocol scheme'],
      ['https://a b/', 'invalid character " " in host name'],
      ['https://a:x/', 'invalid port ":x" after host'],
      ['https://a/%zz', 'invalid URL escape "%zz"'],
      ['1a:b', 'first path segment in URL cannot contain colon'],
      ['https://a\n', 'net/url: invalid control character in URL'],
    ];
    for (const [url, problem] of rows) {
      const [error, ...others] = validateWebhooks([webhook({ clientConfig: { url } })]);
      assert.deepEqual(others, []);
      assert.equal(
        error?.message,
        `Required value: url must be a valid URL: parse ${JSON.stringify(url)}: ${problem}${form}`,
      );
    }
    for (const url of ['https://a', 'https://[::1]:8443/b%20c', 'https://a:/']) {
      assert.deepEqual(validateWebhooks([webhook({ clientConfig: { url } })]), [], url);
    }
  });
});
