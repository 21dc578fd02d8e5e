import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import type { FieldError } from '@kts/apimachinery';

import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../gen/admissionregistration-v1.gen.ts';
import { validateMutatingBinding, validateValidatingBinding } from './binding-validation.ts';
import { loadExpressionCompiler } from './expression-compiler.ts';
import { validateMutatingPolicy } from './mutatingadmissionpolicy-validation.ts';
import { validateValidatingPolicy, validateValidatingPolicyStatus } from './validatingadmissionpolicy-validation.ts';

const RULE = {
  operations: ['CREATE'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['pods'],
  scope: '*',
};
const MATCH = { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {}, resourceRules: [RULE] };

const validating = (spec: object): ValidatingAdmissionPolicy =>
  ({
    metadata: { name: 'p.example.com' },
    spec: { failurePolicy: 'Fail', matchConstraints: MATCH, validations: [{ expression: 'true' }], ...spec },
  }) as unknown as ValidatingAdmissionPolicy;

const mutating = (spec: object): MutatingAdmissionPolicy =>
  ({
    metadata: { name: 'p.example.com' },
    spec: {
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      matchConstraints: MATCH,
      mutations: [apply('Object{}')],
      ...spec,
    },
  }) as unknown as MutatingAdmissionPolicy;

const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
const jsonPatch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
const found = (errors: readonly FieldError[]) => errors.map(({ field, message }) => `${field}: ${message}`);
const condition = (expression: string, name = 'c') => ({ matchConditions: [{ name, expression }] });
const PARAMS = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } };

describe('policies', () => {
  before(() => loadExpressionCompiler());

  test('validating policies are checked with all their expressions', () => {
    const rows: [string, object, string[]][] = [
      ['all well', {}, []],
      [
        'failure policy',
        { failurePolicy: 'Odd' },
        ['spec.failurePolicy: Unsupported value: "Odd": supported values: "Fail", "Ignore"'],
      ],
      ['no constraints', { matchConstraints: undefined }, ['spec.matchConstraints: Required value']],
      [
        'no rules',
        { matchConstraints: { ...MATCH, resourceRules: [] } },
        ['spec.matchConstraints.resourceRules: Required value'],
      ],
      [
        'names',
        { matchConstraints: { ...MATCH, resourceRules: [{ ...RULE, resourceNames: ['a/b', 'c', 'c'] }] } },
        [
          `spec.matchConstraints.resourceRules[0].resourceNames[0]: Invalid value: "a/b": may not contain '/'`,
          'spec.matchConstraints.resourceRules[0].resourceNames[2]: Duplicate value: "c"',
        ],
      ],
      [
        'nothing to do',
        { validations: [] },
        ['validations', 'auditAnnotations'].map(
          (field) => `spec.${field}: Required value: validations or auditAnnotations must contain at least one item`,
        ),
      ],
      ['everything there is', { validations: [{ expression: VARIABLES.join(' || ') }], ...PARAMS }, []],
      [
        'no parameters',
        { validations: [{ expression: 'params.x' }] },
        [
          "spec.validations[0].expression: Invalid value: \"params.x\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x\n | ^",
        ],
      ],
      [
        'no variables',
        { validations: [{ expression: 'variables.x' }] },
        [
          "spec.validations[0].expression: Invalid value: \"variables.x\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'variables' (in container '')\n | variables.x\n | ^",
        ],
      ],
      [
        'not a condition',
        { validations: [{ expression: '1' }] },
        ['spec.validations[0].expression: Invalid value: "1": must evaluate to bool but got int'],
      ],
      [
        'no expression',
        { validations: [{ expression: ' ' }] },
        ['spec.validations[0].expression: Required value: expression is not specified'],
      ],
      [
        'messages',
        { validations: [{ expression: 'true', message: ' ', messageExpression: '1', reason: 'Odd' }] },
        [
          'spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string but got int',
          'spec.validations[0].message: Invalid value: " ": must be non-empty if specified',
          'spec.validations[0].reason: Unsupported value: "Odd": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
        ],
      ],
      [
        'line breaks',
        { validations: [{ expression: 'true', message: 'a\nb' }] },
        ['spec.validations[0].message: Invalid value: "a\\nb": must not contain line breaks'],
      ],
      [
        'messages do not ask who may do what',
        { validations: [{ expression: 'true', messageExpression: 'string(authorizer)' }] },
        [
          "spec.validations[0].messageExpression: Invalid value: \"string(authorizer)\": compilation failed: ERROR: <input>:1:8: undeclared reference to 'authorizer' (in container '')\n | string(authorizer)\n | .......^",
        ],
      ],
      [
        'variables build on each other, in order',
        {
          variables: [
            { name: 'a', expression: '1' },
            { name: 'b', expression: 'variables.a + 1' },
          ],
          validations: [{ expression: 'variables.b == 2' }],
        },
        [],
      ],
      [
        'names of variables',
        {
          variables: [
            { name: ' ', expression: '1' },
            { name: 'a-b', expression: '1' },
            { name: 'in', expression: '' },
          ],
        },
        [
          'spec.variables[0].name: Required value: name is not specified',
          'spec.variables[1].name: Invalid value: "a-b": must be a valid CEL identifier',
          'spec.variables[2].name: Invalid value: "in": must be a valid CEL identifier',
          'spec.variables[2].expression: Required value: expression is not specified',
        ],
      ],
      [
        'conditions',
        {
          matchConditions: [
            { name: 'c', expression: ' ' },
            { name: 'c', expression: '1' },
          ],
        },
        [
          'spec.matchConditions[0].expression: Required value',
          'spec.matchConditions[1].expression: Invalid value: "1": must evaluate to bool but got int',
          'spec.matchConditions[1].name: Duplicate value: "c"',
        ],
      ],
      [
        'audit annotations',
        {
          auditAnnotations: [
            { key: 'a', valueExpression: "'x'" },
            { key: 'a', valueExpression: '1' },
            { key: 'b', valueExpression: ' ' },
          ],
        },
        [
          'spec.auditAnnotations[1].valueExpression: Invalid value: "1": must evaluate to one of [string null_type] but got int',
          'spec.auditAnnotations[1].key: Duplicate value: "a"',
          'spec.auditAnnotations[2].valueExpression: Required value: valueExpression is not specified',
        ],
      ],
      [
        'parameters',
        { paramKind: { apiVersion: 'a/b/c', kind: '1' } },
        [
          'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
          `spec.paramKind.kind: Invalid value: "1": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
        ],
      ],
    ];
    for (const [name, spec, expected] of rows)
      assert.deepEqual(found(validateValidatingPolicy(validating(spec))), expected, name);
  });

  test('conditions that an update leaves alone are left alone', () => {
    const old = validating(condition('1'));
    assert.deepEqual(found(validateValidatingPolicy(validating(condition('1')), old)), []);
    assert.equal(validateValidatingPolicy(validating({ ...condition('1'), ...PARAMS }), old).length, 1);
    assert.equal(validateValidatingPolicy(validating(condition('2')), old).length, 1);
  });

  test('mutating policies make objects or patches', () => {
    const rows: [string, object, string[]][] = [
      ['all well', {}, []],
      ['fields', { mutations: [apply('Object{spec: Object.spec{replicas: 1}}')] }, []],
      ['patch', { mutations: [jsonPatch("[JSONPatch{op: 'add', path: '/a', value: Object.a{b: 1}}]")] }, []],
      ['no mutations', { mutations: [] }, ['spec.mutations: Required value: mutations must contain at least one item']],
      [
        'no object',
        { mutations: [apply('1')] },
        ['spec.mutations[0].applyConfiguration.expression: Invalid value: "1": must evaluate to Object but got int'],
      ],
      [
        'no patch',
        { mutations: [jsonPatch('[1]')] },
        [
          'spec.mutations[0].jsonPatch.expression: Invalid value: "[1]": must evaluate to list(JSONPatch) but got list(int)',
        ],
      ],
      ['no type', { mutations: [{}] }, ['spec.mutations[0].patchType: Required value']],
      [
        'both',
        { mutations: [{ ...apply('Object{}'), jsonPatch: { expression: '[]' } }] },
        [
          'spec.mutations[0].jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration',
        ],
      ],
      [
        'the other',
        { mutations: [{ ...apply('Object{}'), patchType: 'JSONPatch' }] },
        [
          'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch',
          'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch',
        ],
      ],
      ['reinvocation', { reinvocationPolicy: '' }, ['spec.reinvocationPolicy: Required value']],
      [
        'deletions',
        { matchConstraints: { ...MATCH, resourceRules: [{ ...RULE, operations: ['DELETE'] }] } },
        [
          'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
        ],
      ],
    ];
    for (const [name, spec, expected] of rows)
      assert.deepEqual(found(validateMutatingPolicy(mutating(spec))), expected, name);
  });

  test('warnings of type checking say where they belong', () => {
    const status = { typeChecking: { expressionWarnings: [{ fieldRef: '', warning: '' }] } };
    const policy = { ...validating({}), status } as unknown as ValidatingAdmissionPolicy;
    assert.deepEqual(found(validateValidatingPolicyStatus(policy)), [
      'status.typeChecking.expressionWarnings[0].warning: Required value',
      'status.typeChecking.expressionWarnings[0].fieldRef: Required value',
    ]);
  });
});

const VARIABLES = [
  'object.x',
  'oldObject.x',
  "request.operation == ''",
  "namespaceObject.metadata.name == ''",
  'params.x',
  "authorizer.group('').resource('pods').check('get').allowed()",
  "authorizer.requestResource.check('get').allowed()",
];

test('bindings of policies', () => {
  const rows: [string, object, string[]][] = [
    ['all well', {}, []],
    ['no policy', { policyName: '' }, ['spec.policyName: Required value']],
    [
      'no actions',
      { validationActions: [] },
      ['spec.validationActions: Required value: at least one validation action is required'],
    ],
    ['repeated', { validationActions: ['Deny', 'Deny'] }, ['spec.validationActions[1]: Duplicate value: "Deny"']],
    [
      'contradictory',
      { validationActions: ['Deny', 'Warn'] },
      [
        'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ],
    ],
    ['parameters', { paramRef: { name: 'a', parameterNotFoundAction: 'Deny' } }, []],
    [
      'no parameters',
      { paramRef: {} },
      [
        'spec.paramRef: Required value: one of name or selector must be specified',
        'spec.paramRef.parameterNotFoundAction: Required value',
      ],
    ],
    [
      'both parameters',
      { paramRef: { name: 'a', selector: {}, parameterNotFoundAction: 'Odd' } },
      [
        'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
        'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
        'spec.paramRef.parameterNotFoundAction: Unsupported value: "Odd": supported values: "Deny", "Allow"',
      ],
    ],
    [
      'matching',
      { matchResources: { ...MATCH, matchPolicy: 'Odd' } },
      ['spec.matchResources.matchPolicy: Unsupported value: "Odd": supported values: "Equivalent", "Exact"'],
    ],
  ];
  for (const [name, extra, expected] of rows) {
    const spec = { policyName: 'p', validationActions: ['Deny'], ...extra };
    const binding = { metadata: { name: 'b' }, spec } as unknown as ValidatingAdmissionPolicyBinding;
    assert.deepEqual(found(validateValidatingBinding(binding)), expected, name);
  }
});

test('bindings of mutating policies are for what can be changed', () => {
  const matchResources = { ...MATCH, resourceRules: [{ ...RULE, operations: ['DELETE'] }] };
  const binding = { metadata: { name: 'b' }, spec: { policyName: 'p', matchResources } };
  assert.deepEqual(found(validateMutatingBinding(binding as unknown as MutatingAdmissionPolicyBinding)), [
    'spec.matchResources.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
  ]);
});
