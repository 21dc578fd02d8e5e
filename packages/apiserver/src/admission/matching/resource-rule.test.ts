import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ruleMatches, type RuleSubject } from './resource-rule.ts';

const rule = (extra: object = {}) => ({
  operations: ['*'] as const,
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['pods'],
  scope: '*' as const,
  ...extra,
});

const subject = (extra: Partial<RuleSubject> = {}): RuleSubject => ({
  operation: 'CREATE',
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'default',
  ...extra,
});

const status = { subresource: 'status' };
const node = { resource: 'nodes', namespace: '' };
const itself = { resource: 'namespaces', namespace: 'default' };

test('a rule matches by operation, group, version, resource, subresource and scope', () => {
  const rows: [string, object, Partial<RuleSubject>, boolean][] = [
    ['the same', {}, {}, true],
    ['operation', { operations: ['CREATE', 'UPDATE'] }, {}, true],
    ['other operation', { operations: ['DELETE'] }, {}, false],
    ['any group', { apiGroups: ['*'] }, { group: 'apps' }, true],
    ['other group', { apiGroups: ['apps'] }, {}, false],
    ['any version', { apiVersions: ['*'] }, { version: 'v2' }, true],
    ['other version', { apiVersions: ['v1beta1'] }, {}, false],
    ['a resource is without its subresources', {}, status, false],
    ['subresource', { resources: ['pods/status'] }, status, true],
    ['a subresource is without its resource', { resources: ['pods/status'] }, {}, false],
    ['all of a resource', { resources: ['pods/*'] }, status, true],
    ['all of a resource, itself included', { resources: ['pods/*'] }, {}, true],
    ['all resources', { resources: ['*'] }, {}, true],
    ['all resources are without subresources', { resources: ['*'] }, status, false],
    ['a subresource of all', { resources: ['*/status'] }, status, true],
    ['everything', { resources: ['*/*'] }, status, true],
    ['namespaced only', { scope: 'Namespaced' }, {}, true],
    ['not namespaced', { scope: 'Cluster' }, {}, false],
    ['cluster only', { scope: 'Cluster', resources: ['nodes'] }, node, true],
    ['not of the cluster', { scope: 'Namespaced', resources: ['nodes'] }, node, false],
    ['a namespace is of the cluster', { scope: 'Cluster', resources: ['namespaces'] }, itself, true],
    ['a namespace is in none', { scope: 'Namespaced', resources: ['namespaces'] }, itself, false],
    ['no operations', { operations: undefined }, {}, false],
  ];
  for (const [name, extra, about, expected] of rows) {
    assert.equal(ruleMatches(rule(extra), subject(about)), expected, name);
  }
});
