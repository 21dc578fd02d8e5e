/**
 * Starts Jobs at the times that CronJobs name, and keeps their history short.
 *
 * Mirrors: pkg/controller/cronjob/cronjob_controllerv2.go (v1.36)
 */
import { cronJobs, jobs, parseCronSchedule } from '@kts/api';
import type { CronJob, Job } from '@kts/api/types/batch-v1';
import type { ObjectReference } from '@kts/api/types/core-v1';
import { isAlreadyExists, isNotFound, keyText, type New, type ObjectKey } from '@kts/apimachinery';
import { formatTime } from '@kts/base';
import {
  controllerRefOf,
  defineController,
  isControlledBy,
  newControllerRef,
  ownedBy,
  referenceTo,
  type AnyControllerDefinition,
  type ControllerContext,
  type Requeue,
} from '@kts/controlkit';

import { errorMessage, isNamespaceTerminating } from '../pods/pod-control.ts';
import { nextDueMs } from './cron-times.ts';
import {
  jobNameAt,
  planJobs,
  planStart,
  statusWith,
  type JobsPlan,
  type Observed,
  type StartPlan,
  type Told,
} from './plan-cronjob.ts';
import { zonedTimeText } from './schedule-time-text.ts';

const SCHEDULED_TIMESTAMP = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
const BY_CRON_JOB = 'cronJobName';

export const cronJobController: AnyControllerDefinition = defineController<CronJob, Observed, JobsPlan>({
  name: 'cronjob-controller',
  for: cronJobs,
  owns: [ownedBy(jobs)],
  updateDelayMs: (old, cronJob, { clock }) => scheduleChangeDelayMs(old, cronJob, clock.now()),
  setup: ({ informers }) => {
    informers.get(jobs).addIndex(BY_CRON_JOB, (job) => {
      const owner = controllerRefOf(job);
      return owner ? [keyText({ namespace: job.metadata.namespace, name: owner.name })] : [];
    });
  },
  observe,
  plan: planJobs,
  apply,
});

function observe(key: ObjectKey, { informers, clock }: ControllerContext): Observed | undefined {
  const cronJob = informers.get(cronJobs).get(key);
  return cronJob && { cronJob, jobs: informers.get(jobs).byIndex(BY_CRON_JOB, keyText(key)), now: clock.now() };
}

async function apply(plan: JobsPlan, observed: Observed, context: ControllerContext): Promise<Requeue> {
  const { cronJob } = observed;
  tell(cronJob, plan.tell, context);
  let active = plan.active;
  for (const { job, ifKept } of plan.surplus) {
    if (!(await deleteJob(cronJob, job.metadata, context))) tell(cronJob, ifKept, context);
  }
  for (const reference of await missingJobs(plan.unseen, context)) {
    const message = `Active job went missing: ${reference.name}`;
    context.events.event(cronJob, 'Normal', 'MissingJob', message);
    active = without(active, reference.uid ?? '');
  }
  const start = planStart(observed, active);
  tell(cronJob, start.tell, context);
  const started = await startJob(start, cronJob, active, context);
  const lastScheduleTime = started.at === undefined ? undefined : formatTime(started.at);
  const status = statusWith(cronJob, started.active, plan.lastSuccessfulTime, lastScheduleTime);
  const isChanged =
    started.active.length !== (cronJob.status?.active?.length ?? 0) ||
    started.at !== undefined ||
    status.lastSuccessfulTime !== cronJob.status?.lastSuccessfulTime;
  if (isChanged) await context.client.updateStatus(cronJobs, { ...cronJob, status }, { signal: context.signal });
  if (started.failure) throw started.failure.error;
  return { requeueAfterMs: start.nextMs };
}

interface Started {
  readonly active: readonly ObjectReference[];
  /** The scheduled time that was started. */
  readonly at?: number;
  readonly failure?: { readonly error: unknown };
}

