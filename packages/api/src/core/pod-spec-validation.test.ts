import { deepEqual } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldPath, type Draft } from '@kts/apimachinery';
import type { PodSpec, PodTemplateSpec } from '../gen/core-v1.gen.ts';
import { setPodTemplateDefaults } from './pod-defaults.ts';
import { POD_RULES, TEMPLATE_RULES } from './pod-rules.ts';
import { validatePodSpec, validatePodTemplateSpec } from './pod-spec-validation.ts';

/** A `PodSpec` that may be wrong. */
type Spec = Readonly<Record<string, unknown>>;

const PATH = FieldPath.of('spec');
const C = 'spec.containers[0]';
const container = (fields: object = {}): object => ({ name: 'c', image: 'i', ...fields });

function problems(spec: Spec, rules = POD_RULES): string[] {
  const pod = { containers: [container()], ...spec } as unknown as PodSpec;
  setPodTemplateDefaults({ spec: pod as unknown as Draft<PodSpec> });
  return validatePodSpec(pod, rules.isPod ? {} : undefined, PATH, rules).map(
    ({ field, message }) => `${field}: ${message.replace(/ \(e\.g\. .*/, '')}`,
  );
}

function table(title: string, rows: readonly [name: string, spec: Spec, ...errors: string[]][]): void {
  describe(title, () => {
    for (const [name, spec, ...errors] of rows) it(name, () => deepEqual(problems(spec), errors));
  });
}

const withContainer = (fields: object): Spec => ({ containers: [container(fields)] });
const withProbe = (fields: object): Spec => withContainer({ livenessProbe: fields });
const withHook = (preStop: object): Spec => withContainer({ lifecycle: { preStop } });
const withInit = (fields: object): Spec => ({ initContainers: [container({ name: 'init', ...fields })] });
const withDebug = (fields: object): Spec => ({ ephemeralContainers: [container({ name: 'debug', ...fields })] });
const withVolume = (source: object, mount: object = {}): Spec => ({
  volumes: [{ name: 'v', ...source }],
  containers: [container({ volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }] })],
});
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";

table('pods', [
  ['the least', {}],
  ['without containers', { containers: [] }, 'spec.containers: Required value'],
  [
    'an unknown restart policy',
    { restartPolicy: 'x' },
    'spec.restartPolicy: Unsupported value: "x": supported values: "Always", "OnFailure", "Never"',
  ],
  [
    'an unknown DNS policy',
    { dnsPolicy: 'x' },
    'spec.dnsPolicy: Unsupported value: "x": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
  ],
  ['a bad name of a node', { nodeName: 'A' }, `spec.nodeName: Invalid value: "A": ${SUBDOMAIN}`],
  [
    'a bad name of an account',
    { serviceAccountName: 'A' },
    `spec.serviceAccountName: Invalid value: "A": ${SUBDOMAIN}`,
  ],
  ['a bad host name', { hostname: 'a.b' }, `spec.hostname: Invalid value: "a.b": must not contain dots`],
  ['a bad subdomain', { subdomain: 'a.b' }, `spec.subdomain: Invalid value: "a.b": must not contain dots`],
  [
    'no time to be active',
    { activeDeadlineSeconds: 0 },
    'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
  ],
  ['a bad priority class', { priorityClassName: 'A' }, `spec.priorityClassName: Invalid value: "A": ${SUBDOMAIN}`],
  ['a bad runtime class', { runtimeClassName: 'A' }, `spec.runtimeClassName: Invalid value: "A": ${SUBDOMAIN}`],
  [
    'an unknown preemption policy',
    { preemptionPolicy: 'x' },
    'spec.preemptionPolicy: Unsupported value: "x": supported values: "PreemptLowerPriority", "Never"',
  ],
  [
    'a bad readiness gate',
    { readinessGates: [{ conditionType: 'a/b/c' }] },
    "spec.readinessGates[0].conditionType: Invalid value: \"a/b/c\": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ],
  ['a host alias', { hostAliases: [{ ip: '10.0.0.1', hostnames: ['a.b'] }] }],
  [
    'a host alias without address',
    { hostAliases: [{ ip: '', hostnames: ['A'] }] },
    'spec.hostAliases[0].ip: Invalid value: "": must be a valid IP address,',
    `spec.hostAliases[0].hostnames[0]: Invalid value: "A": ${SUBDOMAIN}`,
  ],
  [
    'negative overhead',
    { overhead: { cpu: '-1' } },
    'spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  ['an unknown system', { os: { name: 'x' } }, 'spec.os: Unsupported value: "x": supported values: "linux", "windows"'],
  [
    'Linux with options of Windows',
    { os: { name: 'linux' }, securityContext: { windowsOptions: {} } },
    'spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
  ],
]);

table('names of hosts and DNS', [
  ['another host name', { hostnameOverride: 'a.b' }],
  [
    'another host name on the host network',
    { hostnameOverride: 'a', hostNetwork: true },
    'spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true',
  ],
  [
    'another host name as FQDN',
    { hostnameOverride: 'a', setHostnameAsFQDN: true },
    'spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true',
  ],
  [
    'policy None alone',
    { dnsPolicy: 'None' },
    'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
  ],
  [
    'policy None without servers',
    { dnsPolicy: 'None', dnsConfig: {} },
    'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
  ],
  [
    'four servers',
    { dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] } },
    'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]: must not have more than 3 nameservers',
  ],
  ['relaxed search domains', { dnsConfig: { searches: ['.', '_tcp.example.com', 'example.com.'] } }],
  [
    'an option without name',
    { dnsConfig: { options: [{}] } },
    'spec.dnsConfig.options[0]: Required value: must not be empty',
  ],
]);

