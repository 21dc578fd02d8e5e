import { describe } from 'node:test';
import { testCreation, testStatusUpdate, testUpdate, testWarnings } from '../testing/rule-table.ts';
import { csiDrivers } from './csidriver.ts';
import { csiNodes } from './csinode.ts';
import { csiStorageCapacities } from './csistoragecapacity.ts';
import { storageClasses } from './storageclass.ts';
import { volumeAttachments } from './volumeattachment.ts';
import { volumeAttributesClasses } from './volumeattributesclass.ts';

const storageClass = { definition: storageClasses, base: { provisioner: 'a.b/c' } };
const topology = (...matchLabelExpressions: object[]): object => ({ allowedTopologies: [{ matchLabelExpressions }] });
const zones = { key: 'zone', values: ['a'] };
const attachment = {
  definition: volumeAttachments,
  base: { spec: { attacher: 'a.b', nodeName: 'n', source: { persistentVolumeName: 'v' } } },
};
const csiNode = {
  definition: csiNodes,
  base: { spec: { drivers: [{ name: 'a.b', nodeID: 'n', topologyKeys: ['zone'] }] } },
};
const driver = (fields: object): object => ({
  spec: { drivers: [{ name: 'a.b', nodeID: 'n', topologyKeys: ['zone'], ...fields }] },
});
const csiDriver = { definition: csiDrivers, base: { spec: {} } };
const capacity = { definition: csiStorageCapacities, base: { storageClassName: 's', capacity: '1Gi' } };
const attributes = { definition: volumeAttributesClasses, base: { driverName: 'a.b', parameters: { a: 'b' } } };

describe('storage classes', () => {
  testCreation(storageClass, [
    ['the least', {}],
    ['no provisioner', { provisioner: '' }, 'provisioner: Required value'],
    [
      'a bad provisioner',
      { provisioner: 'a b' },
      `provisioner: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    ['parameters', { parameters: { a: 'b' } }],
    ['a parameter without name', { parameters: { '': 'b' } }, 'parameters: Invalid value: "": field can not be empty.'],
    [
      'an unknown reclaim policy',
      { reclaimPolicy: 'Recycle' },
      'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
    ],
    [
      'an unknown mode',
      { volumeBindingMode: 'x' },
      'volumeBindingMode: Unsupported value: "x": supported values: "Immediate", "WaitForFirstConsumer"',
    ],
    ['a topology', topology(zones)],
    [
      'no values',
      topology({ key: 'zone', values: [] }),
      'allowedTopologies[0].matchLabelExpressions[0].values: Required value',
    ],
    [
      'a value twice',
      topology({ key: 'zone', values: ['a', 'a'] }),
      'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
    ],
    [
      'a bad key',
      topology({ key: 'a b', values: ['a'] }),
      `allowedTopologies[0].matchLabelExpressions[0].key: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a key twice',
      topology(zones, zones),
      'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "zone"',
    ],
    ['an empty topology', topology(), 'allowedTopologies[0].matchLabelExpressions: Duplicate value: ""'],
    [
      'a topology twice',
      { allowedTopologies: [{ matchLabelExpressions: [zones] }, { matchLabelExpressions: [zones] }] },
      'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
    ],
  ]);
});

describe('changes of storage classes', () => {
  testUpdate(storageClass, [
    ['expansion', { allowVolumeExpansion: true }],
    ['another provisioner', { provisioner: 'a.b/d' }, 'provisioner: Invalid value: "a.b/d": field is immutable'],
    ['parameters', { parameters: { a: 'b' } }, 'parameters: Invalid value: {"a":"b"}: field is immutable'],
    ['another policy', { reclaimPolicy: 'Retain' }, 'reclaimPolicy: Invalid value: "Retain": field is immutable'],
    [
      'another mode',
      { volumeBindingMode: 'WaitForFirstConsumer' },
      'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
    ],
  ]);
});

