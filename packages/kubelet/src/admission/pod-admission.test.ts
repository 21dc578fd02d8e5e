import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Node, NodeSelectorRequirement, Pod, PodSpec } from '@kts/api/types/core-v1';
import { aContainer, aPod } from '../testing/pods.ts';
import { nodeMatchesPod } from './node-affinity.ts';
import { rejectionOf, type AdmissionInput } from './pod-admission.ts';

const metadata = { ...aPod().metadata, name: 'node-1', labels: { disk: 'ssd', cores: '8' } };
const node = (spec: Node['spec'] = {}): Node => ({
  metadata,
  spec,
  status: { allocatable: { cpu: '2', memory: '1Gi', pods: '3', 'example.com/gpu': '1' } },
});
const asking = (requests: Readonly<Record<string, string>>, spec: Partial<PodSpec> = {}): Pod =>
  aPod({ containers: [aContainer('c', { resources: { requests, limits: requests } })], ...spec });
const opening = (hostPort: number, more: object = {}): Pod =>
  aPod({ containers: [aContainer('c', { ports: [{ containerPort: 1, hostPort, ...more }] })] });
const refusal = (pod: Pod, more: Partial<AdmissionInput> = {}): string | undefined => {
  const rejection = rejectionOf({
    pod,
    node: node(),
    others: [],
    allowedUnsafeSysctls: [],
    appArmorEnabled: false,
    pressures: [],
    ...more,
  });
  return rejection && `${rejection.reason}: ${rejection.message}`;
};

describe('a node takes a pod', () => {
  const others = [asking({ cpu: '1500m' }), asking({ memory: '512Mi' })];
  const table: readonly (readonly [string, Pod, Partial<AdmissionInput>, string | undefined])[] = [
    ['that asks for nothing', aPod(), {}, undefined],
    ['that fits beside others', asking({ cpu: '500m', memory: '512Mi' }), { others }, undefined],
    [
      'unless there is too little CPU',
      asking({ cpu: '501m' }),
      { others },
      "OutOfcpu: Node didn't have enough resource: cpu, requested: 501, used: 1500, capacity: 2000",
    ],
    [
      'unless there is too little memory',
      asking({ memory: '513Mi' }),
      { others },
      "OutOfmemory: Node didn't have enough resource: memory, requested: 537919488, used: 536870912, capacity: 1073741824",
    ],
    [
      'unless there are enough pods',
      aPod(),
      { others: [aPod(), aPod(), aPod()] },
      "OutOfpods: Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3",
    ],
    [
      'unless a device is taken',
      asking({ 'example.com/gpu': '1' }),
      { others: [asking({ 'example.com/gpu': '1' })] },
      "OutOfexample.com/gpu: Node didn't have enough resource: example.com/gpu, requested: 1, used: 1, capacity: 1",
    ],
    ['whose device it does not know', asking({ 'example.com/other': '1' }), {}, undefined],
    ['that is selected for it', aPod({ nodeSelector: { disk: 'ssd' } }), {}, undefined],
    [
      'unless it is selected for others',
      aPod({ nodeSelector: { disk: 'hdd' } }),
      {},
      "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    ],
    [
      'unless it is meant for another',
      aPod({ nodeName: 'node-2' }),
      {},
      "NodeName: Predicate NodeName failed: node(s) didn't match the requested node name",
    ],
    [
      'unless its port is taken',
      opening(80),
      { others: [opening(80, { hostIP: '10.0.0.1' })] },
      "NodePorts: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    ],
    ['with a port of another protocol', opening(80), { others: [opening(80, { protocol: 'UDP' })] }, undefined],
    [
      'with a port of another address',
      opening(80, { hostIP: '10.0.0.2' }),
      { others: [opening(80, { hostIP: '10.0.0.1' })] },
      undefined,
    ],
    [
      'unless it is tainted',
      aPod(),
      { node: node({ taints: [{ key: 'a', effect: 'NoExecute' }] }) },
      "TaintToleration: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate",
    ],
    [
      'that tolerates its taint',
      aPod({ tolerations: [{ key: 'a', operator: 'Exists' }] }),
      { node: node({ taints: [{ key: 'a', effect: 'NoExecute' }] }) },
      undefined,
    ],
    [
      'whatever only keeps new pods away',
      aPod(),
      { node: node({ taints: [{ key: 'a', effect: 'NoSchedule' }] }) },
      undefined,
    ],
    [
      'unless it is for another system',
      aPod({ os: { name: 'windows' } }),
      {},
      "PodOSNotSupported: Failed to admit pod as the OS field doesn't match node OS",
    ],
    [
      'unless it wants to change the kernel',
      aPod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }),
      {},
      'SysctlForbidden: forbidden sysctl: "kernel.msgmax" not allowlisted',
    ],
    [
      'that may change the kernel',
      aPod({ securityContext: { sysctls: [{ name: 'kernel/msgmax', value: '1' }] } }),
      { allowedUnsafeSysctls: ['kernel.msg*'] },
      undefined,
    ],
    [
      'unless that would change the node',
      aPod({ hostNetwork: true, securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] } }),
      {},
      'SysctlForbidden: forbidden sysctl: "net.ipv4.tcp_syncookies" not allowed with host net enabled',
    ],
    [
      'unless it is short of memory and nothing was asked for',
      aPod(),
      { pressures: ['MemoryPressure'] },
      'Evicted: The node had condition: [MemoryPressure]. ',
    ],
    [
      'that asked for memory, even if it is short of it',
      asking({ memory: '1Mi' }),
      { pressures: ['MemoryPressure'] },
      undefined,
    ],
    [
      'that tolerates a shortage of memory',
      aPod({ tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists' }] }),
      { pressures: ['MemoryPressure'] },
      undefined,
    ],
    [
      'unless it is short of anything else',
      asking({ memory: '1Mi' }),
      { pressures: ['DiskPressure', 'MemoryPressure'] },
      'Evicted: The node had condition: [DiskPressure MemoryPressure]. ',
    ],
    ['that the system needs', aPod({ priority: 2_000_000_000 }), { pressures: ['DiskPressure'] }, undefined],
  ];
  for (const [name, pod, more, expected] of table) test(name, () => assert.equal(refusal(pod, more), expected));
});

