import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { cronJobs, jobs } from '@kts/api';
import type { CronJob, CronJobSpec } from '@kts/api/types/batch-v1';
import type { New } from '@kts/apimachinery';

import { startControllers } from '../testing/controller-harness.ts';

const KEY = { namespace: 'default', name: 'tick' };
const MINUTE_MS = 60_000;

function everyMinute(spec: Partial<CronJobSpec> = {}): New<CronJob> {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'tick:1' }] } } as const;
  return { metadata: KEY, spec: { schedule: '* * * * *', jobTemplate: { spec: { template } }, ...spec } };
}

describe('the CronJob controller', () => {
  it('starts a job when it is due, and remembers it', async () => {
    await using cluster = await startControllers(['cronjob-controller']);
    await cluster.client.create(cronJobs, everyMinute());
    await cluster.settle();
    assert.deepEqual((await cluster.client.list(jobs)).items, []);
    await cluster.clock.advance(MINUTE_MS);
    await cluster.settle();
    const [job, ...more] = (await cluster.client.list(jobs)).items;
    assert.deepEqual(more, []);
    const scheduled = job?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'];
    const { status } = await cluster.client.get(cronJobs, KEY);
    assert.equal(status?.lastScheduleTime, scheduled);
    assert.equal(status?.active?.[0]?.uid, job?.metadata.uid);
  });

  it('replaces a job that still runs', async () => {
    await using cluster = await startControllers(['cronjob-controller']);
    await cluster.client.create(cronJobs, everyMinute({ concurrencyPolicy: 'Replace' }));
    await cluster.clock.advance(MINUTE_MS);
    await cluster.settle();
    const [first] = (await cluster.client.list(jobs)).items;
    await cluster.clock.advance(MINUTE_MS);
    await cluster.settle();
    const left = (await cluster.client.list(jobs)).items;
    assert.equal(left.length, 1);
    assert.notEqual(left[0]?.metadata.uid, first?.metadata.uid);
  });

  it('keeps only a part of the history', async () => {
    await using cluster = await startControllers(['cronjob-controller', 'job-controller']);
    const spec = { successfulJobsHistoryLimit: 1 };
    const created = everyMinute(spec);
    await cluster.client.create(cronJobs, {
      ...created,
      spec: { ...created.spec, jobTemplate: { spec: { ...created.spec.jobTemplate.spec!, completions: 0 } } },
    });
    await cluster.clock.advance(3 * MINUTE_MS);
    await cluster.settle();
    assert.equal((await cluster.client.list(jobs)).items.length, 1);
    assert.ok((await cluster.client.get(cronJobs, KEY)).status?.lastSuccessfulTime);
  });
});