table('containers', [
  ['without name', withContainer({ name: '' }), `${C}.name: Required value`],
  ['with a bad name', withContainer({ name: 'A' }), `${C}.name: Invalid value: "A": ${LABEL}`],
  ['without image', withContainer({ image: '' }), `${C}.image: Required value`],
  [
    'an unknown pull policy',
    withContainer({ imagePullPolicy: 'x' }),
    `${C}.imagePullPolicy: Unsupported value: "x": supported values: "Always", "IfNotPresent", "Never"`,
  ],
  [
    'an unknown message policy',
    withContainer({ terminationMessagePolicy: 'x' }),
    `${C}.terminationMessagePolicy: Unsupported value: "x": supported values: "File", "FallbackToLogsOnError"`,
  ],
  ['the same name twice', { containers: [container(), container()] }, 'spec.containers[1].name: Duplicate value: "c"'],
  ['a port of zero', withContainer({ ports: [{ containerPort: 0 }] }), `${C}.ports[0].containerPort: Required value`],
  [
    'a port that is too high',
    withContainer({ ports: [{ containerPort: 65_536 }] }),
    `${C}.ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive`,
  ],
  [
    'a port on the host that is too high',
    withContainer({ ports: [{ containerPort: 1, hostPort: 65_536 }] }),
    `${C}.ports[0].hostPort: Invalid value: 65536: must be between 1 and 65535, inclusive`,
  ],
  [
    'an unknown protocol',
    withContainer({ ports: [{ containerPort: 1, protocol: 'x' }] }),
    `${C}.ports[0].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"`,
  ],
  [
    'a name of a port twice',
    withContainer({
      ports: [
        { name: 'a', containerPort: 1 },
        { name: 'a', containerPort: 2 },
      ],
    }),
    `${C}.ports[1].name: Duplicate value: "a"`,
  ],
  [
    'a port on the host twice',
    withContainer({
      ports: [
        { containerPort: 1, hostPort: 1 },
        { containerPort: 2, hostPort: 1 },
      ],
    }),
    `${C}.ports[1].hostPort: Duplicate value: "TCP//1"`,
  ],
  [
    'another port on the host network',
    { hostNetwork: true, ...withContainer({ ports: [{ containerPort: 1, hostPort: 2 }] }) },
    `${C}.ports[0].hostPort: Invalid value: 2: must match \`containerPort\` when \`hostNetwork\` is true`,
  ],
  [
    'a restart rule without policy',
    withContainer({ restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }] }),
    `${C}.restartPolicy: Required value: must specify restartPolicy when restart rules are used`,
  ],
  [
    'a restart rule without codes',
    withContainer({ restartPolicy: 'Never', restartPolicyRules: [{ action: 'x' }] }),
    `${C}.restartPolicyRules[0].action: Unsupported value: "x": supported values: "Restart", "RestartAllContainers"`,
    `${C}.restartPolicyRules[0].exitCodes: Required value: must be specified`,
  ],
  [
    'an unknown restart policy',
    withContainer({ restartPolicy: 'x' }),
    `${C}.restartPolicy: Unsupported value: "x": supported values: "Always", "Never", "OnFailure"`,
  ],
  [
    'a resize policy twice',
    withContainer({
      resizePolicy: [
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
      ],
    }),
    `${C}.resizePolicy[1]: Duplicate value: "cpu"`,
  ],
  [
    'a restart for a resize where nothing restarts',
    {
      restartPolicy: 'Never',
      ...withContainer({ resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] }),
    },
    `${C}.resizePolicy: Invalid value: "RestartContainer": must be 'NotRequired' when pod \`restartPolicy\` is 'Never'`,
  ],
]);

