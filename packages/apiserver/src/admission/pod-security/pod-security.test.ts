import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { namespaces, pods, serviceAccounts } from '@kts/api';
import type { Pod, PodSpec } from '@kts/api/types/core-v1';

import { failureOf, startTestApiServer } from '../../testing/index.ts';
import { evaluatePod, formatViolations } from './evaluate.ts';
import { warningsAboutPods } from './existing-pods.ts';
import { formatLevelVersion, policyOf, type Level, type PolicyVersion } from './policy.ts';

const container = (securityContext: object = {}, extra: object = {}) => ({
  name: 'c',
  image: 'i',
  securityContext,
  ...extra,
});
const GOOD = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};
const spec = (extra: object = {}, securityContext: object = GOOD): PodSpec =>
  ({ containers: [container(securityContext)], ...extra }) as unknown as PodSpec;

describe('checks', () => {
  const rows: [string, Level, PolicyVersion, PodSpec, string][] = [
    ['everything goes', 'privileged', 'latest', spec({ hostPID: true }), ''],
    ['nothing special', 'baseline', 'latest', spec({}, {}), ''],
    ['all that is asked for', 'restricted', 'latest', spec(), ''],
    ['host namespaces', 'baseline', 'latest', spec({ hostPID: true, hostIPC: true }), 'host namespaces (hostPID=true, hostIPC=true)'],
    ['privileged', 'baseline', 0, spec({}, { privileged: true }), 'privileged (container "c" must not set securityContext.privileged=true)'],
    ['host path', 'baseline', 'latest', spec({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }), 'hostPath volumes (volume "v")'],
    ['volume types override host paths', 'restricted', 'latest', spec({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }), 'restricted volume types (volume "v" uses restricted volume type "hostPath")'],
    ['host ports in order of text', 'baseline', 'latest', spec({ containers: [container({}, { ports: [{ hostPort: 90 }, { hostPort: 100 }] })] }), 'hostPort (container "c" uses hostPorts 100, 90)'],
    ['probe hosts since 1.34', 'baseline', 34, spec({ containers: [container({}, { livenessProbe: { httpGet: { host: 'h' } } })] }), 'probe or lifecycle host (container "c" uses probe or lifecycle host "h")'],
    ['not before', 'baseline', 33, spec({ containers: [container({}, { livenessProbe: { httpGet: { host: 'h' } } })] }), ''],
    ['sysctls', 'baseline', 'latest', spec({ securityContext: { sysctls: [{ name: 'a', value: '1' }] } }), 'forbidden sysctls (a)'],
    ['sysctls became safe', 'baseline', 31, spec({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] } }), 'forbidden sysctls (net.ipv4.tcp_rmem)'],
    ['root by the pod and a container', 'restricted', 'latest', spec({ securityContext: { runAsUser: 0 } }, { ...GOOD, runAsUser: 0 }), 'runAsUser=0 (pod and container "c" must not set runAsUser=0)'],
    ['root in a user namespace', 'restricted', 35, spec({ hostUsers: false }, { ...GOOD, runAsUser: 0 }), ''],
    ['SELinux', 'baseline', 'latest', spec({}, { seLinuxOptions: { type: 'x', user: 'u' } }), 'seLinuxOptions (container "c" set forbidden securityContext.seLinuxOptions: type "x"; user may not be set)'],
    ['capabilities', 'restricted', 'latest', spec({}, { ...GOOD, capabilities: { add: ['CHOWN'] } }), 'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]; container "c" must not include "CHOWN" in securityContext.capabilities.add)'],
    ['proc mounts', 'restricted', 'latest', spec({}, { ...GOOD, procMount: 'Unmasked' }), 'procMount (container "c" must not set securityContext.procMount to "Unmasked")'],
    ['Windows has no seccomp', 'restricted', 'latest', spec({ os: { name: 'windows' } }, { runAsNonRoot: true }), ''],
    ['seccomp of the pod', 'baseline', 'latest', spec({ securityContext: { seccompProfile: { type: 'Unconfined' } } }), 'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")'],
    ['host process', 'baseline', 'latest', spec({}, { windowsOptions: { hostProcess: true } }), 'hostProcess (container "c" must not set securityContext.windowsOptions.hostProcess=true)'],
  ]; // prettier-ignore
  for (const [name, level, version, pod, expected] of rows) {
    test(name, () => {
      assert.equal(formatViolations(evaluatePod({ level, version }, { annotations: {}, spec: pod })), expected);
    });
  }

  test('profiles in annotations', () => {
    const annotations = { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' };
    const violations = evaluatePod({ level: 'baseline', version: 'latest' }, { annotations, spec: spec() });
    assert.deepEqual(
      violations.map(({ reason }) => reason),
      ['forbidden AppArmor profile'],
    );
  });
});

test('policies are read from labels', () => {
  const rows: [Record<string, string>, string, number][] = [
    [{}, 'privileged:latest privileged:latest privileged:latest', 0],
    [{ enforce: 'baseline', 'enforce-version': 'v1.20' }, 'baseline:v1.20 privileged:latest baseline:v1.20', 0],
    [{ enforce: 'restricted', warn: 'baseline' }, 'restricted:latest privileged:latest baseline:latest', 0],
    [
      { enforce: 'none', audit: 'none', 'warn-version': '1.20' },
      'restricted:latest privileged:latest privileged:latest',
      3,
    ],
  ];
  for (const [short, expected, problems] of rows) {
    const labels = Object.fromEntries(
      Object.entries(short).map(([key, text]) => [`pod-security.kubernetes.io/${key}`, text]),
    );
    const { policy, errors } = policyOf(labels);
    assert.equal([policy.enforce, policy.audit, policy.warn].map(formatLevelVersion).join(' '), expected);
    assert.equal(errors.length, problems);
  }
});

test('existing pods are told apart by what is wrong with them', () => {
  const pod = (name: string, of: PodSpec) => ({ metadata: { name }, spec: of }) as Pod;
  const existing = [pod('b', spec({ hostPID: true })), pod('a', spec({ hostPID: true })), pod('c', spec())];
  assert.deepEqual(warningsAboutPods('n', { level: 'baseline', version: 'latest' }, existing), [
    'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
    'a (and 1 other pod): host namespaces',
  ]);
});

test('a namespace holds its pods to its policy', async () => {
  await using server = await startTestApiServer();
  const labels = { 'pod-security.kubernetes.io/enforce': 'baseline' };
  await server.client.create(namespaces, { metadata: { name: 'strict', labels }, spec: {}, status: {} });
  await server.client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'strict' } });
  const containers = [{ name: 'c', image: 'i' }];
  await server.client.create(pods, { metadata: { name: 'good', namespace: 'strict' }, spec: { containers } });
  const bad = { metadata: { name: 'bad', namespace: 'strict' }, spec: { containers, hostPID: true } };
  const error = await failureOf(server.client.create(pods, bad));
  assert.equal(
    error.message,
    'pods "bad" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)',
  );
});
