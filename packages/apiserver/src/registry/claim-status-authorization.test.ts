import { deepEqual } from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { ResourceClaimStatus } from '@kts/api/types/resource-v1';

import { resourceAttributes, type Authorizer } from '../authorization/authorizer.ts';
import type { UserInfo } from '../request.ts';
import { authorizeClaimStatus } from './claim-status-authorization.ts';

/** Allows what is listed as `verb subresource namespace/name`. */
const allowing = (...rights: readonly string[]): Authorizer => ({
  authorize: (_user, { verb, subresource, namespace, name }) =>
    rights.includes(`${verb} ${subresource} ${namespace}/${name}`)
      ? { decision: 'allow', reason: '' }
      : { decision: 'no-opinion', reason: '' },
});

const onNode = (node: string): ResourceClaimStatus => ({
  allocation: {
    nodeSelector: {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
    },
  },
});
const device = { driver: 'd.example.com', pool: 'p', device: 'x' };
const spoken: ResourceClaimStatus = { ...onNode('a'), devices: [device] };
const plugin: UserInfo = {
  name: 'system:serviceaccount:kube-system:plugin',
  uid: '',
  groups: [],
  extra: { 'authentication.kubernetes.io/node-name': ['a'] },
};
const NEAR = 'associated-node:update driver n/d.example.com';
const FAR = 'arbitrary-node:update driver n/d.example.com';
const API = 'in API group "resource.k8s.io"';
const asking = (verb: string, extra: string): string =>
  `User "system:serviceaccount:kube-system:plugin" cannot ${verb} resource ${extra}`;
const BINDING = `status.allocation: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="update" permission: resourceclaims.resource.k8s.io is forbidden: ${asking('update', `"resourceclaims/binding" ${API} at the cluster scope`)}`;
const driver = (verbs: string, verb: string): string =>
  `status.devices: Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[${verbs}]" permission: resourceclaims.resource.k8s.io "d.example.com" is forbidden: ${asking(verb, `"resourceclaims/driver" ${API} in the namespace "n"`)}`;

type Row = readonly [
  name: string,
  rights: readonly string[],
  status: ResourceClaimStatus,
  old: ResourceClaimStatus,
  ...errors: readonly string[],
];

describe('the status of claims', () => {
  const rows: readonly Row[] = [
    ['stays as it is', [], spoken, spoken],
    ['is allocated by who may bind', ['update binding /'], onNode('a'), {}],
    ['is not allocated by others', [], onNode('a'), {}, BINDING],
    ['is not reserved by others', [], { reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }] }, {}, BINDING],
    ['hears drivers on the node', [NEAR], spoken, onNode('a')],
    ['hears drivers from anywhere', [FAR], spoken, onNode('a')],
    [
      'hears no one else',
      [],
      spoken,
      onNode('a'),
      driver('associated-node:update arbitrary-node:update', 'associated-node:update'),
    ],
    [
      'hears no drivers of other nodes',
      [NEAR],
      { ...onNode('b'), devices: [device] },
      onNode('b'),
      driver('arbitrary-node:update', 'arbitrary-node:update'),
    ],
    [
      'forgets nothing for others',
      [],
      onNode('a'),
      spoken,
      driver('associated-node:update arbitrary-node:update', 'associated-node:update'),
    ],
    ['forgets everything without an allocation', ['update binding /'], {}, spoken],
  ];
  for (const [name, rights, status, old, ...errors] of rows) {
    test(name, () => {
      const attributes = resourceAttributes({
        verb: 'update',
        group: 'resource.k8s.io',
        resource: 'resourceclaims',
        subresource: 'status',
        namespace: 'n',
        name: 'c',
      });
      const writer = {
        user: plugin,
        info: { apiPrefix: 'apis', parts: [], ...attributes },
        authorizer: allowing(...rights),
      };
      const found = authorizeClaimStatus(writer, status, old);
      deepEqual(
        found.map(({ field, message }) => `${field}: ${message}`),
        errors,
      );
    });
  }
});
