import { describe } from 'node:test';
import { testCreation, testStatusUpdate, testUpdate, testWarnings } from '../testing/rule-table.ts';
import { configMaps } from './configmap.ts';
import { limitRanges } from './limitrange.ts';
import { namespaces } from './namespace.ts';
import { nodes } from './node.ts';
import { replicationControllers } from './replicationcontroller.ts';
import { resourceQuotas } from './resourcequota.ts';
import { secrets } from './secret.ts';

const node = { definition: nodes, base: {} };
const namespace = { definition: namespaces, base: {} };
const quota = { definition: resourceQuotas, base: { spec: { hard: { pods: '1' } } } };
const limitRange = { definition: limitRanges, base: {} };
const secret = { definition: secrets, base: {} };
const configMap = { definition: configMaps, base: {} };
const labels = { app: 'a' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const controller = { definition: replicationControllers, base: { spec: { selector: labels, template } } };
const taints = (...listed: object[]): object => ({ spec: { taints: listed } });
const annotated = (key: string, value: string): object => ({ metadata: { annotations: { [key]: value } } });
const hard = (amounts: object, fields: object = {}): object => ({
  spec: { hard: { pods: null, ...amounts }, ...fields },
});
const selecting = (...matchExpressions: object[]): object => ({ spec: { scopeSelector: { matchExpressions } } });
const limit = (fields: object): object => ({ spec: { limits: [{ type: 'Container', ...fields }] } });
const typed = (type: string, data: Record<string, string>): object => ({
  type,
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
});

describe('nodes', () => {
  testCreation(node, [
    ['the least', {}],
    ['a taint', taints({ key: 'a', effect: 'NoSchedule' })],
    [
      'a taint without key',
      taints({ effect: 'NoSchedule' }),
      'metadata.taints[0].key: Invalid value: "": name part must be non-empty',
      `metadata.taints[0].key: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    ['a taint without effect', taints({ key: 'a' }), 'metadata.taints[0].effect: Required value'],
    [
      'an unknown effect',
      taints({ key: 'a', effect: 'x' }),
      'metadata.taints[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
    [
      'a bad value',
      taints({ key: 'a', value: 'b c', effect: 'NoSchedule' }),
      `metadata.taints[0].value: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a taint twice',
      taints({ key: 'a', effect: 'NoSchedule' }, { key: 'a', value: 'b', effect: 'NoSchedule' }),
      'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"b","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
    ],
    ['ranges of addresses', { spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24', 'fd00::/64'] } }],
    ['another first range', { spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.1.0.0/24'] } }],
    [
      'a range that is none',
      { spec: { podCIDRs: ['x'] } },
      'spec.podCIDRs[0]: Invalid value: "x": must be a valid CIDR value,',
    ],
    [
      'ranges of one family',
      { spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24', '10.1.0.0/24'] } },
      'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one CIDR for each IP family',
    ],
    [
      'taints as text',
      annotated('scheduler.alpha.kubernetes.io/taints', 'x'),
      `metadata.annotations: Invalid value: "scheduler.alpha.kubernetes.io/taints": invalid character 'x' looking for beginning of value`,
    ],
  ]);
});

describe('changes of nodes', () => {
  testUpdate(
    node,
    [
      ['labels', { metadata: { labels: { a: 'b' } } }],
      [
        'another range',
        { spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] } },
        'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
      ],
      [
        'another provider',
        { spec: { providerID: 'b' } },
        'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
      ],
      ['unschedulable', { spec: { unschedulable: true } }],
    ],
    { spec: { podCIDRs: ['10.0.0.0/24'], providerID: 'a' } },
  );
});

describe('status of nodes', () => {
  testStatusUpdate(node, [
    ['a capacity', { status: { capacity: { cpu: '1' }, allocatable: { cpu: '1' } } }],
    [
      'a capacity below zero',
      { status: { capacity: { cpu: '-1' } } },
      'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
      'status.allocatable.cpu: Invalid value: "-1": must be greater than or equal to 0',
    ],
    [
      'an address twice',
      {
        status: {
          addresses: [
            { type: 'InternalIP', address: 'a' },
            { type: 'InternalIP', address: 'a' },
          ],
        },
      },
      'status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"a"}',
    ],
  ]);
});

describe('namespaces', () => {
  testCreation(namespace, [
    ['the least', {}],
    [
      'a finalizer without domain',
      { spec: { finalizers: ['x'] } },
      'spec.finalizers: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
    ],
  ]);
});

describe('resource quotas', () => {
  testCreation(quota, [
    ['the least', {}],
    ['below zero', hard({ cpu: '-1' }), 'spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
    ['a part of a pod', hard({ pods: '500m' }), 'spec.hard[pods]: Invalid value: "500m": must be an integer'],
    [
      'an unknown resource',
      hard({ x: '1' }),
      'spec.hard[x]: Invalid value: "x": must be a standard resource type or fully qualified',
      'spec.hard[x]: Invalid value: "x": must be a standard resource for quota',
    ],
    ['a count of objects', hard({ 'count/pods': '1' })],
    [
      'an unknown scope',
      hard({ pods: '1' }, { scopes: ['x'] }),
      'spec.scopes: Invalid value: ["x"]: unsupported scope',
    ],
    [
      'scopes that exclude each other',
      hard({ pods: '1' }, { scopes: ['BestEffort', 'NotBestEffort'] }),
      'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
    ],
    [
      'a scope that does not count this',
      hard({ cpu: '1' }, { scopes: ['BestEffort'] }),
      'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
    ],
    ['a selector', selecting({ scopeName: 'PriorityClass', operator: 'In', values: ['a'] })],
    [
      'a selector without values',
      selecting({ scopeName: 'PriorityClass', operator: 'In' }),
      "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
    ],
    [
      'a selector with values that do not matter',
      selecting({ scopeName: 'PriorityClass', operator: 'Exists', values: ['a'] }),
      "spec.scopeSelector.matchExpressions.values: Invalid value: [\"a\"]: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
    ],
    [
      'a selector of another operator',
      selecting({ scopeName: 'Terminating', operator: 'In', values: ['a'] }),
      `spec.scopeSelector.matchExpressions.operator: Invalid value: "In": must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity`,
    ],
    [
      'an unknown operator',
      selecting({ scopeName: 'PriorityClass', operator: 'x' }),
      'spec.scopeSelector.matchExpressions.operator: Invalid value: "x": not a valid selector operator',
    ],
  ]);
});

describe('changes of resource quotas', () => {
  testUpdate(quota, [
    ['other amounts', hard({ pods: '2' })],
    [
      'other scopes',
      { spec: { scopes: ['BestEffort'] } },
      'spec.scopes: Invalid value: ["BestEffort"]: field is immutable',
    ],
  ]);
});

describe('limit ranges', () => {
  testCreation(limitRange, [
    ['the least', {}],
    ['limits of containers', limit({ max: { cpu: '2' }, min: { cpu: '1' } })],
    [
      'the least above the most',
      limit({ max: { cpu: '1' }, min: { cpu: '2' } }),
      'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
      'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
    ],
    [
      'a default above the most',
      limit({ max: { cpu: '1' }, default: { cpu: '2' } }),
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than max value 1',
      'spec.limits[0].default[cpu]: Invalid value: "1": default value 2 is greater than max value 1',
    ],
    [
      'a default below the least',
      limit({ min: { cpu: '2' }, default: { cpu: '1' } }),
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
      'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
    ],
    [
      'a default request above the default',
      limit({ default: { cpu: '1' }, defaultRequest: { cpu: '2' } }),
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1',
    ],
    [
      'a ratio below one',
      limit({ maxLimitRequestRatio: { cpu: '500m' } }),
      'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1',
    ],
    [
      'a ratio beyond the limits',
      limit({ max: { cpu: '2' }, min: { cpu: '1' }, maxLimitRequestRatio: { cpu: '3' } }),
      'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
    ],
    [
      'defaults of pods',
      limit({ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }),
      "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
      "spec.limits[0].defaultRequest: Forbidden: may not be specified when `type` is 'Pod'",
    ],
    [
      'claims without storage',
      limit({ type: 'PersistentVolumeClaim', max: { cpu: '1' } }),
      'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
    ],
    [
      'a type without domain',
      limit({ type: 'x' }),
      'spec.limits[0].type: Invalid value: "x": must be a standard limit type or fully qualified',
    ],
    [
      'a type twice',
      { spec: { limits: [{ type: 'Pod' }, { type: 'Pod' }] } },
      'spec.limits[1].type: Duplicate value: "Pod"',
    ],
  ]);
});

describe('secrets', () => {
  testCreation(secret, [
    ['the least', {}],
    [
      'a bad key',
      typed('Opaque', { 'a b': 'c' }),
      `data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters, '-', '_' or '.'`,
    ],
    [
      'a token without account',
      typed('kubernetes.io/service-account-token', {}),
      'metadata.annotations[kubernetes.io/service-account.name]: Required value',
    ],
    [
      'a token of an account',
      { ...typed('kubernetes.io/service-account-token', {}), ...annotated('kubernetes.io/service-account.name', 'a') },
    ],
    ['a Docker configuration', typed('kubernetes.io/dockerconfigjson', { '.dockerconfigjson': '{}' })],
    ['no Docker configuration', typed('kubernetes.io/dockerconfigjson', {}), 'data[.dockerconfigjson]: Required value'],
    [
      'a Docker configuration that is none',
      typed('kubernetes.io/dockerconfigjson', { '.dockerconfigjson': 'x' }),
      `data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character 'x' looking for beginning of value`,
    ],
    [
      'an old Docker configuration that is none',
      typed('kubernetes.io/dockercfg', { '.dockercfg': 'x' }),
      `data[.dockercfg]: Invalid value: "<secret contents redacted>": invalid character 'x' looking for beginning of value`,
    ],
    [
      'no name and no password',
      typed('kubernetes.io/basic-auth', {}),
      'data[username]: Required value',
      'data[password]: Required value',
    ],
    ['a name', typed('kubernetes.io/basic-auth', { username: 'a' })],
    ['no key', typed('kubernetes.io/ssh-auth', {}), 'data[ssh-privatekey]: Required value'],
    ['no certificate', typed('kubernetes.io/tls', { 'tls.key': 'a' }), 'data[tls.crt]: Required value'],
  ]);
});

describe('changes of secrets', () => {
  testUpdate(secret, [
    ['another type', { type: 'x' }, 'type: Invalid value: "x": field is immutable'],
    ['other data', typed('Opaque', { a: 'b' })],
  ]);
});

describe('changes of fixed secrets', () => {
  testUpdate(
    secret,
    [
      ['other data', typed('Opaque', { a: 'b' }), 'data: Forbidden: field is immutable when `immutable` is set'],
      ['no longer fixed', { immutable: false }, 'immutable: Forbidden: field is immutable when `immutable` is set'],
    ],
    { immutable: true },
  );
});

describe('config maps', () => {
  testCreation(configMap, [
    ['the least', {}],
    [
      'a bad key',
      { data: { 'a b': 'c' } },
      `data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters, '-', '_' or '.'`,
    ],
    [
      'a key in both',
      { data: { a: 'b' }, binaryData: { a: 'YQ==' } },
      'data[a]: Invalid value: "a": duplicate of key present in binaryData',
    ],
  ]);
});

describe('changes of fixed config maps', () => {
  testUpdate(
    configMap,
    [
      ['other data', { data: { a: 'b' } }, 'data: Forbidden: field is immutable when `immutable` is set'],
      ['no longer fixed', { immutable: false }, 'immutable: Forbidden: field is immutable when `immutable` is set'],
    ],
    { immutable: true },
  );
});

describe('replication controllers', () => {
  testCreation(controller, [
    ['the least', {}],
    [
      'fewer than none',
      { spec: { replicas: -1, minReadySeconds: -1 } },
      'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'another selector',
      { spec: { selector: { app: 'b' } } },
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
    [
      'pods that end',
      { spec: { template: { spec: { restartPolicy: 'Never' } } } },
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    ['no template', { spec: { template: null } }, 'spec.template: Required value'],
  ]);
});

describe('warnings about nodes', () => {
  testWarnings(node, [
    ['none', {}],
    [
      'an external identity',
      { spec: { externalID: 'a' } },
      'spec.externalID: this field is deprecated, and is unused by Kubernetes',
    ],
    ['a configuration', { spec: { configSource: {} } }],
    ['a label that has another name', { metadata: { labels: { 'beta.kubernetes.io/os': 'linux' } } }],
  ]);
});