describe('required node affinity', () => {
  const requirement = (key: string, operator: string, ...values: string[]): NodeSelectorRequirement =>
    ({ key, operator, values }) as NodeSelectorRequirement;
  const table: readonly (readonly [NodeSelectorRequirement, boolean])[] = [
    [requirement('disk', 'In', 'hdd', 'ssd'), true],
    [requirement('none', 'In', 'ssd'), false],
    [requirement('disk', 'NotIn', 'ssd'), false],
    [requirement('none', 'NotIn', 'ssd'), true],
    [requirement('disk', 'Exists'), true],
    [requirement('disk', 'DoesNotExist'), false],
    [requirement('cores', 'Gt', '7'), true],
    [requirement('cores', 'Lt', '8'), false],
    [requirement('disk', 'Gt', '7'), false],
    [requirement('disk', 'Like', 's*'), false],
  ];
  const affine = (...nodeSelectorTerms: object[]): Pod =>
    aPod({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
    } as Partial<PodSpec>);
  for (const [one, expected] of table) {
    test(`${one.key} ${one.operator} ${one.values?.join() ?? ''}: ${expected}`, () =>
      assert.equal(nodeMatchesPod(affine({ matchExpressions: [one] }), node()), expected));
  }

  test('one term is enough, an empty one matches nothing, and fields count too', () => {
    const no = { matchExpressions: [requirement('disk', 'DoesNotExist')] };
    const byName = { matchFields: [requirement('metadata.name', 'In', 'node-1')] };
    assert.equal(nodeMatchesPod(affine(no, byName), node()), true);
    assert.equal(nodeMatchesPod(affine({}), node()), false);
    assert.equal(nodeMatchesPod(affine(no), node()), false);
  });
});
