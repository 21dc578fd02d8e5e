import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { configMaps, nodes, podDisruptionBudgets, pods, resourceQuotas, services } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';

import { failureOf, startTestApiServer } from '../testing/index.ts';

const namespace = 'default';
const ZONE = 'topology.kubernetes.io/zone';
const REGION = 'topology.kubernetes.io/region';

function pod(name: string, spec: Partial<Pod['spec']> = {}): { metadata: object; spec: Pod['spec'] } {
  const labels = { app: 'web', [ZONE]: 'own' };
  return { metadata: { name, namespace, labels }, spec: { containers: [{ name: 'c', image: 'i:1' }], ...spec } };
}

describe('PodTopologyLabels', () => {
  async function serverWithNode(): Promise<Awaited<ReturnType<typeof startTestApiServer>>> {
    const server = await startTestApiServer();
    const labels = { [ZONE]: 'z1', [REGION]: 'r1', 'kubernetes.io/hostname': 'n1' };
    await server.client.create(nodes, { metadata: { name: 'n1', labels }, spec: {} });
    return server;
  }

  it('gives a pod that is created on a node the labels of its place', async () => {
    await using server = await serverWithNode();
    const created = await server.client.create(pods, pod('a', { nodeName: 'n1' }));
    assert.deepEqual(created.metadata.labels, { app: 'web', [ZONE]: 'z1', [REGION]: 'r1' });
  });

  it('gives them when a pod is bound, and not before', async () => {
    await using server = await serverWithNode();
    const created = await server.client.create(pods, pod('a'));
    assert.deepEqual(created.metadata.labels, { app: 'web', [ZONE]: 'own' });
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'a', namespace },
      target: { kind: 'Node', name: 'n1' },
    };
    await server.client.create(pods, binding as never, { subresource: 'binding', name: 'a' });
    const bound = await server.client.get(pods, { namespace, name: 'a' });
    assert.deepEqual(bound.metadata.labels, { app: 'web', [ZONE]: 'z1', [REGION]: 'r1' });
    const [condition] = (bound.status?.conditions ?? []).filter(({ type }) => type === 'PodScheduled');
    assert.deepEqual([condition?.status, condition?.observedGeneration], ['True', undefined]);
  });

  it('leaves pods of unknown nodes alone', async () => {
    await using server = await serverWithNode();
    const created = await server.client.create(pods, pod('a', { nodeName: 'elsewhere' }));
    assert.deepEqual(created.metadata.labels, { app: 'web', [ZONE]: 'own' });
  });
});

