import { describe } from 'node:test';
import { testCreation, testStatusUpdate, testUpdate, testWarnings } from '../testing/rule-table.ts';
import { persistentVolumes } from './persistentvolume.ts';
import { persistentVolumeClaims } from './persistentvolumeclaim.ts';

const volume = {
  definition: persistentVolumes,
  base: {
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      csi: { driver: 'd.example.com', volumeHandle: 'h' },
    },
  },
};
const claim = {
  definition: persistentVolumeClaims,
  base: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
};
const withSpec = (spec: object): object => ({ spec });
const withSource = (source: object): object => withSpec({ csi: null, ...source });
const withCsi = (csi: object): object => withSpec({ csi });
const required = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }] };
const withDataSource = (dataSource: object): object => withSpec({ dataSource });
const withDataSourceRef = (dataSourceRef: object): object => withSpec({ dataSourceRef });

describe('volumes', () => {
  testCreation(volume, [
    ['the least', {}],
    [
      'no capacity',
      withSpec({ capacity: null }),
      'spec.capacity: Required value',
      'spec.capacity: Unsupported value: null: supported values: "storage"',
    ],
    [
      'a capacity of zero',
      withSpec({ capacity: { storage: '0' } }),
      'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
    ],
    [
      'a capacity of something else',
      withSpec({ capacity: { cpu: '1' } }),
      'spec.capacity: Unsupported value: {"cpu":"1","storage":"1Gi"}: supported values: "storage"',
    ],
    ['no access', withSpec({ accessModes: null }), 'spec.accessModes: Required value'],
    [
      'an unknown access',
      withSpec({ accessModes: ['x'] }),
      'spec.accessModes: Unsupported value: "x": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
    ],
    [
      'one pod and more',
      withSpec({ accessModes: ['ReadWriteOncePod', 'ReadOnlyMany'] }),
      'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
    ],
    ['no source', withSource({}), 'spec: Required value: must specify a volume type'],
    [
      'two sources',
      withSpec({ nfs: { server: 's', path: '/p' } }),
      'spec.csi: Forbidden: may not specify more than 1 volume type',
    ],
    [
      'an unknown reclaim policy',
      withSpec({ persistentVolumeReclaimPolicy: 'x' }),
      'spec.persistentVolumeReclaimPolicy: Unsupported value: "x": supported values: "Delete", "Recycle", "Retain"',
    ],
    [
      'the root to recycle',
      withSource({ hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' }),
      "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
    ],
    [
      'a bad class',
      withSpec({ storageClassName: 'A' }),
      `spec.storageClassName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'an unknown mode',
      withSpec({ volumeMode: 'x' }),
      'spec.volumeMode: Unsupported value: "x": supported values: "Block", "Filesystem"',
    ],
    ['blocks of a source that has none', withSource({ nfs: { server: 's', path: '/p' }, volumeMode: 'Block' })],
    [
      'a local volume anywhere',
      withSource({ local: { path: '/p' } }),
      'spec.nodeAffinity: Required value: Local volume requires node affinity',
    ],
    ['a local volume', withSource({ local: { path: '/p' }, nodeAffinity: { required } })],
    [
      'a place without terms',
      withSpec({ nodeAffinity: { required: { nodeSelectorTerms: [] } } }),
      'spec.nodeAffinity.required.nodeSelectorTerms: Required value: must have at least one node selector term',
    ],
    [
      'a place of nothing',
      withSpec({ nodeAffinity: {} }),
      'spec.nodeAffinity.required: Required value: must specify required node constraints',
    ],
    [
      'no attributes class',
      withSpec({ volumeAttributesClassName: '' }),
      'spec.volumeAttributesClassName: Required value: an empty string is disallowed',
    ],
    [
      'an attributes class of another source',
      withSource({ nfs: { server: 's', path: '/p' }, volumeAttributesClassName: 'a' }),
      'spec.csi: Required value: has to be specified when using volumeAttributesClassName',
    ],
  ]);
});

describe('sources', () => {
  testCreation(volume, [
    ['no driver', withCsi({ driver: '' }), 'spec.csi.driver: Required value'],
    [
      'a bad driver',
      withCsi({ driver: '-' }),
      `spec.csi.driver: Invalid value: "-": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    ['no handle', withCsi({ volumeHandle: '' }), 'spec.csi.volumeHandle: Required value'],
    [
      'a secret without namespace',
      withCsi({ nodePublishSecretRef: { name: 'a' } }),
      'spec.csi.nodePublishSecretRef.namespace: Required value',
    ],
    [
      'a secret without name',
      withCsi({ controllerPublishSecretRef: { namespace: 'a' } }),
      'spec.csi.controllerPublishSecretRef.name: Required value',
    ],
    [
      'no server',
      withSource({ nfs: { path: 'p' } }),
      'spec.nfs.server: Required value',
      'spec.nfs.path: Invalid value: "p": must be an absolute path',
    ],
    [
      'a way back',
      withSource({ hostPath: { path: '/a/..' } }),
      `spec.hostPath.path: Invalid value: "/a/..": must not contain '..'`,
    ],
    [
      'no portal',
      withSource({ iscsi: { iqn: 'x', lun: 256 } }),
      'spec.iscsi.targetPortal: Required value',
      'spec.iscsi.iqn: Invalid value: "x": must be valid format',
      'spec.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive',
    ],
    [
      'no monitors',
      withSource({ rbd: { image: '' } }),
      'spec.rbd.monitors: Required value',
      'spec.rbd.image: Required value',
    ],
    [
      'no names',
      withSource({ fc: {} }),
      'spec.fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both',
    ],
    [
      'no share',
      withSource({ azureFile: { secretName: '', shareName: '' } }),
      'spec.azureFile.secretName: Required value',
      'spec.azureFile.shareName: Required value',
    ],
    ["no driver of one's own", withSource({ flexVolume: { driver: '' } }), 'spec.flexVolume.driver: Required value'],
    [
      'no gateway',
      withSource({ scaleIO: {} }),
      'spec.scaleIO.gateway: Required value',
      'spec.scaleIO.system: Required value',
      'spec.scaleIO.volumeName: Required value',
    ],
    [
      'no endpoints',
      withSource({ glusterfs: {} }),
      'spec.glusterfs.endpoints: Required value',
      'spec.glusterfs.path: Required value',
    ],
  ]);
});

describe('changes of volumes', () => {
  testUpdate(volume, [
    ['more', withSpec({ capacity: { storage: '2Gi' } })],
    [
      'another source',
      withCsi({ volumeHandle: 'i' }),
      'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n@@ -22,7 +22,7 @@\n  "StorageOS": null,\n  "CSI": {\n   "Driver": "d.example.com",\n-  "VolumeHandle": "h",\n+  "VolumeHandle": "i",\n   "ReadOnly": false,\n   "FSType": "",\n   "VolumeAttributes": null,\n',
    ],
    ['a secret for expansion', withCsi({ controllerExpandSecretRef: { name: 'a', namespace: 'b' } })],
    ['another mode', withSpec({ volumeMode: 'Block' }), 'volumeMode: Invalid value: "Block": field is immutable'],
    ['a place', withSpec({ nodeAffinity: { required } })],
  ]);
});

describe('changes of placed volumes', () => {
  testUpdate(
    volume,
    [
      [
        'another place',
        withSpec({ nodeAffinity: { required } }),
        'nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"a","Operator":"In","Values":["b"]}],"MatchFields":null}]}}: field is immutable, except for updating from beta label to GA',
      ],
      [
        'anywhere',
        withSpec({ nodeAffinity: null }),
        'nodeAffinity: Invalid value: null: field is immutable, except for updating from beta label to GA',
      ],
      [
        'the newer label',
        withSpec({
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['b'] }] }],
            },
          },
        }),
      ],
    ],
    withSpec({
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'beta.kubernetes.io/os', operator: 'In', values: ['b'] }] }],
        },
      },
    }),
  );
});

