import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { events, jobs, pods } from '@kts/api';
import type { Job, JobSpec } from '@kts/api/types/batch-v1';
import type { Pod } from '@kts/api/types/core-v1';
import type { New } from '@kts/apimachinery';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const NAMESPACE = 'default';
const KEY = { namespace: NAMESPACE, name: 'work' };

function newJob(spec: Partial<JobSpec> = {}): New<Job> {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'work:1' }] } } as const;
  return { metadata: KEY, spec: { template, ...spec } };
}

async function turn(cluster: ControllerHarness): Promise<void> {
  await cluster.clock.advance(1000);
  await cluster.settle();
}

async function list(cluster: ControllerHarness): Promise<readonly Pod[]> {
  return (await cluster.client.list(pods, { namespace: NAMESPACE })).items;
}

async function end(cluster: ControllerHarness, pod: Pod, phase: 'Succeeded' | 'Failed'): Promise<void> {
  await cluster.client.patchStatus(pods, pod.metadata, { type: 'strategic', body: { status: { phase } } });
}

describe('the Job controller', () => {
  it('runs a job to its end', async () => {
    await using cluster = await startControllers(['job-controller']);
    await cluster.client.create(jobs, newJob());
    await turn(cluster);
    const [pod, ...more] = await list(cluster);
    assert.deepEqual(more, []);
    assert.deepEqual(pod?.metadata.finalizers, ['batch.kubernetes.io/job-tracking']);
    await end(cluster, pod!, 'Succeeded');
    await turn(cluster);
    const { status } = await cluster.client.get(jobs, KEY);
    assert.equal(status?.succeeded, 1);
    assert.deepEqual(
      status?.conditions?.map(({ type }) => type),
      ['SuccessCriteriaMet', 'Complete'],
    );
    assert.equal((await list(cluster))[0]?.metadata.finalizers, undefined);
    const told = (await cluster.client.list(events, { namespace: NAMESPACE })).items;
    assert.deepEqual(
      told.map(({ reason }) => reason),
      ['SuccessfulCreate', 'Completed'],
    );
  });

  it('gives every index its pod and its number', async () => {
    await using cluster = await startControllers(['job-controller']);
    await cluster.client.create(jobs, newJob({ completionMode: 'Indexed', completions: 2, parallelism: 2 }));
    await turn(cluster);
    const created = (await list(cluster)).toSorted((a, b) => (a.spec.hostname! < b.spec.hostname! ? -1 : 1));
    assert.deepEqual(
      created.map(({ spec }) => spec.hostname),
      ['work-0', 'work-1'],
    );
    assert.equal(created[1]?.metadata.labels?.['batch.kubernetes.io/job-completion-index'], '1');
    await end(cluster, created[1]!, 'Succeeded');
    await turn(cluster);
    assert.equal((await cluster.client.get(jobs, KEY)).status?.completedIndexes, '1');
  });

  it('replaces failed pods later and later, up to the limit', async () => {
    await using cluster = await startControllers(['job-controller']);
    await cluster.client.create(jobs, newJob({ backoffLimit: 1 }));
    await turn(cluster);
    await end(cluster, (await list(cluster))[0]!, 'Failed');
    await turn(cluster);
    assert.equal((await list(cluster)).length, 1);
    await cluster.clock.advance(10_000);
    await cluster.settle();
    const replacement = (await list(cluster)).find(({ status }) => status?.phase !== 'Failed');
    await end(cluster, replacement!, 'Failed');
    await turn(cluster);
    const { status } = await cluster.client.get(jobs, KEY);
    assert.equal(status?.failed, 2);
    assert.deepEqual(
      status?.conditions?.map(({ type, reason }) => [type, reason]),
      [
        ['FailureTarget', 'BackoffLimitExceeded'],
        ['Failed', 'BackoffLimitExceeded'],
      ],
    );
  });

  it('frees the pods of a job that is gone', async () => {
    await using cluster = await startControllers(['job-controller']);
    await cluster.client.create(jobs, newJob());
    await turn(cluster);
    await cluster.client.delete(jobs, KEY, { propagationPolicy: 'Background' });
    await turn(cluster);
    assert.equal((await list(cluster))[0]?.metadata.finalizers, undefined);
  });

  it('stops and goes on', async () => {
    await using cluster = await startControllers(['job-controller']);
    await cluster.client.create(jobs, newJob({ suspend: true }));
    await turn(cluster);
    assert.deepEqual(await list(cluster), []);
    assert.equal((await cluster.client.get(jobs, KEY)).status?.conditions?.[0]?.reason, 'JobSuspended');
    await cluster.client.patch(jobs, KEY, { type: 'merge', body: { spec: { suspend: false } } });
    await turn(cluster);
    assert.equal((await list(cluster)).length, 1);
    assert.equal((await cluster.client.get(jobs, KEY)).status?.conditions?.[0]?.reason, 'JobResumed');
  });
});
