import { describe } from 'node:test';
import { testCreation, testStatusUpdate, testUpdate, testWarnings } from '../testing/rule-table.ts';
import { pods } from './pod.ts';

const container = { name: 'c', image: 'i', resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2' } } };
const pod = { definition: pods, base: { spec: { containers: [container] } } };
const withSpec = (spec: object): object => ({ spec });
const withContainer = (fields: object): object => withSpec({ containers: [{ ...container, ...fields }] });
const withResources = (resources: object): object =>
  withContainer({ resources: { ...container.resources, ...resources } });
const annotated = (key: string, value: string): object => ({ metadata: { annotations: { [key]: value } } });
const gated = withSpec({ schedulingGates: [{ name: 'a' }, { name: 'b' }], nodeSelector: { a: 'b' } });
const affine = (...matchExpressions: object[]): object =>
  withSpec({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
    },
  });
const zone = { key: 'zone', operator: 'In', values: ['a'] };
const debug = {
  name: 'd',
  image: 'i',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'Always',
  terminationMessagePath: '/m',
};
const withDebug = (fields: object = {}): object => withSpec({ ephemeralContainers: [{ ...debug, ...fields }] });
const withStatus = (status: object): object => ({ status });
const state = (one: object): object => withStatus({ containerStatuses: [{ name: 'c', state: one }] });

describe('new pods', () => {
  testCreation(pod, [
    ['the least', {}],
    ['containers for debugging', withDebug(), 'spec.ephemeralContainers: Forbidden: cannot be set on create'],
    [
      'gates and a node',
      withSpec({ nodeName: 'n', schedulingGates: [{ name: 'a' }] }),
      'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
    ],
    [
      'spaces around an image',
      withContainer({ image: ' i' }),
      'spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace',
    ],
    [
      'a token without account',
      withSpec({ volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'p' } }] } }] }),
      'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
    ],
    [
      'a mirror without node',
      annotated('kubernetes.io/config.mirror', 'a'),
      'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "a": must set spec.nodeName if mirror pod annotation is set',
    ],
    [
      'profiles that differ',
      {
        ...annotated('seccomp.security.alpha.kubernetes.io/pod', 'unconfined'),
        spec: { securityContext: { seccompProfile: { type: 'RuntimeDefault' } } },
      },
      'spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match',
    ],
  ]);
});

