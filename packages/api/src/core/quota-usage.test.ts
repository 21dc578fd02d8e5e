import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { KubeObject } from '@kts/apimachinery';

import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../gen/core-v1.gen.ts';
import { quotaMatches, quotaUsage, attributesClassesOf } from './quota-usage.ts';

const exact = (deviceClassName: string, count: number): object => ({
  deviceClassName,
  allocationMode: 'ExactCount',
  count,
});
const all = (deviceClassName: string): object => ({ deviceClassName, allocationMode: 'All' });

describe('devices of a claim', () => {
  const rows: readonly [name: string, requests: readonly object[], devices: Readonly<Record<string, string>>][] = [
    ['none', [], {}],
    ['of two classes', [{ exactly: exact('a', 2) }, { exactly: exact('b', 1) }], { a: '2', b: '1' }],
    ['of one class twice', [{ exactly: exact('a', 2) }, { exactly: exact('a', 3) }], { a: '5' }],
    ['all that match', [{ exactly: all('a') }], { a: '32' }],
    [
      'the most of alternatives',
      [{ firstAvailable: [exact('a', 2), exact('a', 3), exact('b', 1)] }],
      { a: '3', b: '1' },
    ],
    ['as v1beta1 asks', [exact('a', 4)], { a: '4' }],
  ];
  for (const [name, requests, devices] of rows) {
    it(name, () => {
      const claim = { metadata: {}, spec: { devices: { requests } } } as unknown as KubeObject;
      const expected = Object.entries(devices).map(([key, count]) => [
        `${key}.deviceclass.resource.k8s.io/devices`,
        count,
      ]);
      assert.deepEqual(quotaUsage('resourceclaims.resource.k8s.io', claim), {
        'count/resourceclaims.resource.k8s.io': '1',
        ...Object.fromEntries(expected),
      });
    });
  }
});

describe('quotas of volume claims by their attributes class', () => {
  const changing = {
    metadata: {},
    spec: { volumeAttributesClassName: 'silver' },
    status: {
      currentVolumeAttributesClassName: 'gold',
      modifyVolumeStatus: { targetVolumeAttributesClassName: 'silver' },
    },
  } as unknown as KubeObject;
  const plain = { metadata: {}, spec: { volumeAttributesClassName: '' } } as unknown as KubeObject;
  const rows: readonly [claim: KubeObject, operator: string, values: string[], matches: boolean][] = [
    [changing, 'In', ['gold'], true],
    [changing, 'In', ['silver', 'iron'], true],
    [changing, 'In', ['iron'], false],
    [changing, 'NotIn', ['gold'], true],
    [changing, 'Exists', [], true],
    [changing, 'DoesNotExist', [], false],
    [plain, 'In', ['gold'], false],
    [plain, 'NotIn', ['gold'], true],
    [plain, 'Exists', [], false],
    [plain, 'DoesNotExist', [], true],
  ];
  for (const [claim, operator, values, matches] of rows) {
    const classes = attributesClassesOf(claim as never).join(' and ') || 'no class';
    it(`${operator} ${values.join()} is ${matches} of ${classes}`, () => {
      const requirement = { scopeName: 'VolumeAttributesClass', operator, values } as ScopedResourceSelectorRequirement;
      const quota = { metadata: {}, spec: { scopeSelector: { matchExpressions: [requirement] } } } as unknown;
      assert.equal(quotaMatches(quota as ResourceQuota, 'persistentvolumeclaims', claim), matches);
      assert.equal(quotaMatches(quota as ResourceQuota, 'services', claim), false);
    });
  }
});
