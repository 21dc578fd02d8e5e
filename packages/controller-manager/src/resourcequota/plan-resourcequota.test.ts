import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { ResourceQuota } from '@kts/api/types/core-v1';

import { NOW, podOn } from '../nodes/testing/node-objects.ts';
import { freesQuota, planQuotaStatus, resourceOfQuota } from './plan-resourcequota.ts';

type Amounts = Readonly<Record<string, string>>;

function quota(hard: Amounts, used?: Amounts, spec: Partial<ResourceQuota['spec']> = {}): ResourceQuota {
  const { metadata } = podOn({ name: 'quota' });
  return { metadata, spec: { hard, ...spec }, ...(used ? { status: { hard, used } } : {}) };
}

const pods = [podOn({ name: 'a' }), podOn({ name: 'b' }), podOn({ name: 'c', phase: 'Succeeded' })];
const objects = new Map([
  ['pods', pods],
  ['deployments.apps', []],
]);

describe('planQuotaStatus', () => {
  it('counts what there is, and 0 where there is nothing', () => {
    const hard = { pods: '10', 'count/pods': '10', 'count/deployments.apps': '5' };
    const used = { pods: '2', 'count/pods': '3', 'count/deployments.apps': '0' };
    assert.deepEqual(planQuotaStatus({ quota: quota(hard), objects, now: NOW }), { hard, used });
    assert.equal(planQuotaStatus({ quota: quota(hard, used), objects, now: NOW }), undefined);
  });

  it('sums amounts up', () => {
    const withMemory = pods.map((pod) => ({
      ...pod,
      spec: { containers: [{ name: 'main', resources: { requests: { memory: '512Mi' } } }] },
    }));
    const status = planQuotaStatus({
      quota: quota({ 'requests.memory': '4Gi' }),
      objects: new Map([['pods', withMemory]]),
      now: NOW,
    });
    assert.deepEqual(status?.used, { 'requests.memory': '1Gi' });
  });

  it('keeps what it cannot count', () => {
    const status = planQuotaStatus({ quota: quota({ 'count/x.example.com': '1' }), objects, now: NOW });
    assert.deepEqual(status?.used, {});
  });

  it('does not hold a pod against its owner that should be gone', () => {
    const [pod] = pods;
    const metadata = { ...pod!.metadata, deletionTimestamp: '2026-01-01T11:59:00Z', deletionGracePeriodSeconds: 30 };
    const overdue = { ...pod!, metadata };
    const seen = { quota: quota({ pods: '1' }), objects: new Map([['pods', [overdue]]]), now: NOW };
    assert.deepEqual(planQuotaStatus(seen)?.used, { pods: '0' });
    assert.deepEqual(planQuotaStatus({ ...seen, now: NOW - 31_000 })?.used, { pods: '1' });
  });
});

describe('resourceOfQuota', () => {
  for (const [constraint, resource] of [
    ['pods', 'pods'],
    ['limits.cpu', 'pods'],
    ['requests.example.com/gpu', 'pods'],
    ['requests.storage', 'persistentvolumeclaims'],
    ['fast.storageclass.storage.k8s.io/requests.storage', 'persistentvolumeclaims'],
    ['services.nodeports', 'services'],
    ['secrets', 'secrets'],
    ['count/jobs.batch', 'jobs.batch'],
    ['gold.deviceclass.resource.k8s.io/devices', 'resourceclaims.resource.k8s.io'],
    ['something', undefined],
  ] as const) {
    it(`${constraint} counts ${resource}`, () => assert.equal(resourceOfQuota(constraint), resource));
  }
});

describe('freesQuota', () => {
  const running = podOn({ name: 'a' });
  for (const [name, after, frees] of [
    ['ends', podOn({ name: 'a', phase: 'Failed' }), true],
    ['changes otherwise', podOn({ name: 'a', node: 'one' }), false],
  ] as const) {
    it(`a pod that ${name}: ${frees}`, () => assert.equal(freesQuota('pods', running, after, NOW), frees));
  }
});
