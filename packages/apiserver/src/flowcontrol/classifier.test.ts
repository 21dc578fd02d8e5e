import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { FlowSchema, PriorityLevelConfiguration } from '@kts/api/types/flowcontrol-v1';

import { bootstrapFlowSchemas, bootstrapPriorityLevels } from '../bootstrap/flow-policy.ts';
import { chainRequest, type ChainRequestOptions } from '../testing/chain-request.ts';
import { FlowClassifier } from './classifier.ts';

const withUid = <T extends { metadata: object }>(object: T): T => ({
  ...object,
  metadata: { ...object.metadata, uid: 'uid' },
});

function classifier(): FlowClassifier {
  const all = new FlowClassifier();
  all.replace({
    schemas: (bootstrapFlowSchemas() as FlowSchema[]).map(withUid),
    levels: (bootstrapPriorityLevels() as PriorityLevelConfiguration[]).map(withUid),
  });
  return all;
}

describe('flow classifier', () => {
  const rows: readonly [string, ChainRequestOptions, string][] = [
    ['masters', { path: '/api/v1/pods', groups: ['system:masters'] }, 'exempt'],
    ['probes', { path: '/livez' }, 'probes'],
    [
      'leader election',
      { path: '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x', user: 'system:kube-scheduler' },
      'system-leader-election',
    ],
    ['the scheduler', { path: '/api/v1/pods', user: 'system:kube-scheduler' }, 'kube-scheduler'],
    [
      'a heartbeat of a node',
      { method: 'PATCH', path: '/api/v1/nodes/a/status', user: 'system:node:a', groups: ['system:nodes'] },
      'system-node-high',
    ],
    ['other work of a node', { path: '/api/v1/pods', user: 'system:node:a', groups: ['system:nodes'] }, 'system-nodes'],
    [
      'a system account',
      { path: '/api/v1/pods', user: 'system:serviceaccount:kube-system:x', groups: ['system:serviceaccounts'] },
      'kube-system-service-accounts',
    ],
    [
      'any account',
      { path: '/api/v1/pods', user: 'system:serviceaccount:d:x', groups: ['system:serviceaccounts'] },
      'service-accounts',
    ],
    ['somebody', { path: '/api/v1/pods' }, 'global-default'],
  ];
  for (const [name, options, expected] of rows) {
    it(`puts ${name} into ${expected}`, () => {
      const { user, info } = chainRequest(options);
      assert.equal(classifier().classify(user, info)?.schemaName, expected);
    });
  }

  it('has no answer before there are schemas', () => {
    const { user, info } = chainRequest({ path: '/api/v1/pods' });
    assert.equal(new FlowClassifier().classify(user, info), undefined);
  });
});