async function startJob(
  plan: StartPlan,
  cronJob: CronJob,
  before: readonly ObjectReference[],
  context: ControllerContext,
): Promise<Started> {
  if (plan.do === 'nothing') return { active: before };
  let active = before;
  try {
    for (const reference of plan.replace) {
      const job = await getReplaced(cronJob, reference, context);
      if (!(await deleteJob(cronJob, job.metadata, context))) {
        throw new Error(`could not replace job ${keyText(job.metadata)}`);
      }
      active = without(active, job.metadata.uid);
    }
    const job = await createJob(plan.at, cronJob, context);
    if (!job || active.some(({ uid }) => uid === job.metadata.uid)) return { active };
    return { active: [...active, referenceTo({ ...job, apiVersion: 'batch/v1', kind: 'Job' })], at: plan.at };
  } catch (error) {
    return { active, failure: { error } };
  }
}

async function getReplaced(cronJob: CronJob, reference: ObjectReference, context: ControllerContext): Promise<Job> {
  try {
    return await context.client.get(jobs, keyOf(reference), { signal: context.signal });
  } catch (error) {
    context.events.event(cronJob, 'Warning', 'FailedGet', `Get job: ${errorMessage(error)}`);
    throw error;
  }
}

/** Returns the Job of that time, even if it was created before; undefined if somebody else's has its name. */
async function createJob(at: number, cronJob: CronJob, context: ControllerContext): Promise<Job | undefined> {
  const { client, events, signal } = context;
  const job = jobFromTemplate(cronJob, at);
  try {
    const created = await client.create(jobs, job, { signal });
    events.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${created.metadata.name}`);
    return created;
  } catch (error) {
    if (isAlreadyExists(error)) {
      const { namespace } = cronJob.metadata;
      const found = await client.get(jobs, { namespace, name: jobNameAt(cronJob, at) }, { signal });
      return isControlledBy(found, cronJob) ? found : undefined;
    }
    if (!isNamespaceTerminating(error)) {
      events.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${errorMessage(error)}`);
    }
    throw error;
  }
}

function jobFromTemplate(cronJob: CronJob, at: number): New<Job> {
  const { jobTemplate, timeZone = 'UTC' } = cronJob.spec;
  const { labels, annotations } = jobTemplate.metadata ?? {};
  return {
    metadata: {
      name: jobNameAt(cronJob, at),
      namespace: cronJob.metadata.namespace,
      ...(labels ? { labels } : {}),
      annotations: { ...annotations, [SCHEDULED_TIMESTAMP]: zonedTimeText(at, timeZone) },
      ownerReferences: [newControllerRef(cronJob, cronJobs)],
    },
    spec: jobTemplate.spec ?? { template: {} },
  };
}

async function deleteJob(
  cronJob: CronJob,
  { namespace, name }: Job['metadata'],
  { client, events, signal }: ControllerContext,
): Promise<boolean> {
  try {
    await client.delete(jobs, { namespace, name }, { propagationPolicy: 'Background', signal });
  } catch (error) {
    events.event(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${errorMessage(error)}`);
    return false;
  }
  events.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`);
  return true;
}

/** Those that are really not there: the cache may be behind. */
async function missingJobs(
  references: readonly ObjectReference[],
  { client, signal }: ControllerContext,
): Promise<readonly ObjectReference[]> {
  const missing: ObjectReference[] = [];
  for (const reference of references) {
    try {
      await client.get(jobs, keyOf(reference), { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      missing.push(reference);
    }
  }
  return missing;
}

/** A new schedule is first looked at when it first comes true. */
function scheduleChangeDelayMs(old: CronJob, cronJob: CronJob, now: number): number {
  const { schedule, timeZone } = cronJob.spec;
  if (old.spec.schedule === schedule && old.spec.timeZone === timeZone) return 0;
  return nextDueMs(cronJob, parseCronSchedule(schedule), now);
}

function tell(cronJob: CronJob, told: readonly Told[], { events }: ControllerContext): void {
  for (const { type, reason, message } of told) events.event(cronJob, type, reason, message);
}

function keyOf({ namespace, name }: ObjectReference): ObjectKey {
  return { ...(namespace ? { namespace } : {}), name: name ?? '' };
}

function without(active: readonly ObjectReference[], uid: string): readonly ObjectReference[] {
  return active.filter((reference) => reference.uid !== uid);
}
