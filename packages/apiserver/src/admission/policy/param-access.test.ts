import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  mutatingAdmissionPolicyBindings,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from '@kts/api';

import type { Authorizer } from '../../authorization/authorizer.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { LiveObjects } from '../live-objects.ts';
import { paramAccess } from './param-access.ts';

const PARAM_KIND = { apiVersion: 'v1', kind: 'ConfigMap' };
const policies: Readonly<Record<string, object>> = { known: { spec: { paramKind: PARAM_KIND } } };
const live = {
  get: (_: unknown, __: string, name: string) => Promise.resolve(policies[name]),
} as unknown as LiveObjects;
const catalog = {
  findKind: (_: string, __: string, kind: string) => (kind === 'ConfigMap' ? { plural: 'configmaps' } : undefined),
};
const who = '&{alice  [devs] map[]}';

/** What is allowed, as `verb resource namespace/name`. */
async function refusal(
  allowed: string,
  definition: object,
  spec: object,
  { old, groups = ['devs'] }: { old?: object; groups?: string[] } = {},
): Promise<string | undefined> {
  const authorizer: Authorizer = {
    authorize: (_, { verb, group, resource, namespace, name }) => {
      const asked = `${verb} ${group}/${resource} ${namespace}/${name}`;
      return { decision: asked === allowed ? 'allow' : 'no-opinion', reason: '' };
    },
  };
  const attributes = {
    definition,
    subresource: '',
    object: { metadata: { name: 'x' }, spec },
    old: old && { spec: old },
    request: { user: { name: 'alice', groups } },
  } as unknown as AdmissionAttributes;
  try {
    await paramAccess({ live, catalog: catalog as never, authorizer }).validate!(attributes);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^.*is invalid: /, '');
  }
}

test('policies only read what their makers may read', async () => {
  const allowed = 'get /configmaps */*';
  const spec = { paramKind: PARAM_KIND };
  const text = `spec.paramKind: Forbidden: user ${who} must have "get" permission on all objects of the referenced paramKind (kind=ConfigMap, apiVersion=v1)`;
  assert.equal(await refusal(allowed, validatingAdmissionPolicies, spec), undefined);
  assert.equal(await refusal('', validatingAdmissionPolicies, {}), undefined);
  assert.equal(await refusal('', validatingAdmissionPolicies, spec), text);
  assert.equal(await refusal('', validatingAdmissionPolicies, spec, { old: spec }), undefined);
  assert.equal(await refusal('', validatingAdmissionPolicies, spec, { old: {} }), text);
  assert.equal(await refusal('', validatingAdmissionPolicies, spec, { groups: ['system:masters'] }), undefined);
});

test('bindings only point to what their makers may read', async () => {
  const rows: [allowed: string, spec: object, expected: string | undefined][] = [
    ['get /configmaps ns/a', { policyName: 'known', paramRef: { name: 'a', namespace: 'ns' } }, undefined],
    ['list /configmaps /', { policyName: 'known', paramRef: { selector: {} } }, undefined],
    ['get */* /a', { policyName: 'unknown', paramRef: { name: 'a' } }, undefined],
    ['', { policyName: 'known' }, undefined],
    [
      '',
      { policyName: 'known', paramRef: { name: 'a' } },
      `user ${who} does not have "get" permission on the object referenced by paramRef`,
    ],
    [
      '',
      { policyName: 'unknown', paramRef: { selector: {} } },
      `unable to get policy unknown to determine minimum required permissions and user ${who} does not have "list" permission for all groups, versions and resources`,
    ],
  ];
  for (const definition of [validatingAdmissionPolicyBindings, mutatingAdmissionPolicyBindings]) {
    for (const [allowed, spec, expected] of rows) {
      const found = await refusal(allowed, definition, spec);
      assert.equal(found, expected && `spec.paramRef: Forbidden: ${expected}`);
    }
  }
});
