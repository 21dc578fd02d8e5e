import assert from 'node:assert/strict';
import { test } from 'node:test';

import { builtinResources, configMaps } from '@kts/api';
import { FakeClock } from '@kts/base/testing';

import { ResourceCatalog } from '../../discovery/catalog.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { LiveObjects } from '../live-objects.ts';
import { HookIndex } from '../matching/hook-index.ts';
import { policyHooks, type AdmissionPolicy, type PolicyBinding } from './policy-hook.ts';
import { createPolicyMetrics } from './policy-metrics.ts';
import { validatingPolicies, type ValidatingHook } from './validating-policies.ts';

const RULE = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };
const named = (name: string, spec: object) => new Map([[name, { metadata: { name }, spec }]]);

/** What one policy leaves behind with a request. */
async function evaluate(policy: object, binding: object) {
  const clock = new FakeClock();
  const catalog = new ResourceCatalog(builtinResources);
  const hooks = new HookIndex<ValidatingHook>(catalog, ({ match }) => match);
  const matchConstraints = { resourceRules: [RULE], namespaceSelector: {}, objectSelector: {} };
  const policies = named('p', { matchConstraints, ...policy }) as unknown as ReadonlyMap<string, AdmissionPolicy>;
  const bindings = named('b', { policyName: 'p', ...binding }) as unknown as ReadonlyMap<string, PolicyBinding>;
  hooks.set(policyHooks(policies, bindings) as unknown as ValidatingHook[]);
  const metrics = createPolicyMetrics('validating', clock);
  const live = { get: () => Promise.resolve({ metadata: { name: 'default' } }) } as unknown as LiveObjects;
  const authorizer = { authorize: () => ({ decision: 'allow' as const, reason: '' }) };
  const plugin = validatingPolicies({ hooks, catalog, live, authorizer, metrics, clock });
  const request: Pick<AdmissionAttributes['request'], 'warnings' | 'auditAnnotations'> & object = {
    warnings: [],
    user: { name: 'u', groups: [] },
  } as never;
  const attributes = {
    operation: 'CREATE',
    definition: configMaps,
    subresource: '',
    namespace: 'default',
    name: 'a',
    object: { metadata: { name: 'a' } },
    dryRun: false,
    request,
  } as unknown as AdmissionAttributes;
  const error = await Promise.resolve(plugin.validate!(attributes)).then(
    () => undefined,
    (refusal: unknown) => refusal,
  );
  const counted = metrics.metrics[0]!.expose()
    .split('\n')
    .filter((line) => line.startsWith('apiserver'));
  return { error, warnings: request.warnings, annotations: request.auditAnnotations, counted };
}

const FAILS = { validations: [{ expression: 'false', message: 'no' }] };
const FAILURE = 'validation.policy.admission.k8s.io/validation_failure';

test('a failure is told where the binding wants it told', async () => {
  const { error, warnings, annotations, counted } = await evaluate(FAILS, { validationActions: ['Warn', 'Audit'] });
  assert.equal(error, undefined);
  assert.deepEqual(warnings, ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no"]);
  const failure = {
    message: 'no',
    policy: 'p',
    binding: 'b',
    expressionIndex: 0,
    validationActions: ['Warn', 'Audit'],
  };
  assert.deepEqual(annotations, { [FAILURE]: JSON.stringify([failure]) });
  assert.deepEqual(counted, [
    'apiserver_validating_admission_policy_check_total{policy="p",policy_binding="b",error_type="invalid_error",enforcement_action="warn"} 1',
    'apiserver_validating_admission_policy_check_total{policy="p",policy_binding="b",error_type="invalid_error",enforcement_action="audit"} 1',
  ]);
});

test('policies have things to say to the audit log', async () => {
  const rows: [string, object[], Record<string, string> | undefined][] = [
    ['a value', [{ key: 'k', valueExpression: "' is ' + object.metadata.name" }], { 'p/k': 'is a' }],
    [
      'nothing',
      [
        { key: 'k', valueExpression: "' '" },
        { key: 'l', valueExpression: 'null' },
      ],
      undefined,
    ],
  ];
  for (const [name, auditAnnotations, expected] of rows) {
    const { error, annotations } = await evaluate({ auditAnnotations }, { validationActions: ['Deny'] });
    assert.deepEqual([error, annotations], [undefined, expected], name);
  }
});

test('what cannot be said to the audit log refuses the request, unless that is to be ignored', async () => {
  const auditAnnotations = [{ key: 'k', valueExpression: "'x' + object.nope" }];
  const refused = await evaluate({ auditAnnotations }, { validationActions: ['Warn'] });
  assert.match(String(refused.error), /resulted in error: no such key: nope$/);
  const ignored = await evaluate({ auditAnnotations, failurePolicy: 'Ignore' }, { validationActions: ['Warn'] });
  assert.equal(ignored.error, undefined);
});