table('init and ephemeral containers', [
  ['the name of another container', withInit({ name: 'c' }), 'spec.initContainers[0].name: Duplicate value: "c"'],
  [
    'a probe before the start',
    withInit({ readinessProbe: { tcpSocket: { port: 1 } } }),
    'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
  ],
  ['a probe of a sidecar', withInit({ restartPolicy: 'Always', readinessProbe: { tcpSocket: { port: 1 } } })],
  [
    'a restart for a resize',
    withInit({ resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] }),
    'spec.initContainers[0].resizePolicy[0].restartPolicy: Invalid value: "RestartContainer": must not be set to \'RestartContainer\' for non-sidecar initContainers',
  ],
  [
    'ports for debugging',
    withDebug({ ports: [{ containerPort: 1 }] }),
    'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
  ],
  [
    'resources for debugging',
    withDebug({ resources: { limits: { cpu: '1' } } }),
    'spec.ephemeralContainers[0].resources: Forbidden: cannot be set for an Ephemeral Container',
  ],
  [
    'an unknown target',
    withDebug({ targetContainerName: 'x' }),
    'spec.ephemeralContainers[0].targetContainerName: Not found: "x"',
  ],
  [
    'spaces around an image',
    withDebug({ image: ' i' }),
    'spec.ephemeralContainers[0].image: Invalid value: " i": must not have leading or trailing whitespace',
  ],
]);

table('probes and hooks', [
  ['without handler', withProbe({}), `${C}.livenessProbe: Required value: must specify a handler type`],
  [
    'two handlers',
    withProbe({ exec: { command: ['a'] }, tcpSocket: { port: 1 } }),
    `${C}.livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`,
  ],
  ['no command', withProbe({ exec: {} }), `${C}.livenessProbe.exec.command: Required value`],
  [
    'a bad scheme',
    withProbe({ httpGet: { port: 1, scheme: 'x' } }),
    `${C}.livenessProbe.httpGet.scheme: Unsupported value: "x": supported values: "HTTP", "HTTPS"`,
  ],
  [
    'a bad header',
    withProbe({ httpGet: { port: 1, httpHeaders: [{ name: 'a b', value: '' }] } }),
    `${C}.livenessProbe.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of alphanumeric characters or '-'`,
  ],
  ['a name of a port', withProbe({ tcpSocket: { port: 'web' } })],
  [
    'two successes',
    withProbe({ tcpSocket: { port: 1 }, successThreshold: 2 }),
    `${C}.livenessProbe.successThreshold: Invalid value: 2: must be 1`,
  ],
  [
    'a negative delay',
    withProbe({ tcpSocket: { port: 1 }, initialDelaySeconds: -1 }),
    `${C}.livenessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0`,
  ],
  [
    'no grace',
    withProbe({ tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 0 }),
    `${C}.livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0`,
  ],
  [
    'grace for readiness',
    withContainer({ readinessProbe: { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 1 } }),
    `${C}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes`,
  ],
  [
    'too long a sleep',
    withHook({ sleep: { seconds: 31 } }),
    `${C}.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)`,
  ],
]);