describe('warnings about volumes', () => {
  testWarnings(volume, [
    ['none', {}],
    [
      'a class as annotation',
      { metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'a' } } },
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
    ],
    [
      'mount options as annotation',
      { metadata: { annotations: { 'volume.beta.kubernetes.io/mount-options': 'a' } } },
      'metadata.annotations[volume.beta.kubernetes.io/mount-options]: deprecated since v1.31; use "mountOptions" attribute instead',
    ],
    [
      'to recycle',
      withSpec({ persistentVolumeReclaimPolicy: 'Recycle' }),
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    ],
    [
      'a label that has another name',
      withSpec({
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone', operator: 'In', values: ['b'] }] },
            ],
          },
        },
      }),
      'spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    ],
  ]);
});

describe('claims', () => {
  testCreation(claim, [
    ['the least', {}],
    [
      'no access',
      withSpec({ accessModes: null }),
      'spec.accessModes: Required value: at least 1 access mode is required',
    ],
    [
      'one pod and more',
      withSpec({ accessModes: ['ReadWriteOncePod', 'ReadOnlyMany'] }),
      'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
    ],
    ['no size', withSpec({ resources: null }), 'spec.resources[storage]: Required value'],
    [
      'no room',
      withSpec({ resources: { requests: { storage: '0' } } }),
      'spec.resources[storage]: Invalid value: "0": must be greater than zero',
    ],
    [
      'a bad class',
      withSpec({ storageClassName: 'A' }),
      `spec.storageClassName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a bad attributes class',
      withSpec({ volumeAttributesClassName: 'A' }),
      `spec.volumeAttributesClassName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'an unknown mode',
      withSpec({ volumeMode: 'x' }),
      'spec.volumeMode: Unsupported value: "x": supported values: "Block", "Filesystem"',
    ],
    [
      'a bad selector',
      withSpec({ selector: { matchLabels: { 'a b': 'c' } } }),
      `spec.selector.matchLabels: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    ['a source', withDataSource({ kind: 'PersistentVolumeClaim', name: 'a' })],
    [
      'a source without name',
      withDataSource({ kind: 'PersistentVolumeClaim', name: '' }),
      'spec.dataSource.name: Required value',
      'spec.dataSourceRef.name: Required value',
    ],
    ['a source of another kind', withDataSource({ kind: 'Pod', name: 'a' })],
    ['a source of another group', withDataSourceRef({ apiGroup: 'a.b', kind: 'C', name: 'd' })],
    [
      'sources that differ',
      withSpec({
        dataSource: { kind: 'PersistentVolumeClaim', name: 'a' },
        dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'b' },
      }),
      'spec: Invalid value: {}: must match dataSourceRef',
    ],
  ]);
});

describe('changes of claims', () => {
  testUpdate(claim, [
    [
      'more before there is a volume',
      withSpec({ resources: { requests: { storage: '2Gi' } } }),
      'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n@@ -6,7 +6,7 @@\n  "Resources": {\n   "Limits": null,\n   "Requests": {\n-   "storage": "1Gi"\n+   "storage": "2Gi"\n   }\n  },\n  "VolumeName": "",\n',
    ],
    [
      'another access',
      withSpec({ accessModes: ['ReadOnlyMany'] }),
      'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n@@ -1,6 +1,6 @@\n {\n  "AccessModes": [\n-  "ReadWriteOnce"\n+  "ReadOnlyMany"\n  ],\n  "Selector": null,\n  "Resources": {\n',
    ],
    ['a volume', withSpec({ volumeName: 'v' })],
    ['a class', withSpec({ storageClassName: 'a' })],
    [
      'another mode',
      withSpec({ volumeMode: 'Block' }),
      'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n@@ -11,7 +11,7 @@\n  },\n  "VolumeName": "",\n  "StorageClassName": null,\n- "VolumeMode": "Filesystem",\n+ "VolumeMode": "Block",\n  "DataSource": null,\n  "DataSourceRef": null,\n  "VolumeAttributesClassName": null\n',
      'volumeMode: Invalid value: "Block": field is immutable',
    ],
  ]);
});

describe('changes of bound claims', () => {
  testUpdate(
    claim,
    [
      [
        'another volume',
        withSpec({ volumeName: 'w' }),
        'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n@@ -9,7 +9,7 @@\n    "storage": "1Gi"\n   }\n  },\n- "VolumeName": "v",\n+ "VolumeName": "w",\n  "StorageClassName": "a",\n  "VolumeMode": "Filesystem",\n  "DataSource": null,\n',
      ],
      [
        'another class',
        withSpec({ storageClassName: 'c' }),
        'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n@@ -10,7 +10,7 @@\n   }\n  },\n  "VolumeName": "v",\n- "StorageClassName": "a",\n+ "StorageClassName": "c",\n  "VolumeMode": "Filesystem",\n  "DataSource": null,\n  "DataSourceRef": null,\n',
      ],
      [
        'less',
        withSpec({ resources: { requests: { storage: '1Mi' } } }),
        'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n@@ -6,7 +6,7 @@\n  "Resources": {\n   "Limits": null,\n   "Requests": {\n-   "storage": "1Gi"\n+   "storage": "1Mi"\n   }\n  },\n  "VolumeName": "v",\n',
      ],
    ],
    {
      spec: { volumeName: 'v', storageClassName: 'a', volumeAttributesClassName: 'b' },
      status: { phase: 'Bound', capacity: { storage: '1Gi' } },
    },
  );
});

describe('status of claims', () => {
  testStatusUpdate(claim, [
    ['a capacity', { status: { phase: 'Bound', capacity: { storage: '1Gi' } } }],
    [
      'a capacity below zero',
      { status: { capacity: { storage: '-1' } } },
      'status.capacity[storage]: Invalid value: -1: must be a valid resource quantity',
    ],
    [
      'a resize',
      {
        status: {
          allocatedResources: { storage: '2Gi' },
          allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
        },
      },
    ],
    [
      'an unknown state',
      { status: { allocatedResourceStatuses: { storage: 'x y' } } },
      'status.allocatedResourceStatuses: Unsupported value: "storage": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
    ],
    [
      'a resize of something else',
      { status: { allocatedResources: { cpu: '1' } } },
      'status.allocatedResources: Unsupported value: "cpu": supported values: "storage"',
    ],
  ]);
});
