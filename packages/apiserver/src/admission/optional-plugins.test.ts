import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  configMaps,
  namespaces,
  nodes,
  podDisruptionBudgets,
  pods,
  replicaSets,
  resourceQuotas,
  serviceAccounts,
  services,
  type ResourceDefinition,
} from '@kts/api';
import type { Pod, Toleration } from '@kts/api/types/core-v1';
import type { OwnerReference } from '@kts/apimachinery';

import { failureOf, startTestApiServer } from '../testing/index.ts';
import type { AdmissionAttributes } from './admission.ts';
import { ownerReferencesPermissionEnforcement } from './owner-references.ts';
import { includes } from './pod-toleration-restriction.ts';

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

describe('what namespaces say about their pods', () => {
  const SELECTOR = 'scheduler.alpha.kubernetes.io/node-selector';
  const DEFAULTS = 'scheduler.alpha.kubernetes.io/defaultTolerations';
  const WHITELIST = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist';
  const exists = (key: string): Toleration => ({ key, operator: 'Exists', effect: 'NoSchedule' });
  const gpu = exists('gpu');

  async function created(
    plugin: string,
    annotations: Record<string, string>,
    spec: Partial<Pod['spec']>,
  ): Promise<Pod['spec'] | string> {
    await using server = await startTestApiServer({ admissionPlugins: [plugin] });
    await server.client.create(namespaces, { metadata: { name: 'home', annotations }, spec: {} });
    await server.client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'home' } });
    const made = pod('a', spec);
    try {
      return (await server.client.create(pods, { ...made, metadata: { name: 'a', namespace: 'home' } })).spec;
    } catch (error) {
      return (error as Error).message;
    }
  }

  const selectors: readonly [annotation: string, own: Record<string, string>, expected: object | RegExp][] = [
    ['disk=ssd, zone = a', {}, { disk: 'ssd', zone: 'a' }],
    ['disk=ssd', { zone: 'b', disk: 'ssd' }, { disk: 'ssd', zone: 'b' }],
    ['', { zone: 'b' }, { zone: 'b' }],
    ['disk=ssd', { disk: 'hdd' }, /pod node label selector conflicts with its namespace node label selector$/],
    ['disk', {}, /^invalid selector: \[disk\]$/],
  ];
  for (const [annotation, nodeSelector, expected] of selectors) {
    it(`PodNodeSelector: ${annotation} and ${JSON.stringify(nodeSelector)}`, async () => {
      const spec = await created('PodNodeSelector', { [SELECTOR]: annotation }, { nodeSelector });
      if (expected instanceof RegExp) assert.match(spec as string, expected);
      else assert.deepEqual((spec as Pod['spec']).nodeSelector, expected);
    });
  }

  const tolerations: readonly [annotations: Record<string, object>, own: Toleration[], expected: string[] | RegExp][] =
    [
      [{ [DEFAULTS]: [gpu] }, [], ['gpu']],
      [{ [DEFAULTS]: [gpu] }, [exists('ssd')], ['gpu', 'ssd']],
      [{ [DEFAULTS]: [gpu] }, [gpu], ['gpu']],
      [{ [WHITELIST]: [gpu] }, [], []],
      [{ [WHITELIST]: [gpu] }, [{ ...gpu, operator: 'Equal', value: 'a' }], ['gpu']],
      [{ [WHITELIST]: [gpu] }, [exists('ssd')], /conflict with its namespace whitelist$/],
    ];
  for (const [annotations, own, expected] of tolerations) {
    it(`PodTolerationRestriction: ${JSON.stringify(annotations)} and ${own.map(({ key }) => key).join()}`, async () => {
      const texts = Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, JSON.stringify(value)]));
      texts[WHITELIST] &&= JSON.stringify([...(annotations[WHITELIST] as Toleration[]), ...NOT_READY]);
      const spec = await created('PodTolerationRestriction', texts, { tolerations: own });
      if (expected instanceof RegExp) assert.match(spec as string, expected);
      else {
        const keys = ((spec as Pod['spec']).tolerations ?? []).map(({ key }) => key!);
        assert.deepEqual(
          keys.filter((key) => !key.startsWith('node.kubernetes.io/')),
          expected,
        );
      }
    });
  }
  const NOT_READY = ['not-ready', 'unreachable'].map((name): Toleration => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  }));

  const pairs: readonly [wide: Toleration, one: Toleration, expected: boolean][] = [
    [{ operator: 'Exists' }, gpu, true],
    [gpu, { operator: 'Exists' }, false],
    [{ key: 'a', value: 'b' }, { key: 'a', operator: 'Equal', value: 'b' }, true],
    [{ key: 'a', value: 'b' }, { key: 'a', value: 'c' }, false],
    [
      { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 },
      { key: 'a', operator: 'Exists', effect: 'NoExecute' },
      false,
    ],
    [
      { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 },
      { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 4 },
      true,
    ],
    [{ key: 'a', operator: 'Exists' }, { key: 'a', operator: 'Exists', effect: 'NoExecute' }, true],
    [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }, { key: 'a', operator: 'Exists' }, false],
  ];
  for (const [wide, one, expected] of pairs) {
    it(`${JSON.stringify(wide)} ${expected ? 'includes' : 'does not include'} ${JSON.stringify(one)}`, () => {
      assert.equal(includes(wide, one), expected);
    });
  }
});

