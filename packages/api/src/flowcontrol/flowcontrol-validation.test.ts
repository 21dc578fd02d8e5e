import { deepEqual } from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FieldError } from '@kts/apimachinery';
import type {
  FlowSchema,
  FlowSchemaSpec,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
} from '../gen/flowcontrol-v1.gen.ts';
import { flowSchemas } from './flowschema.ts';
import { CATCH_ALL, EXEMPT, MANDATORY_FLOW_SCHEMAS, MANDATORY_PRIORITY_LEVELS } from './mandatory-configuration.ts';
import { priorityLevelConfigurations } from './prioritylevelconfiguration.ts';

const context = { now: 0, subresource: '' };
const texts = (errors: readonly FieldError[] | undefined): string[] =>
  (errors ?? []).map(({ field, message }) => `${field}: ${message}`);
const shorten = (all: readonly string[]): string[] => all.map((text) => text.replace(/ \(e\.g\. .*/, ''));
const meta = (name: string) => ({ name, uid: 'u', resourceVersion: '1', creationTimestamp: '' });

describe('flow schemas', () => {
  const subjects: PolicyRulesWithSubjects['subjects'] = [{ kind: 'Group', group: { name: 'g' } }];
  const resourceRule = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['default'] };
  const schema = (spec: Partial<FlowSchemaSpec>, name = 'mine'): FlowSchema => ({
    metadata: meta(name),
    spec: { matchingPrecedence: 500, priorityLevelConfiguration: { name: 'l' }, ...spec },
  });
  const withRule = (rule: object): Partial<FlowSchemaSpec> => ({
    rules: [{ subjects, resourceRules: [resourceRule], ...rule } as PolicyRulesWithSubjects],
  });
  const withSubject = (subject: object) => withRule({ subjects: [subject] });
  const withResources = (fields: object) => withRule({ resourceRules: [{ ...resourceRule, ...fields }] });
  const withUrls = (...nonResourceURLs: string[]) =>
    withRule({ resourceRules: [], nonResourceRules: [{ verbs: ['*'], nonResourceURLs }] });
  const rule = 'spec.rules[0]';
  const first = `${rule}.resourceRules[0]`;
  const urls = `${rule}.nonResourceRules[0].nonResourceURLs`;
  const label =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  const verbs = '"create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"';

  const rows: readonly [name: string, spec: Partial<FlowSchemaSpec>, errors: string[]][] = [
    ['no rules', {}, []],
    ['a rule', withRule({}), []],
    [
      'precedence 0',
      { matchingPrecedence: 0 },
      ['spec.matchingPrecedence: Invalid value: 0: must be a positive value'],
    ],
    [
      'precedence 10001',
      { matchingPrecedence: 10001 },
      ['spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000'],
    ],
    [
      'precedence 1',
      { matchingPrecedence: 1 },
      ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"],
    ],
    [
      'an unknown way to tell flows apart',
      { distinguisherMethod: { type: 'x' as never } },
      ['spec.distinguisherMethod.type: Unsupported value: {"Type":"x"}: supported values: "ByNamespace", "ByUser"'],
    ],
    [
      'no level',
      { priorityLevelConfiguration: { name: '' } },
      ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level'],
    ],
    [
      'no subjects',
      withRule({ subjects: null }),
      [`${rule}.subjects: Required value: subjects must contain at least one value`],
    ],
    [
      'rules about nothing',
      withRule({ resourceRules: [] }),
      [`${rule}: Required value: at least one of resourceRules and nonResourceRules has to be non-empty`],
    ],
    [
      'an unknown kind of subject',
      withSubject({ kind: 'x' }),
      [`${rule}.subjects[0].kind: Unsupported value: "x": supported values: "Group", "ServiceAccount", "User"`],
    ],
    [
      'a user without a name',
      withSubject({ kind: 'User', user: { name: '' } }),
      [`${rule}.subjects[0].user.name: Required value`],
    ],
    [
      'a group that is a user and an account',
      withSubject({ kind: 'Group', user: { name: 'u' }, serviceAccount: { name: 'a', namespace: 'n' } }),
      [
        `${rule}.subjects[0].group: Required value: group is required when subject kind is 'Group'`,
        `${rule}.subjects[0].serviceAccount: Forbidden: serviceAccount is forbidden when subject kind is not 'ServiceAccount'`,
        `${rule}.subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'`,
      ],
    ],
    [
      'every account of a namespace',
      withSubject({ kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'n' } }),
      [],
    ],
    [
      'an account of no namespace',
      withSubject({ kind: 'ServiceAccount', serviceAccount: { name: '', namespace: '' } }),
      [
        `${rule}.subjects[0].serviceAccount.name: Required value`,
        `${rule}.subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account`,
      ],
    ],
    [
      'no verbs',
      withResources({ verbs: [] }),
      [`${first}.verbs: Required value: verbs must contain at least one value`],
    ],
    [
      'every verb and another',
      withResources({ verbs: ['*', 'get'] }),
      [`${first}.verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`],
    ],
    [
      'an unknown verb',
      withResources({ verbs: ['eat'] }),
      [`${first}.verbs: Unsupported value: ["eat"]: supported values: ${verbs}`],
    ],
    [
      'no groups, no resources, no namespaces',
      withResources({ apiGroups: null, resources: null, namespaces: null }),
      [
        `${first}.apiGroups: Required value: resource rules must supply at least one api group`,
        `${first}.resources: Required value: resource rules must supply at least one resource`,
        `${first}.namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace`,
      ],
    ],
    ['nothing but the cluster', withResources({ namespaces: [], clusterScope: true }), []],
    [
      'everything and more',
      withResources({ apiGroups: ['*', 'a'], resources: ['a', '*'], namespaces: ['*', 'a'] }),
      [
        `${first}.apiGroups: Invalid value: ["*","a"]: if '*' is present, must not specify other api groups`,
        `${first}.resources: Invalid value: ["a","*"]: if '*' is present, must not specify other resources`,
        `${first}.namespaces: Invalid value: ["*","a"]: if '*' is present, must not specify other namespaces`,
      ],
    ],
    [
      'a bad namespace',
      withResources({ namespaces: ['A'] }),
      [
        `${first}.namespaces[0]: Invalid value: "A": each member of this list must be '*' or a DNS-1123 label; ${label}`,
      ],
    ],
    ['paths', withUrls('/', '/a', '/a/*'), []],
    ['no paths', withUrls(), [`${urls}: Required value: nonResourceURLs must contain at least one value`]],
    [
      'every path and another',
      withUrls('*', '/a'),
      [`${urls}: Invalid value: ["*","/a"]: if '*' is present, must not specify other non-resource URLs`],
    ],
    [
      'bad paths',
      withUrls('', 'a', '/a b', '/a//b', '/*a', '/*/*'),
      [
        `${urls}[0]: Invalid value: "": must not be empty`,
        `${urls}[1]: Invalid value: "a": must start with slash`,
        `${urls}[2]: Invalid value: "/a b": must not contain white-space`,
        `${urls}[3]: Invalid value: "/a//b": must not contain double slash`,
        `${urls}[4]: Invalid value: "/*a": wildcard can only do suffix matching`,
        `${urls}[5]: Invalid value: "/*/*": wildcard can only do suffix matching`,
      ],
    ],
  ];
  for (const [name, spec, errors] of rows) {
    it(name, () => {
      deepEqual(shorten(texts(flowSchemas.behaviour.validate?.(schema(spec), context))), errors);
      deepEqual(shorten(texts(flowSchemas.behaviour.validateUpdate?.(schema(spec), schema({}), context))), errors);
    });
  }

  for (const [name, spec] of Object.entries(MANDATORY_FLOW_SCHEMAS)) {
    it(`keeps ${name}`, () => {
      deepEqual(texts(flowSchemas.behaviour.validate?.(schema(spec, name), context)), []);
      const changed = texts(flowSchemas.behaviour.validate?.(schema({ ...spec, rules: [] }, name), context));
      deepEqual(
        changed.map((text) => text.replace(/\{.*\}/, '{}')),
        [`spec: Invalid value: {}: spec of '${name}' must equal the fixed value`],
      );
    });
  }

  it('have conditions of different types', () => {
    const status = { conditions: [{ type: 'Dangling' }, { type: 'Dangling' }, {}] } as FlowSchema['status'];
    const object = { ...schema({}), ...(status ? { status } : {}) };
    deepEqual(texts(flowSchemas.behaviour.validateStatusUpdate?.(object, schema({}), context)), [
      'status.conditions[1].type: Duplicate value: "Dangling"',
      'status.conditions[2].type: Required value',
    ]);
  });
});