const withEnv = (variable: object): Spec => withContainer({ env: [variable] });
table('variables', [
  ['without name', withEnv({ name: '' }), `${C}.env[0].name: Required value`],
  [
    'with an equals sign',
    withEnv({ name: 'a=b' }),
    `${C}.env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='`,
  ],
  [
    'from nowhere',
    withEnv({ name: 'a', valueFrom: {} }),
    `${C}.env[0].valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\`, \`secretKeyRef\` or \`fileKeyRef\``,
  ],
  [
    'with a value and a source',
    withEnv({ name: 'a', value: 'b', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }),
    `${C}.env[0].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`,
  ],
  [
    'from an unknown field',
    withEnv({ name: 'a', valueFrom: { fieldRef: { fieldPath: 'spec.x' } } }),
    `${C}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.x": error converting fieldPath: field label not supported: spec.x`,
  ],
  [
    'from an unknown resource',
    withEnv({ name: 'a', valueFrom: { resourceFieldRef: { resource: 'limits.x' } } }),
    `${C}.env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.x": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"`,
  ],
  [
    'from a key of no secret',
    withEnv({ name: 'a', valueFrom: { secretKeyRef: { key: 'k' } } }),
    `${C}.env[0].valueFrom.secretKeyRef.name: Invalid value: "": ${SUBDOMAIN}`,
  ],
  [
    'all of nothing',
    withContainer({ envFrom: [{}] }),
    `${C}.envFrom: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``,
  ],
]);

table('volumes', [
  ['an empty directory by default', withVolume({})],
  [
    'two sources',
    withVolume({ emptyDir: {}, hostPath: { path: '/a' } }),
    'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
    `${C}.volumeMounts[0].name: Not found: "v"`,
  ],
  ['the same name twice', { volumes: [{ name: 'v' }, { name: 'v' }] }, 'spec.volumes[1].name: Duplicate value: "v"'],
  [
    'a way back',
    withVolume({ hostPath: { path: '/a/../b' } }),
    'spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
    `${C}.volumeMounts[0].name: Not found: "v"`,
  ],
  [
    'an unknown type of path',
    withVolume({ hostPath: { path: '/a', type: 'x' } }),
    'spec.volumes[0].hostPath.type: Unsupported value: "x": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    `${C}.volumeMounts[0].name: Not found: "v"`,
  ],
  [
    'a secret without name',
    withVolume({ secret: {} }),
    'spec.volumes[0].secret.secretName: Required value',
    `${C}.volumeMounts[0].name: Not found: "v"`,
  ],
  [
    'a claim without name',
    withVolume({ persistentVolumeClaim: { claimName: '' } }),
    'spec.volumes[0].persistentVolumeClaim.claimName: Required value',
    `${C}.volumeMounts[0].name: Not found: "v"`,
  ],
  [
    'modes beyond a file',
    withVolume({ configMap: { name: 'm', defaultMode: 512 } }),
    'spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
    `${C}.volumeMounts[0].name: Not found: "v"`,
  ],
  [
    'a mount of nothing',
    withContainer({ volumeMounts: [{ name: 'x', mountPath: '/a' }] }),
    `${C}.volumeMounts[0].name: Not found: "x"`,
  ],
  ['a mount nowhere', withVolume({}, { mountPath: '' }), `${C}.volumeMounts[0].mountPath: Required value`],
  [
    'two ways to a part',
    withVolume({}, { subPath: 'a', subPathExpr: 'b' }),
    `${C}.volumeMounts[0].subPathExpr: Invalid value: "b": subPathExpr and subPath are mutually exclusive`,
  ],
  [
    'an absolute part',
    withVolume({}, { subPath: '/a' }),
    `${C}.volumeMounts.subPath: Invalid value: "/a": must be a relative path`,
  ],
  [
    'recursion without read-only',
    withVolume({}, { recursiveReadOnly: 'Enabled' }),
    `${C}.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`,
  ],
  [
    'propagation to the host',
    withVolume({}, { mountPropagation: 'Bidirectional' }),
    `${C}.volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
  ],
]);

