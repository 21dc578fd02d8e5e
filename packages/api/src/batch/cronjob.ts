import { defineResource } from '../define-resource.ts';
import type { CronJob } from '../gen/batch-v1.gen.ts';

export const cronJobs = defineResource<CronJob>('batch/v1', 'cronjobs');