describe('plugins that are off by default', () => {
  it('AlwaysPullImages pulls every image', async () => {
    await using server = await startTestApiServer({ admissionPlugins: ['AlwaysPullImages'] });
    const initContainers = [{ name: 'init', image: 'j', imagePullPolicy: 'Never' as const }];
    const { spec } = await server.client.create(pods, pod('a', { initContainers }));
    assert.deepEqual(
      [...spec.containers, ...(spec.initContainers ?? [])].map(({ imagePullPolicy }) => imagePullPolicy),
      ['Always', 'Always'],
    );
  });

  it('AlwaysDeny refuses whatever is written', async () => {
    await using server = await startTestApiServer();
    assert.ok(await server.client.create(configMaps, { metadata: { name: 'a', namespace } }));
    const { alwaysDeny } = await import('./simple-plugins.ts');
    assert.throws(
      () => void alwaysDeny.admit!({ definition: configMaps, name: 'b', object: undefined } as never, {} as never),
      /configmaps "b" is forbidden: admission control is denying all modifications/,
    );
  });

  it('ExtendedResourceToleration tolerates the taint that is named after a resource', async () => {
    await using server = await startTestApiServer({ admissionPlugins: ['ExtendedResourceToleration'] });
    const resources = { requests: { 'example.com/device': '1', cpu: '1' }, limits: { 'example.com/device': '1' } };
    const { spec } = await server.client.create(pods, pod('a', { containers: [{ name: 'c', image: 'i', resources }] }));
    assert.deepEqual(
      spec.tolerations?.filter(({ key }) => !key?.startsWith('node.')),
      [{ key: 'example.com/device', operator: 'Exists', effect: 'NoSchedule' }],
    );
  });

  it('LimitPodHardAntiAffinityTopology keeps others away from nodes only', async () => {
    await using server = await startTestApiServer({ admissionPlugins: ['LimitPodHardAntiAffinityTopology'] });
    const away = (topologyKey: string): Partial<Pod['spec']> => ({
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey }] } },
    });
    await server.client.create(pods, pod('a', away('kubernetes.io/hostname')));
    const error = await failureOf(server.client.create(pods, pod('b', away(ZONE))));
    assert.match(error.message, /RequiredDuringScheduling has TopologyKey topology.kubernetes.io\/zone but only key/);
  });

  it('DenyServiceExternalIPs lets addresses go but not come', async () => {
    await using server = await startTestApiServer({ admissionPlugins: ['DenyServiceExternalIPs'] });
    const service = (name: string, externalIPs: string[]): object => ({
      metadata: { name, namespace },
      spec: { ports: [{ port: 80 }], externalIPs },
    });
    await server.client.create(services, service('a', []) as never);
    const error = await failureOf(server.client.create(services, service('b', ['192.0.2.1']) as never));
    assert.match(error.message, /services "b" is forbidden: Use of external IPs is denied by admission control/);
  });

  it('NamespaceExists refuses what is written into nowhere', async () => {
    await using server = await startTestApiServer({ admissionPlugins: ['NamespaceExists'] });
    const error = await failureOf(server.client.create(configMaps, { metadata: { name: 'a', namespace: 'none' } }));
    assert.equal(error.message, 'namespaces "none" not found');
  });
});

describe('what the server writes itself', () => {
  const statusWriters = (
    fields: readonly { manager?: string; operation?: string; subresource?: string }[] = [],
  ): string[] =>
    fields
      .filter(({ subresource }) => subresource === 'status')
      .map(({ manager, operation }) => `${manager} ${operation}`);

  it('is recorded under its name in a quota that counts a pod', async () => {
    await using server = await startTestApiServer();
    const hard = { pods: '2' };
    const quota = await server.client.create(resourceQuotas, { metadata: { name: 'q', namespace }, spec: { hard } });
    await server.client.updateStatus(resourceQuotas, { ...quota, status: { hard, used: { pods: '0' } } });
    await server.client.create(pods, pod('a'));
    const { metadata } = await server.client.get(resourceQuotas, { namespace, name: 'q' });
    assert.ok(statusWriters(metadata.managedFields).includes('kube-apiserver Update'));
  });

  it('is recorded in a budget that lets a pod go', async () => {
    await using server = await startTestApiServer();
    const created = await server.client.create(pods, pod('a'));
    const conditions = [{ type: 'Ready', status: 'True' }];
    await server.client.updateStatus(pods, { ...created, status: { ...created.status, phase: 'Running', conditions } });
    const selector = { matchLabels: { app: 'web' } };
    const budget = await server.client.create(podDisruptionBudgets, {
      metadata: { name: 'b', namespace },
      spec: { selector },
    });
    const status = {
      disruptionsAllowed: 1,
      currentHealthy: 2,
      desiredHealthy: 1,
      expectedPods: 2,
      observedGeneration: 1,
    };
    await server.client.updateStatus(podDisruptionBudgets, { ...budget, status });
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a', namespace } };
    await server.client.create(pods, eviction as never, { subresource: 'eviction', name: 'a' });
    const { metadata } = await server.client.get(podDisruptionBudgets, { namespace, name: 'b' });
    assert.ok(statusWriters(metadata.managedFields).includes('kube-apiserver Update'));
  });
});