describe('priority levels', () => {
  const level = (spec: PriorityLevelConfigurationSpec, name = 'mine'): PriorityLevelConfiguration => ({
    metadata: meta(name),
    spec,
  });
  const limited = (fields: object): PriorityLevelConfigurationSpec => ({
    type: 'Limited',
    limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, ...fields },
  });
  const queuing = (queues: number, handSize: number, queueLengthLimit = 5): PriorityLevelConfigurationSpec =>
    limited({ limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit } } });
  const at = 'spec.limited.limitResponse';
  const rows: readonly [name: string, spec: PriorityLevelConfigurationSpec, errors: string[]][] = [
    ['a limit', limited({}), []],
    ['queues', queuing(64, 8), []],
    ['no limit', { type: 'Limited' }, ['spec.limited: Required value: must not be empty when type is Limited']],
    [
      'an unknown type',
      { type: 'x' as never },
      ['spec.type: Unsupported value: "x": supported values: "Exempt", "Limited"'],
    ],
    [
      'an exemption',
      { type: 'Exempt', limited: limited({}).limited! },
      [
        `spec.type: Invalid value: "Exempt": must be 'Exempt' if and only if \`name\` is 'exempt'`,
        'spec.limited: Forbidden: must be nil if the type is not Limited',
      ],
    ],
    [
      'a limit with what exempt levels have',
      { ...limited({}), exempt: {} },
      ['spec.exempt: Forbidden: must be nil if the type is Limited'],
    ],
    [
      'negative numbers',
      limited({ nominalConcurrencyShares: -1, lendablePercent: 101, borrowingLimitPercent: -1 }),
      [
        'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
        'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
        'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
      ],
    ],
    [
      'an unknown response',
      limited({ limitResponse: { type: '' } }),
      [`${at}.type: Unsupported value: "": supported values: "Queue", "Reject"`],
    ],
    [
      'queues that are not used',
      limited({ limitResponse: { type: 'Reject', queuing: {} } }),
      [`${at}.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited`],
    ],
    [
      'no queues',
      limited({ limitResponse: { type: 'Queue' } }),
      [`${at}.queuing: Required value: must not be empty if limited.limitResponse.type is Limited`],
    ],
    [
      'queues of nothing',
      queuing(-1, 0, 0),
      [
        `${at}.queuing.queueLengthLimit: Invalid value: 0: must be positive`,
        `${at}.queuing.queues: Invalid value: -1: must be positive`,
        `${at}.queuing.handSize: Invalid value: 0: must be positive`,
      ],
    ],
    [
      'too many queues',
      queuing(10_000_001, 1),
      [`${at}.queuing.queues: Invalid value: 10000001: must not be greater than 10000000`],
    ],
    [
      'a large hand',
      queuing(4, 5),
      [`${at}.queuing.handSize: Invalid value: 5: should not be greater than queues (4)`],
    ],
    [
      'more entropy than a hash has',
      queuing(64, 11),
      [
        `${at}.queuing.handSize: Invalid value: 11: required entropy bits of deckSize 64 and handSize 11 should not be greater than 60`,
      ],
    ],
  ];
  for (const [name, spec, errors] of rows) {
    it(name, () => deepEqual(texts(priorityLevelConfigurations.behaviour.validate?.(level(spec), context)), errors));
  }

  it('lets administrators choose what the exempt level lends', () => {
    const spec: PriorityLevelConfigurationSpec = {
      ...MANDATORY_PRIORITY_LEVELS[EXEMPT]!,
      exempt: { lendablePercent: 50 },
    };
    deepEqual(texts(priorityLevelConfigurations.behaviour.validate?.(level(spec, EXEMPT), context)), []);
  });

  it('keeps the level of last resort', () => {
    const changed = texts(priorityLevelConfigurations.behaviour.validate?.(level(limited({}), CATCH_ALL), context));
    deepEqual(
      changed.map((text) => text.replace(/\{.*\}/, '{}')),
      [`spec: Invalid value: {}: spec of 'catch-all' must equal the fixed value`],
    );
    const spec = MANDATORY_PRIORITY_LEVELS[CATCH_ALL]!;
    deepEqual(texts(priorityLevelConfigurations.behaviour.validate?.(level(spec, CATCH_ALL), context)), []);
  });
});