describe('changes of pods', () => {
  testUpdate(pod, [
    ['another image', withContainer({ image: 'j' })],
    [
      'no image',
      withContainer({ image: '' }),
      'spec.containers[0].image: Required value',
      'spec.containers[0].image: Required value',
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n@@ -32,7 +32,7 @@\n    "Lifecycle": null,\n    "TerminationMessagePath": "/dev/termination-log",\n    "TerminationMessagePolicy": "File",\n-   "ImagePullPolicy": "Always",\n+   "ImagePullPolicy": "IfNotPresent",\n    "SecurityContext": null,\n    "Stdin": false,\n    "StdinOnce": false,\n',
    ],
    [
      'one more container',
      withSpec({ containers: [container, { ...container, name: 'd' }] }),
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ],
    ['a deadline', withSpec({ activeDeadlineSeconds: 5 })],
    ['a toleration', withSpec({ tolerations: [{ key: 'a', operator: 'Exists' }] })],
    [
      'other resources',
      withResources({ limits: { cpu: '3' } }),
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n@@ -13,7 +13,7 @@\n    "Env": null,\n    "Resources": {\n     "Limits": {\n-     "cpu": "2"\n+     "cpu": "3"\n     },\n     "Requests": {\n      "cpu": "1",\n',
    ],
    [
      'another node',
      withSpec({ nodeName: 'n' }),
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n@@ -47,7 +47,7 @@\n  "NodeSelector": null,\n  "ServiceAccountName": "",\n  "AutomountServiceAccountToken": null,\n- "NodeName": "",\n+ "NodeName": "n",\n  "SecurityContext": {\n   "HostNetwork": false,\n   "HostPID": false,\n',
    ],
    [
      'another grace',
      withSpec({ terminationGracePeriodSeconds: 1 }),
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n@@ -41,7 +41,7 @@\n  ],\n  "EphemeralContainers": null,\n  "RestartPolicy": "Always",\n- "TerminationGracePeriodSeconds": 30,\n+ "TerminationGracePeriodSeconds": 1,\n  "ActiveDeadlineSeconds": null,\n  "DNSPolicy": "ClusterFirst",\n  "NodeSelector": null,\n',
    ],
    [
      'a gate',
      withSpec({ schedulingGates: [{ name: 'a' }] }),
      "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a'",
    ],
    [
      'a profile',
      annotated('container.apparmor.security.beta.kubernetes.io/c', 'unconfined'),
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: Forbidden: may not add AppArmor annotations',
    ],
    [
      'a mirror',
      annotated('kubernetes.io/config.mirror', 'a'),
      'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "a": must set spec.nodeName if mirror pod annotation is set',
      'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation',
      'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "a": must set spec.nodeName if mirror pod annotation is set',
    ],
  ]);
});

describe('changes of pods with a deadline', () => {
  testUpdate(
    pod,
    [
      ['an earlier one', withSpec({ activeDeadlineSeconds: 4 })],
      [
        'a later one',
        withSpec({ activeDeadlineSeconds: 6 }),
        'spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value',
      ],
      [
        'none',
        withSpec({ activeDeadlineSeconds: null }),
        'spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value',
      ],
      ['a grace of one', withSpec({ terminationGracePeriodSeconds: 1 })],
      [
        'no toleration',
        withSpec({ tolerations: [] }),
        'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
      ],
    ],
    withSpec({
      activeDeadlineSeconds: 5,
      terminationGracePeriodSeconds: -1,
      tolerations: [{ key: 'a', operator: 'Exists' }],
    }),
  );
});

describe('changes of pods that wait', () => {
  testUpdate(
    pod,
    [
      ['a gate fewer', withSpec({ schedulingGates: [{ name: 'b' }] })],
      [
        'another gate',
        withSpec({ schedulingGates: [{ name: 'c' }] }),
        "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'c'",
      ],
      ['a closer choice', withSpec({ nodeSelector: { c: 'd' } })],
      [
        'another choice',
        withSpec({ nodeSelector: { a: 'c' } }),
        'spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      ],
      ['a place', affine(zone)],
    ],
    gated,
  );
});

describe('changes of pods that wait for a place', () => {
  testUpdate(
    pod,
    [
      ['a closer place', affine(zone, { key: 'disk', operator: 'Exists' })],
      [
        'another place',
        affine({ key: 'zone', operator: 'In', values: ['b'] }),
        'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]: Invalid value: {"MatchExpressions":[{"Key":"zone","Operator":"In","Values":["b"]}],"MatchFields":null}: only additions are allowed (no mutations or deletions)',
      ],
      [
        'anywhere',
        withSpec({ affinity: null }),
        'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Invalid value: null: no additions/deletions to non-empty NodeSelectorTerms list are allowed',
      ],
    ],
    { spec: { ...(gated as { spec: object }).spec, ...(affine(zone) as { spec: object }).spec } },
  );
});

describe('containers for debugging', () => {
  testUpdate(
    pod,
    [
      ['one', withDebug()],
      [
        'one with ports',
        withDebug({ ports: [{ containerPort: 1, protocol: 'TCP' }] }),
        'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
      ],
      ['the name of another', withDebug({ name: 'c' }), 'spec.ephemeralContainers[0].name: Duplicate value: "c"'],
    ],
    {},
    'ephemeralcontainers',
  );
});

describe('resizes', () => {
  testUpdate(
    pod,
    [
      ['more', withResources({ requests: { cpu: '2', memory: '2Gi' }, limits: { cpu: '3' } })],
      [
        'another class',
        withResources({ requests: { cpu: '2', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } }),
        'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
      ],
      [
        'more asked for than allowed',
        withResources({ requests: { cpu: '3', memory: '1Gi' } }),
        'spec.containers[0].resources.requests: Invalid value: "3": must be less than or equal to cpu limit of 2',
      ],
      [
        'something else',
        withResources({ requests: { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi' } }),
        'spec: Forbidden: only cpu and memory resources are mutable',
      ],
      [
        'no limit',
        withContainer({ resources: { requests: container.resources.requests } }),
        'spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed',
      ],
      ['another image', withContainer({ image: 'j' })],
      [
        'one more container',
        withSpec({ containers: [container, { ...container, name: 'd' }] }),
        'spec.containers: Forbidden: containers may not be added or removed on resize',
      ],
    ],
    {},
    'resize',
  );
});

describe('status of pods', () => {
  testStatusUpdate(pod, [
    ['running', state({ running: {} })],
    ['two states', state({ running: {}, waiting: {} })],
    ['addresses', withStatus({ podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] })],
    [
      'addresses of one family',
      withStatus({ podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] }),
      'status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for each IP family',
    ],
    [
      'an address that is none',
      withStatus({ podIPs: [{ ip: 'x' }] }),
      'status.podIPs[0]: Invalid value: "x": must be a valid IP address,',
    ],
    [
      'addresses of the host',
      withStatus({ hostIPs: [{ ip: 'x' }] }),
      'status.hostIPs[0].ip: Invalid value: "x": must be equal to `hostIP`',
      'status.hostIPs[0]: Invalid value: "x": must be a valid IP address,',
    ],
    [
      'an unknown class',
      withStatus({ qosClass: 'Guaranteed' }),
      'status.qosClass: Invalid value: "Guaranteed": field is immutable',
    ],
    [
      'a condition twice',
      withStatus({
        conditions: [
          { type: 'A', status: 'True' },
          { type: 'A', status: 'True' },
        ],
      }),
    ],
    [
      'a bad condition',
      withStatus({ conditions: [{ type: 'a b', status: 'x' }] }),
      `status.conditions[0].Type: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a nominated node',
      withStatus({ nominatedNodeName: 'A' }),
      `status.nominatedNodeName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
  ]);
});

describe('status of pods that do not start again', () => {
  testStatusUpdate(
    pod,
    [
      [
        'running again',
        state({ running: {} }),
        'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
      ],
    ],
    {
      spec: { restartPolicy: 'Never' },
      status: { containerStatuses: [{ name: 'c', state: { terminated: { exitCode: 1 } } }] },
    },
  );
});

describe('warnings about pods', () => {
  testWarnings(pod, [
    ['none', {}],
    [
      'a variable twice',
      withContainer({
        env: [
          { name: 'a', value: 'b' },
          { name: 'a', value: 'c' },
        ],
      }),
      'spec.containers[0].env[1]: hides previous definition of "a", which may be dropped when using apply',
    ],
    [
      'a port twice',
      withContainer({
        ports: [
          { name: 'a', containerPort: 1 },
          { name: 'b', containerPort: 1 },
        ],
      }),
      'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
    ],
    [
      'a part of a byte',
      withResources({ requests: { memory: '1m' } }),
      'spec.containers[0].resources.requests[memory]: fractional byte value "1m" is invalid, must be an integer',
    ],
    [
      'so many bytes that their thousandths cannot be counted',
      withResources({ requests: { memory: '1Ei' } }),
      'spec.containers[0].resources.requests[memory]: fractional byte value "1Ei" is invalid, must be an integer',
    ],
    ['the account by its older name', withSpec({ serviceAccount: 'a', serviceAccountName: 'b' })],
    [
      'a host alias twice',
      withSpec({
        hostAliases: [
          { ip: '10.0.0.1', hostnames: ['a'] },
          { ip: '10.0.0.1', hostnames: ['b'] },
        ],
      }),
      'spec.hostAliases[1].ip: duplicate ip "10.0.0.1"',
    ],
    [
      'a secret twice',
      withSpec({ imagePullSecrets: [{ name: 'a' }, { name: 'a' }] }),
      'spec.imagePullSecrets[1].name: duplicate name "a"',
    ],
    [
      'a secret without name',
      withSpec({ imagePullSecrets: [{}] }),
      'spec.imagePullSecrets[0].name: invalid empty name ""',
    ],
    [
      'a label that has another name',
      withSpec({ nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }),
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    ],
    ['grace below zero', withSpec({ terminationGracePeriodSeconds: -1 })],
    ['an annotation that means nothing', annotated('pod.alpha.kubernetes.io/initialized', 'true')],
    [
      'a volume that is gone',
      withSpec({ volumes: [{ name: 'v', gitRepo: { repository: 'r' } }] }),
      'spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+',
    ],
    [
      'all spread alike',
      withSpec({
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
      }),
      'spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod',
    ],
  ]);
});
