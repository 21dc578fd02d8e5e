import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { PersistentVolume, Pod } from '@kts/api/types/core-v1';

import { resourceAttributes, type AuthorizationAttributes } from './authorizer.ts';
import { nodeAuthorizer } from './node-authorizer.ts';
import { NodeReferences } from './node-references.ts';

const NODE_A = { name: 'system:node:a', groups: ['system:nodes'] };

function pod(node: string): Pod {
  const spec = {
    nodeName: node,
    serviceAccountName: 'builder',
    containers: [{ name: 'c', envFrom: [{ secretRef: { name: 'env' } }] }],
    volumes: [
      { name: 'v', configMap: { name: 'settings' } },
      { name: 'w', persistentVolumeClaim: { claimName: 'claim' } },
    ],
  };
  return { metadata: { name: 'web', namespace: 'd' }, spec } as unknown as Pod;
}

function references(): NodeReferences {
  const all = new NodeReferences();
  all.setPod('d', 'web', pod('a'));
  all.setVolume('pv', {
    spec: {
      claimRef: { namespace: 'd', name: 'claim' },
      csi: { driver: 'x', volumeHandle: 'y', nodeStageSecretRef: { name: 'stage', namespace: 'csi' } },
    },
  } as unknown as PersistentVolume);
  all.setResourceSlice('mine', 'a');
  return all;
}

const READ_SERVICES = { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['services'] };

describe('node authorizer', () => {
  const in_d = { namespace: 'd' };
  const rows: readonly [string, Partial<AuthorizationAttributes> & { resource: string }, boolean | string][] = [
    ['a secret of its pod', { resource: 'secrets', name: 'env', ...in_d }, true],
    [
      'another secret',
      { resource: 'secrets', name: 'other', ...in_d },
      "no relationship found between node 'a' and this object",
    ],
    ['all secrets', { verb: 'list', resource: 'secrets', ...in_d }, 'No Object name found'],
    [
      'changing a secret',
      { verb: 'update', resource: 'secrets', name: 'env', ...in_d },
      'can only read resources of this type',
    ],
    ['a config map of its pod', { resource: 'configmaps', name: 'settings', ...in_d }, true],
    ['a claim of its pod', { resource: 'persistentvolumeclaims', name: 'claim', ...in_d }, true],
    ['the volume of that claim', { resource: 'persistentvolumes', name: 'pv' }, true],
    ['the secret of that volume', { resource: 'secrets', name: 'stage', namespace: 'csi' }, true],
    [
      'a token of its pod',
      { verb: 'create', resource: 'serviceaccounts', subresource: 'token', name: 'builder', ...in_d },
      true,
    ],
    [
      'a token of others',
      { verb: 'create', resource: 'serviceaccounts', subresource: 'token', name: 'x', ...in_d },
      "no relationship found between node 'a' and this object",
    ],
    ['itself', { resource: 'nodes', name: 'a' }, true],
    ['another node', { resource: 'nodes', name: 'b' }, "node 'a' cannot read 'b', only its own Node object"],
    ['its pods', { verb: 'list', resource: 'pods', fieldSelector: 'spec.nodeName=a' }, true],
    ['all pods', { verb: 'list', resource: 'pods' }, 'can only list/watch pods with spec.nodeName field selector'],
    ['a pod it runs', { resource: 'pods', name: 'web', ...in_d }, true],
    [
      'its lease',
      { verb: 'update', group: 'coordination.k8s.io', resource: 'leases', name: 'a', namespace: 'kube-node-lease' },
      true,
    ],
    ['its slice', { group: 'resource.k8s.io', resource: 'resourceslices', name: 'mine' }, true],
    ['what all nodes may read', { verb: 'list', resource: 'services' }, true],
  ];
  for (const [name, parts, expected] of rows) {
    it(`${expected === true ? 'allows' : 'has nothing for'} ${name}`, () => {
      const authorizer = nodeAuthorizer(references(), [READ_SERVICES]);
      const result = authorizer.authorize(NODE_A, resourceAttributes({ verb: 'get', ...parts }));
      assert.deepEqual(result.decision === 'allow' ? true : result.reason, expected);
    });
  }

  it('forgets a pod that is gone', () => {
    const all = references();
    all.setPod('d', 'web', undefined);
    assert.equal(all.has('a', 'secret', 'd', 'env'), false);
  });

  it('asks for a name', () => {
    const nameless = { name: 'system:node:', groups: ['system:nodes'] };
    const result = nodeAuthorizer(references(), []).authorize(
      nameless,
      resourceAttributes({ verb: 'get', resource: 'pods' }),
    );
    assert.equal(result.reason, 'unknown node for user "system:node:"');
  });
});