describe('warnings about storage classes', () => {
  testWarnings(storageClass, [
    ['none', topology(zones)],
    [
      'a label that has another name',
      topology({ key: 'failure-domain.beta.kubernetes.io/zone', values: ['a'] }),
      'allowedTopologies[0].matchLabelExpressions[0].key: deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    ],
  ]);
});

describe('attachments', () => {
  testCreation(attachment, [
    ['the least', {}],
    ['nobody', { spec: { attacher: '' } }, 'spec.attacher: Required value'],
    [
      'a bad name',
      { spec: { attacher: 'a b' } },
      `spec.attacher: Invalid value: "a b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'no volume',
      { spec: { source: { persistentVolumeName: null } } },
      'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
    ],
    [
      'no name of a volume',
      { spec: { source: { persistentVolumeName: '' } } },
      'spec.source.persistentVolumeName: Required value: must specify non empty persistentVolumeName',
      `spec.source.persistentVolumeName: Invalid value: "": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a volume inside',
      {
        spec: {
          source: {
            persistentVolumeName: null,
            inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], csi: { driver: 'a.b', volumeHandle: 'h' } },
          },
        },
      },
    ],
    [
      'a volume inside of another kind',
      {
        spec: {
          source: {
            persistentVolumeName: null,
            inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], nfs: { server: 's', path: '/' } },
          },
        },
      },
      'spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes',
    ],
    [
      'both',
      {
        spec: {
          source: { inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], csi: { driver: 'a.b', volumeHandle: 'h' } } },
        },
      },
      'spec.source: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
    ],
    [
      'no node',
      { spec: { nodeName: '' } },
      `spec.nodeName: Invalid value: "": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a bad node',
      { spec: { nodeName: 'A' } },
      `spec.nodeName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
  ]);
});

describe('changes of attachments', () => {
  testUpdate(attachment, [
    [
      'another node',
      { spec: { nodeName: 'o' } },
      'spec: Invalid value: {"Attacher":"a.b","Source":{"PersistentVolumeName":"v","InlineVolumeSpec":null},"NodeName":"o"}: field is immutable',
    ],
  ]);
});

describe('status of attachments', () => {
  testStatusUpdate(attachment, [
    ['attached', { status: { attached: true, attachmentMetadata: { a: 'b' } } }],
    [
      'too much',
      { status: { attached: true, attachmentMetadata: { a: 'b'.repeat(262_145) } } },
      'status.attachmentMetadata: Too long: may not be more than 262144 bytes',
    ],
  ]);
});

