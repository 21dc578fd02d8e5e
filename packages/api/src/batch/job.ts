import { defineResource } from '../define-resource.ts';
import type { Job } from '../gen/batch-v1.gen.ts';

export const jobs = defineResource<Job>('batch/v1', 'jobs');
