import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  limitRanges,
  nodes,
  persistentVolumeClaims,
  pods,
  priorityClasses,
  resourceQuotas,
  storageClasses,
  missingRequests,
  podRequests,
  quotaUsage,
} from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';

import type { UserInfo } from '../request.ts';
import { failureOf, startTestApiServer, type TestApiServer } from '../testing/index.ts';

const namespace = 'default';
const pod = (name: string, extra: object = {}): { metadata: object; spec: Pod['spec'] } => ({
  metadata: { name, namespace },
  spec: { containers: [{ name: 'c', image: 'i', ...extra }] },
});
const cpu = (amount: string): object => ({ resources: { requests: { cpu: amount } } });

describe('LimitRanger', () => {
  test('fills in what containers do not say, and refuses too much', async () => {
    await using server = await startTestApiServer();
    await server.client.create(limitRanges, {
      metadata: { name: 'limits', namespace },
      spec: {
        limits: [{ type: 'Container', defaultRequest: { cpu: '100m' }, default: { cpu: '1' }, max: { cpu: '2' } }],
      },
    });
    const created = await server.client.create(pods, pod('a'));
    assert.deepEqual(created.spec.containers[0]?.resources, { limits: { cpu: '1' }, requests: { cpu: '100m' } });
    assert.equal(
      created.metadata.annotations?.['kubernetes.io/limit-ranger'],
      'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
    );
    const error = await failureOf(server.client.create(pods, pod('b', { resources: { limits: { cpu: '3' } } })));
    assert.match(error.message, /maximum cpu usage per Container is 2, but limit is 3/);
  });
});

describe('ResourceQuota', () => {
  async function withQuota(hard: Record<string, string>): Promise<TestApiServer> {
    const server = await startTestApiServer();
    const quota = await server.client.create(resourceQuotas, {
      metadata: { name: 'quota', namespace },
      spec: { hard },
    });
    const used = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']));
    await server.client.updateStatus(resourceQuotas, { ...quota, status: { hard, used } });
    return server;
  }

  test('counts what is created and refuses what is too much', async () => {
    await using server = await withQuota({ pods: '2', 'requests.cpu': '1' });
    await server.client.create(pods, pod('a', cpu('600m')));
    const quota = await server.client.get(resourceQuotas, { namespace, name: 'quota' });
    assert.deepEqual(quota.status?.used, { pods: '1', 'requests.cpu': '600m' });
    const error = await failureOf(server.client.create(pods, pod('b', cpu('500m'))));
    assert.equal(
      error.message,
      'pods "b" is forbidden: exceeded quota: quota, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
    );
  });

  test('two creations at once cannot use the same rest', async () => {
    await using server = await withQuota({ pods: '1' });
    const both = await Promise.allSettled([server.client.create(pods, pod('a')), server.client.create(pods, pod('b'))]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  test('pods count as the most they need at any time', () => {
    const amounts = (name: string, request: string, sidecar = false): object => ({
      name,
      ...cpu(request),
      ...(sidecar ? { restartPolicy: 'Always' } : {}),
    });
    const rows: [string, object[], object[], string][] = [
      ['containers run together', [amounts('a', '1'), amounts('b', '500m')], [], '1500m'],
      ['an init container runs alone', [amounts('a', '1')], [amounts('i', '3')], '3'],
      ['a sidecar keeps running', [amounts('a', '1')], [amounts('s', '500m', true)], '1500m'],
      ['an init container beside a sidecar', [amounts('a', '1')], [amounts('s', '1', true), amounts('i', '2')], '3'],
    ];
    for (const [name, containers, initContainers, expected] of rows) {
      const subject = { metadata: {}, spec: { containers, initContainers } } as unknown as Pod;
      assert.equal(podRequests(subject)['cpu'], expected, name);
      assert.equal(quotaUsage('pods', subject)['requests.cpu'], expected, name);
    }
  });

  test('quotas of processor time want requests from every container', () => {
    const subject = pod('a') as unknown as Pod;
    assert.equal(missingRequests(subject, ['cpu', 'pods']), 'must specify cpu for: c');
    assert.equal(missingRequests(subject, ['pods']), undefined);
  });
});

test('the default class is given to what names none', async () => {
  await using server = await startTestApiServer();
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  await server.client.create(storageClasses, { metadata: { name: 'fast', annotations }, provisioner: 'p' });
  const claim = await server.client.create(persistentVolumeClaims, {
    metadata: { name: 'data', namespace },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  assert.equal(claim.spec?.storageClassName, 'fast');
  assert.deepEqual(claim.metadata.finalizers, ['kubernetes.io/pvc-protection']);
});

test('a priority class becomes a number', async () => {
  await using server = await startTestApiServer();
  await server.client.create(priorityClasses, { metadata: { name: 'high' }, value: 1000 });
  const created = await server.client.create(pods, {
    metadata: { name: 'a', namespace },
    spec: { ...pod('a').spec, priorityClassName: 'high' },
  });
  assert.equal(created.spec.priority, 1000);
  const spec = { ...pod('b').spec, priorityClassName: 'none' };
  const error = await failureOf(server.client.create(pods, { metadata: { name: 'b', namespace }, spec }));
  assert.match(error.message, /no PriorityClass with name none was found/);
});

describe('NodeRestriction', () => {
  const kubelet: UserInfo = { name: 'system:node:one', groups: ['system:nodes', 'system:authenticated'] };

  test('kubelets write their own node only', async () => {
    await using server = await startTestApiServer({ admissionPlugins: ['NodeRestriction'] });
    const client = server.clientFor(kubelet);
    const created = await client.create(nodes, { metadata: { name: 'one' }, spec: {}, status: {} });
    assert.deepEqual(created.spec?.taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
    const error = await failureOf(client.create(nodes, { metadata: { name: 'two' }, spec: {}, status: {} }));
    assert.match(error.message, /node "one" is not allowed to modify node "two"/);
  });

  test('kubelets delete pods of their own node only', async () => {
    await using server = await startTestApiServer({ admissionPlugins: ['NodeRestriction'] });
    await server.client.create(pods, { ...pod('a'), spec: { ...pod('a').spec, nodeName: 'two' } });
    const error = await failureOf(server.clientFor(kubelet).delete(pods, { namespace, name: 'a' }));
    assert.match(error.message, /node "one" can only delete pods with spec.nodeName set to itself/);
  });
});