describe('nodes', () => {
  testCreation(csiNode, [
    ['the least', {}],
    ['no driver', driver({ name: '' }), 'spec.drivers[0].name: Required value'],
    [
      'a bad driver',
      driver({ name: '-' }),
      `spec.drivers[0].name: Invalid value: "-": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    ['no identity', driver({ nodeID: '' }), 'spec.drivers[0].nodeID: Required value'],
    [
      'a long identity',
      driver({ nodeID: 'n'.repeat(257) }),
      'spec.drivers[0].nodeID: Invalid value: "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn": must be 256 characters or less',
    ],
    [
      'no volumes',
      driver({ allocatable: { count: -1 } }),
      'spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'an empty key',
      driver({ topologyKeys: [''] }),
      'spec.drivers[0]: Required value',
      'spec.drivers[0]: Invalid value: "": name part must be non-empty',
      `spec.drivers[0]: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a bad key',
      driver({ topologyKeys: ['a b'] }),
      `spec.drivers[0]: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    ['a key twice', driver({ topologyKeys: ['a', 'a'] }), 'spec.drivers[0]: Duplicate value: "a"'],
    [
      'a driver twice',
      {
        spec: {
          drivers: [
            { name: 'a.b', nodeID: 'n' },
            { name: 'a.b', nodeID: 'n' },
          ],
        },
      },
      'spec.drivers[1].name: Duplicate value: "a.b"',
    ],
  ]);
});

describe('changes of nodes', () => {
  testUpdate(csiNode, [
    ['more volumes', driver({ allocatable: { count: 1 } })],
    [
      'another identity',
      driver({ nodeID: 'm' }),
      'spec.drivers: Invalid value: {"Name":"a.b","NodeID":"m","TopologyKeys":["zone"],"Allocatable":null}: field is immutable',
    ],
  ]);
});

describe('drivers', () => {
  testCreation(csiDriver, [
    ['the least', {}],
    [
      'an unknown policy for groups',
      { spec: { fsGroupPolicy: 'x' } },
      'spec.fsGroupPolicy: Unsupported value: "x": supported values: "File", "None", "ReadWriteOnceWithFSType"',
    ],
    [
      'an unknown mode',
      { spec: { volumeLifecycleModes: ['x'] } },
      'spec.volumeLifecycleModes: Unsupported value: "x": supported values: "Persistent", "Ephemeral"',
    ],
    ['tokens', { spec: { tokenRequests: [{ audience: 'a', expirationSeconds: 600 }] } }],
    [
      'tokens for the same',
      { spec: { tokenRequests: [{ audience: 'a' }, { audience: 'a' }] } },
      'spec.tokenRequests[1].audience: Duplicate value: "a"',
    ],
    [
      'short tokens',
      { spec: { tokenRequests: [{ audience: 'a', expirationSeconds: 599 }] } },
      'spec.tokenRequests[0].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    ],
    [
      'long tokens',
      { spec: { tokenRequests: [{ audience: 'a', expirationSeconds: 4_294_967_297 }] } },
      'spec.tokenRequests[0].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
    ],
    [
      'rare updates',
      { spec: { nodeAllocatableUpdatePeriodSeconds: 9 } },
      'spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds',
    ],
    [
      'tokens in secrets alone',
      { spec: { serviceAccountTokenInSecrets: true } },
      'spec.serviceAccountTokenInSecrets: Invalid value: true: serviceAccountTokenInSecrets is set but no tokenRequests are specified',
    ],
  ]);
});

describe('changes of drivers', () => {
  testUpdate(csiDriver, [
    [
      'without attachments',
      { spec: { attachRequired: false } },
      'spec.attachedRequired: Invalid value: false: field is immutable',
    ],
    ['another policy for groups', { spec: { fsGroupPolicy: 'File' } }],
    [
      'other modes',
      { spec: { volumeLifecycleModes: ['Ephemeral'] } },
      'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable',
    ],
    ['capacity', { spec: { storageCapacity: true } }],
    ['tokens', { spec: { tokenRequests: [{ audience: 'a' }] } }],
  ]);
});

describe('capacities', () => {
  testCreation(capacity, [
    ['the least', {}],
    [
      'a bad class',
      { storageClassName: '-' },
      `storageClassName: Invalid value: "-": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    ['below zero', { capacity: '-1' }, 'capacity: Invalid value: "-1": must be greater than or equal to 0'],
    ['at most below zero', { maximumVolumeSize: '-1' }],
    [
      'a bad topology',
      { nodeTopology: { matchLabels: { 'a b': 'c' } } },
      `nodeTopology.matchLabels: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
  ]);
});

describe('changes of capacities', () => {
  testUpdate(capacity, [
    ['more', { capacity: '2Gi' }],
    ['another class', { storageClassName: 't' }, 'storageClassName: Invalid value: "t": field is immutable'],
    [
      'another topology',
      { nodeTopology: { matchLabels: { a: 'b' } } },
      'nodeTopology: Invalid value: {"matchLabels":{"a":"b"}}: field is immutable',
    ],
  ]);
});

describe('attributes', () => {
  testCreation(attributes, [
    ['the least', {}],
    ['no driver', { driverName: '' }, 'driverName: Required value'],
    [
      'a bad driver',
      { driverName: '-' },
      `driverName: Invalid value: "-": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    ['no parameters', { parameters: null }, 'parameters: Required value: must contain at least one key/value pair'],
  ]);
});

describe('changes of attributes', () => {
  testUpdate(attributes, [
    ['another driver', { driverName: 'c.d' }, 'driverName: Forbidden: updates to driverName are forbidden.'],
    ['other parameters', { parameters: { a: 'c' } }, 'parameters: Forbidden: updates to parameters are forbidden.'],
  ]);
});