const withResources = (resources: object): Spec => withContainer({ resources });
table('resources', [
  [
    'more asked for than allowed',
    withResources({ limits: { cpu: '1' }, requests: { cpu: '2' } }),
    `${C}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`,
  ],
  [
    'devices that differ',
    withResources({ limits: { 'a.b/c': '2' }, requests: { 'a.b/c': '1' } }),
    `${C}.resources.requests: Invalid value: "1": must be equal to a.b/c limit of 2`,
  ],
  [
    'a part of a device',
    withResources({ limits: { 'a.b/c': '500m' } }),
    `${C}.resources.limits[a.b/c]: Invalid value: "500m": must be an integer`,
  ],
  [
    'an unknown resource',
    withResources({ limits: { x: '1' } }),
    `${C}.resources.limits[x]: Invalid value: "x": must be a standard resource type or fully qualified`,
    `${C}.resources.limits[x]: Invalid value: "x": must be a standard resource for containers`,
  ],
  [
    'huge pages alone',
    withResources({ limits: { 'hugepages-2Mi': '2Mi' } }),
    `${C}.resources: Forbidden: HugePages require cpu or memory`,
  ],
  [
    'a claim that the pod has not',
    withResources({ claims: [{ name: 'x' }] }),
    `${C}.resources.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty`,
  ],
  [
    'a resource that pods do not have',
    { resources: { limits: { 'ephemeral-storage': '1' } } },
    'spec.resources.limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported values: "cpu", "hugepages-", "memory"',
  ],
  [
    'less for the pod than for its container',
    { resources: { limits: { cpu: '1' } }, ...withResources({ limits: { cpu: '2' } }) },
    'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
  ],
]);

const withPodSecurity = (securityContext: object): Spec => ({ securityContext });
const withSecurity = (securityContext: object): Spec => withContainer({ securityContext });
table('security', [
  [
    'a user below zero',
    withPodSecurity({ runAsUser: -1 }),
    'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
  ],
  [
    'an unknown change of owners',
    withPodSecurity({ fsGroupChangePolicy: 'x' }),
    'spec.securityContext.fsGroupChangePolicy: Unsupported value: "x": supported values: "Always", "OnRootMismatch"',
  ],
  [
    'a setting without name',
    withPodSecurity({ sysctls: [{ name: '', value: '1' }] }),
    'spec.securityContext.sysctls[0].name: Required value',
  ],
  [
    'a setting twice',
    withPodSecurity({
      sysctls: [
        { name: 'a.b', value: '1' },
        { name: 'a.b', value: '1' },
      ],
    }),
    'spec.securityContext.sysctls[1].name: Duplicate value: "a.b"',
  ],
  [
    'a local profile without name',
    withPodSecurity({ seccompProfile: { type: 'Localhost' } }),
    'spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
  ],
  [
    'a name for another profile',
    withPodSecurity({ seccompProfile: { type: 'Unconfined', localhostProfile: 'a' } }),
    'spec.securityContext.seccompProfile.localhostProfile: Invalid value: {"Type":"Unconfined","LocalhostProfile":"a"}: can only be set when seccomp type is Localhost',
  ],
  [
    'an unknown profile',
    withPodSecurity({ appArmorProfile: { type: 'x' } }),
    'spec.securityContext.appArmorProfile.type: Unsupported value: "x": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
  ],
  [
    'privileges that may not grow',
    withSecurity({ privileged: true, allowPrivilegeEscalation: false }),
    `${C}.securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
  ],
  [
    'an unmasked /proc of the host',
    withSecurity({ procMount: 'Unmasked' }),
    `${C}.securityContext.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``,
  ],
  [
    'own users on the host network',
    { hostUsers: false, hostNetwork: true },
    'spec.hostNetwork: Forbidden: when `hostUsers` is false',
  ],
]);

