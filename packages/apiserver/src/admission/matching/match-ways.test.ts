import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configMaps, horizontalPodAutoscalers, horizontalPodAutoscalersV1 } from '@kts/api';
import type { NamedRuleWithOperations } from '@kts/api/types/admissionregistration-v1';

import { chooseWay, matchWays, type MatchSubject, type ResourceMatch } from './match-ways.ts';

const rule = (version: string, resourceNames?: string[]): NamedRuleWithOperations => ({
  operations: ['CREATE'],
  apiGroups: ['autoscaling'],
  apiVersions: [version],
  resources: ['horizontalpodautoscalers'],
  ...(resourceNames ? { resourceNames } : {}),
});

const match = (extra: Partial<ResourceMatch>): ResourceMatch => ({
  rules: [],
  excluded: [],
  equivalent: true,
  withoutRules: 'nothing',
  ...extra,
});

const subject: MatchSubject = {
  operation: 'CREATE',
  definition: horizontalPodAutoscalers,
  equivalents: [horizontalPodAutoscalersV1],
  subresource: '',
  namespace: 'default',
};

const seenAs = (one: ResourceMatch, name: string): string | undefined => {
  const ways = matchWays(one, subject);
  return ways && chooseWay(ways, name)?.version;
};

test('a hook sees the version that its rules name', () => {
  const rows: [string, Partial<ResourceMatch>, string, string | undefined][] = [
    ['its own version', { rules: [rule('v2')] }, 'a', 'v2'],
    ['another version', { rules: [rule('v1')] }, 'a', 'v1'],
    ['another version, exactly', { rules: [rule('v1')], equivalent: false }, 'a', undefined],
    ['its own before another', { rules: [rule('v1'), rule('v2')] }, 'a', 'v2'],
    ['no rules', {}, 'a', undefined],
    ['no rules, where that means everything', { withoutRules: 'everything' }, 'a', 'v2'],
    ['a name', { rules: [rule('v2', ['a'])] }, 'a', 'v2'],
    ['another name', { rules: [rule('v2', ['b'])] }, 'a', undefined],
    ['a name in another version', { rules: [rule('v2', ['b']), rule('v1', ['a'])] }, 'a', 'v1'],
    ['excluded', { rules: [rule('v2')], excluded: [rule('v2')] }, 'a', undefined],
    ['excluded in another version', { rules: [rule('v2')], excluded: [rule('v1')] }, 'a', undefined],
    ['excluded by name', { rules: [rule('v2')], excluded: [rule('v2', ['a'])] }, 'a', undefined],
    ['another is excluded', { rules: [rule('v2')], excluded: [rule('v2', ['b'])] }, 'a', 'v2'],
  ];
  for (const [name, extra, object, expected] of rows) assert.equal(seenAs(match(extra), object), expected, name);
});

test('nothing is kept of a hook that cannot match', () => {
  assert.equal(
    matchWays(match({ rules: [rule('v2')] }), { ...subject, definition: configMaps, equivalents: [] }),
    undefined,
  );
});