describe('OwnerReferencesPermissionEnforcement', () => {
  const owner = (blockOwnerDeletion: boolean, kind = 'ReplicaSet'): OwnerReference => ({
    apiVersion: 'apps/v1',
    kind,
    name: 'web',
    uid: 'u',
    blockOwnerDeletion,
  });
  const rows: readonly [
    name: string,
    operation: 'CREATE' | 'UPDATE',
    before: OwnerReference[],
    now: OwnerReference[],
    allowed: string[],
    problem: RegExp | undefined,
  ][] = [
    ['nothing changes', 'UPDATE', [owner(true)], [owner(true)], [], undefined],
    ['a new object may have owners', 'CREATE', [], [owner(false)], [], undefined],
    [
      'an object that may not be deleted',
      'UPDATE',
      [],
      [owner(false)],
      [],
      /cannot set an ownerRef on a resource you can't delete: , <nil>$/,
    ],
    ['an object that may be', 'UPDATE', [], [owner(false)], ['delete pods/ a'], undefined],
    [
      'an owner that may not be held',
      'CREATE',
      [],
      [owner(true)],
      [],
      /refers to a resource you can't set finalizers on: , <nil>$/,
    ],
    ['an owner that may be', 'CREATE', [], [owner(true)], ['update replicasets/finalizers web'], undefined],
    [
      'an owner that was held before',
      'UPDATE',
      [owner(true)],
      [owner(true), owner(false)],
      ['delete pods/ a'],
      undefined,
    ],
    [
      'an owner of an unknown kind',
      'CREATE',
      [],
      [owner(true, 'Other')],
      [],
      /cannot find RESTMapping for APIVersion apps\/v1 Kind Other/,
    ],
  ];
  for (const [name, operation, before, now, allowed, problem] of rows) {
    it(name, () => {
      const plugin = ownerReferencesPermissionEnforcement(
        {
          authorize: (_user, { verb, resource, subresource, name: target }) =>
            allowed.includes(`${verb} ${resource}/${subresource} ${target}`)
              ? { decision: 'allow', reason: '' }
              : { decision: 'no-opinion', reason: '' },
        },
        (_group, _version, kind) =>
          kind === 'ReplicaSet' ? (replicaSets as unknown as ResourceDefinition) : undefined,
      );
      const object = { metadata: { name: 'a', ownerReferences: now } };
      const old = operation === 'UPDATE' ? { metadata: { name: 'a', ownerReferences: before } } : undefined;
      const attributes = {
        operation,
        definition: pods,
        subresource: '',
        namespace,
        name: 'a',
        object,
        old,
        request: { user: {} },
      };
      const validate = (): unknown => plugin.validate!(attributes as unknown as AdmissionAttributes);
      if (problem) assert.throws(validate, problem);
      else validate();
    });
  }
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