const withToleration = (toleration: object): Spec => ({ tolerations: [toleration] });
const withSpread = (fields: object): Spec => ({
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', ...fields }],
});
const T = 'spec.topologySpreadConstraints[0]';
table('scheduling', [
  ['all taints', withToleration({ operator: 'Exists' })],
  [
    'a value without key',
    withToleration({ value: 'a' }),
    'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
  ],
  [
    'a value that only has to exist',
    withToleration({ key: 'a', operator: 'Exists', value: 'b' }),
    'spec.tolerations[0].operator: Invalid value: "b": value must be empty when `operator` is \'Exists\'',
  ],
  [
    'time without eviction',
    withToleration({ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 1 }),
    'spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
  ],
  [
    'an unknown effect',
    withToleration({ key: 'a', operator: 'Exists', effect: 'x' }),
    'spec.tolerations[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
  ],
  [
    'a comparison',
    withToleration({ key: 'a', operator: 'Gt', value: '1' }),
    'spec.tolerations[0].operator: Unsupported value: "Gt": supported values: "Equal", "Exists", "Lt", "Gt"',
  ],
  ['no skew', withSpread({ maxSkew: 0 }), `${T}.maxSkew: Invalid value: 0: must be greater than zero`],
  ['no key', withSpread({ topologyKey: '' }), `${T}.topologyKey: Required value: can not be empty`],
  [
    'domains where it does not matter',
    withSpread({ whenUnsatisfiable: 'ScheduleAnyway', minDomains: 1 }),
    `${T}.minDomains: Invalid value: 1: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway`,
  ],
  [
    'an unknown policy for taints',
    withSpread({ nodeTaintsPolicy: 'x' }),
    `${T}.nodeTaintsPolicy: Unsupported value: "x": supported values: "Honor", "Ignore"`,
  ],
  [
    'keys without selector',
    withSpread({ matchLabelKeys: ['a'] }),
    `${T}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`,
  ],
  [
    'a gate twice',
    { schedulingGates: [{ name: 'a' }, { name: 'a' }] },
    'spec.schedulingGates[1]: Duplicate value: "a"',
  ],
  [
    'a preference without weight',
    {
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, preference: {} }] } },
    },
    'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100',
  ],
  [
    'affinity without topology',
    {
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {}, topologyKey: '' }] },
      },
    },
    'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
    'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part must be non-empty',
    "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ],
]);

describe('templates', () => {
  const rows: readonly [string, Spec, Record<string, string>, string[]][] = [
    [
      'ephemeral containers',
      { containers: [container()], ephemeralContainers: [container({ name: 'd' })] },
      {},
      ['template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template'],
    ],
    [
      'a cost of deletion',
      { containers: [container()] },
      { 'controller.kubernetes.io/pod-deletion-cost': 'x' },
      ['template.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "x": must be a 32bit integer'],
    ],
    [
      'tolerations as text',
      { containers: [container()] },
      { 'scheduler.alpha.kubernetes.io/tolerations': '{}' },
      [
        'template.annotations: Invalid value: "scheduler.alpha.kubernetes.io/tolerations": json: cannot unmarshal object into Go value of type []core.Toleration',
      ],
    ],
    [
      'a profile of no container',
      { containers: [container()] },
      { 'container.apparmor.security.beta.kubernetes.io/x': 'unconfined' },
      [
        'template.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "x": container not found',
      ],
    ],
  ];
  for (const [name, spec, annotations, errors] of rows) {
    it(name, () => {
      const template = { metadata: { annotations }, spec: structuredClone(spec) } as unknown as PodTemplateSpec;
      setPodTemplateDefaults(template as unknown as Draft<PodTemplateSpec>);
      const found = validatePodTemplateSpec(template, FieldPath.of('template'), TEMPLATE_RULES);
      deepEqual(
        found.map(({ field, message }) => `${field}: ${message}`),
        errors,
      );
    });
  }
});
